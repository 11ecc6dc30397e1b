"""The whole connector and its mocks on one thread, with the clock in the test's hand, so that it can die anywhere.

Every durable step is counted: a request before it is sent and after the service handled it, a transaction before
and after its commit. At the step that a test names the process freezes; everything in memory is then thrown away,
and a new one finds nothing but the state's file. The store works without its thread here: two undisturbed runs
take the same steps in the same order, so a step's number means the same in the next run.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

import httpx
from sqlalchemy import make_url

from connector import app as composition
from connector.app import App, Synced
from connector.audit import SealedRow, Verification
from connector.cli.mock_folder import write_config
from connector.config import Config, load
from connector.config.load import Route, read_document
from connector.config.settings import ConfigFile
from connector.http import Runtime
from connector.http.paths import FOLDER
from connector.mocks.entra import GRAPH, MANAGEMENT
from connector.mocks.server import Addresses
from connector.mocks.world import World, WorldSettings
from connector.store import Store, Tx, audits, migrate, wanted
from connector.store.opening import engine_for, place_of
from connector.telemetry import null
from connector.yamlsource import validate
from tests.support.tasks import give_tasks

T = TypeVar("T")

URLS = {
    name: f"http://127.0.0.1:{port}"
    for port, name in enumerate(("xdr", "entra", "sentinel", "servicenow", "control"), 9001)
}
SERVICENOW_PORT = httpx.URL(URLS["servicenow"]).port
BEGINNING = datetime(2026, 1, 31, 10, tzinfo=UTC)
NO_PATIENCE = timedelta()
NO_JOURNEYS = Path(
    __file__
).parent  # a folder without any; reading the shipped ones takes longer than a story here
LATER = timedelta(minutes=15)  # longer than any lease, delay and pause


class KilledError(Exception):
    """Ends a transaction before its commit."""


@dataclass
class Fate:
    """Counts durable steps, and freezes the process at step number `at`, the first being 1; 0: never."""

    at: int = 0
    steps: list[str] = field(default_factory=list)
    dead: asyncio.Event = field(default_factory=asyncio.Event)

    def falls(self, step: str) -> bool:
        """Count a step; whether it is the last."""
        self.steps.append(step)
        return len(self.steps) == self.at

    async def passes(self, step: str) -> None:
        """Go on, or never again."""
        if self.dead.is_set() or self.falls(step):
            await self.end()

    async def end(self) -> None:
        self.dead.set()
        await asyncio.Event().wait()


class MortalStore(Store):
    """A store whose transactions are durable steps, run at once on the caller's thread."""

    fate: Fate

    async def write(self, work: Callable[[Tx], T]) -> T:
        if self.fate.dead.is_set():
            await self.fate.end()
        if self.fate.falls("commit"):
            await self._die_before_commit(work)
        result = await super().write(work)
        await self.fate.passes("committed")
        return result

    async def _die_before_commit(self, work: Callable[[Tx], T]) -> None:
        def cut(tx: Tx) -> None:
            work(tx)
            raise KilledError

        with suppress(KilledError):
            await super().write(cut)
        await self.fate.end()

    async def _submit(self, work: Callable[[], T]) -> T:
        return work()

    async def close(self) -> None:
        self._engine.dispose()
        await super().close()


class Wires(httpx.AsyncBaseTransport):
    """The network between the connector and the mocks; each request is two durable steps."""

    def __init__(self, lab: "Lab", fate: Fate) -> None:
        world = lab.world
        apps = {str(httpx.URL(URLS[name]).port): app for name, app in world.apps.items()}
        self._inner = {port: httpx.ASGITransport(app) for port, app in apps.items()}
        self._fate = fate
        self._lab = lab

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        what = f"{request.method} {request.url.path}"
        await self._fate.passes(f"send {what}")
        response = await self._inner[str(request.url.port)].handle_async_request(request)
        if request.url.port == SERVICENOW_PORT and request.method != "GET":
            meanwhile, self._lab.meanwhile = self._lab.meanwhile, None
            if meanwhile is not None:
                await meanwhile()
        await self._fate.passes(f"answered {what}")
        return response


@dataclass
class Lab:
    """Mocks, a configuration for them, and processes of the connector that share only the state.

    `meanwhile` is done once, before the answer to the next write to ServiceNow arrives.
    """

    world: World
    config: Config
    meanwhile: Callable[[], Awaitable[None]] | None = None

    @asynccontextmanager
    async def process(self, fate: Fate | None = None) -> AsyncIterator[App]:
        """A connector, from its start to its end."""
        fate = fate or Fate()
        store, runtime = await self.state(fate), self.runtime(fate)
        now = self.world.clock.now
        async with composition.build(self.config, null, now=now, store=store, runtime=runtime) as app:
            yield app

    async def state(self, fate: Fate) -> MortalStore:
        """The state, taken by a process of that fate."""
        url, now = self.config.settings.state.url, self.world.clock.now
        lay_down(Path(str(make_url(url).database)))
        store = await MortalStore.open(url, now=now, salt=lambda: b"0123456789abcdef", holder="test")
        store.fate = fate
        return store

    def runtime(self, fate: Fate) -> Runtime:
        """What a process of that fate talks through."""
        now = self.world.clock.now
        return Runtime(
            now=now,
            monotonic=lambda: now().timestamp(),
            sleep=self._sleep,
            chance=lambda: 0.5,
            transport=Wires(self, fate),
        )

    async def live(self, fate: Fate, work: Callable[[App], Awaitable[T]]) -> T | None:
        """What `work` returns in a new process; None when it died first, which may be while it started."""

        async def life() -> T:
            async with self.process(fate) as app:
                return await work(app)

        return await until_death(life(), fate)

    async def _sleep(self, seconds: float) -> None:
        self.advance(timedelta(seconds=seconds))
        await asyncio.sleep(0)

    def advance(self, by: timedelta) -> None:
        """Let time pass."""
        self.world.clock.advance(by)

    async def settle(self, app: App, *, rescan: bool = False, passes: int = 20) -> list[Synced]:
        """Sync, letting time pass between, until nothing is left that waits; parked rows may stay."""
        done = [await sync(app, rescan=rescan)]
        while len(done) < passes and (done[-1].failures or await waiting(app)):
            self.advance(LATER)
            done.append(await sync(app))
        return done

    def afresh(self) -> "Lab":
        """The same configuration with new mocks and without a state."""
        path = Path(str(make_url(self.config.settings.state.url).database))
        for file in path.parent.glob(f"{path.name}*"):
            file.unlink()
        return Lab(new_world(self.world.settings), self.config)

    async def rows(self, app: App) -> list[SealedRow]:
        """The whole audit, oldest first."""
        return await app.store.read(lambda tx: audits.read(tx, limit=None, newest_first=False))

    async def verified(self, app: App) -> Verification:
        return await app.store.read(audits.verify)


@cache
def empty_state() -> bytes:
    """A state's file to which nothing has been written: a copy takes a fraction of the time that making it takes."""
    with TemporaryDirectory() as folder:
        path = Path(folder, "state.db")
        path.touch()
        engine = engine_for(place_of(f"sqlite:///{path}"), readonly=False)
        with engine.begin() as connection:
            migrate.upgrade(connection, str(path))
        engine.dispose()
        return path.read_bytes()


def lay_down(path: Path) -> None:
    """Put an empty state where there is none."""
    if not path.exists():
        path.write_bytes(empty_state())


async def sync(app: App, *, rescan: bool = False) -> Synced:
    """One pass that waits for nothing."""
    return await composition.sync(app, rescan=rescan, patience=NO_PATIENCE, stop=asyncio.Event())


async def waiting(app: App) -> int:
    """How many rows are still to be delivered, parked ones not counted."""
    return await app.store.read(lambda tx: sum(each.waiting for each in wanted.backlogs(tx).values()))


async def until_death(work: Coroutine[Any, Any, T], fate: Fate) -> T | None:
    """The result of `work`; None when the process died at it. Nothing of it is left running."""
    task, death = asyncio.create_task(work), asyncio.create_task(fate.dead.wait())
    await asyncio.wait({task, death}, return_when=asyncio.FIRST_COMPLETED)
    finished = task.done() and not fate.dead.is_set()
    leftover = asyncio.all_tasks() - {asyncio.current_task()}
    for each in leftover - {task} if finished else leftover:
        each.cancel()
    await asyncio.gather(*leftover, return_exceptions=True)
    return task.result() if finished else None


def new_world(settings: WorldSettings | None = None) -> World:
    """Mocks that begin at a fixed time, known by the addresses that the configuration names."""
    given = settings or WorldSettings()
    world = World(
        replace(
            given,
            frozen_at=BEGINNING,
            client_secret="false-secret",
            password="false-password",
            journeys=given.journeys if given.scenario else NO_JOURNEYS,
        )
    )
    world.entra.know(URLS["xdr"], GRAPH)
    world.entra.know(URLS["sentinel"], MANAGEMENT)
    return world


def lab(folder: Path, settings: WorldSettings | None = None, *, tasks: bool = False) -> Lab:
    """New mocks, and a configuration with its state in `folder`; with `tasks`, its mappings ask for some."""
    world = new_world(settings)
    path = write_config(Addresses(URLS, world).as_json(), folder)
    return Lab(world, load(give_tasks(path)) if tasks else loaded(path))


def loaded(path: Path) -> Config:
    """A lab's configuration as it was written; the mappings, which take the longest, are the same for all labs."""
    return Config(path, validate(read_document(path), ConfigFile, {FOLDER: path.parent}), shipped_routes())


@cache
def shipped_routes() -> tuple[Route, ...]:
    """The routes of a lab's configuration, with the shipped mappings."""
    with TemporaryDirectory() as folder:
        return load(write_config(Addresses(URLS, new_world()).as_json(), Path(folder))).routes
