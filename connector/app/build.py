"""The composition root: builds every object, owns the clock, the random source and the clients.

Everything is built here once, from a configuration, and handed down; nothing below makes its own clock or client.
"""

import asyncio
import getpass
import os
import random
import secrets
import socket
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from connector.app.dependants import RecordReaders
from connector.app.offering import Offering, Watched
from connector.config import Config
from connector.deliver import Brakes, Deliverer
from connector.errors import ConfigError, StateError
from connector.http import Runtime
from connector.mapping import CompiledMapping
from connector.model import Source, Target
from connector.plan import Reason, RetryPolicy
from connector.poll import InForce, Poll, Route, Sweep
from connector.store import Store, undelivered
from connector.store.activations import Activation
from connector.telemetry import Telemetry

T = TypeVar("T")


def utc_now() -> datetime:
    """The system clock, aware."""
    return datetime.now(UTC)


def holder() -> str:
    """Who holds the state, for the person who is refused it."""
    return f"process {os.getpid()} on {socket.gethostname()}"


def system_user() -> str:
    """In whose name this process runs, as far as the system knows one."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container may run under a number that nobody has named
        return f"user {os.getuid()}"


def _as_it_is(built: T) -> T:
    return built


@dataclass(frozen=True, slots=True)
class Wrapping:
    """What is put around every source and target that is built; by default nothing."""

    source: Callable[[Source], Source] = _as_it_is
    target: Callable[[Target], Target] = _as_it_is


BARE = Wrapping()


@dataclass(slots=True)
class Feed:
    """One source's poll, its bells, and whether a sweep is under way. `again` rings for what is to be mapped again."""

    poll: Poll
    every: timedelta
    bell: asyncio.Event = field(default_factory=asyncio.Event)
    again: asyncio.Event = field(default_factory=asyncio.Event)
    sweeping: bool = False


@dataclass(slots=True)
class App:
    """Everything that runs, built once from a configuration."""

    store: Store
    feeds: list[Feed]
    deliverers: list[Deliverer]
    drain: timedelta
    now: Callable[[], datetime]
    emit: Telemetry
    offering: Offering | None = None

    async def sweep(self, feed: Feed, *, rescan: bool = False) -> Sweep:
        """Poll one source once, after a look at its routes' mapping files."""
        await self.look(feed)
        feed.sweeping = True
        try:
            return await feed.poll.once(rescan=rescan)
        finally:
            feed.sweeping = False
            self._wake()

    async def remap(self) -> Counter[Reason]:
        """Map again what waits for it, of every source; how often each decision was made."""
        reasons: Counter[Reason] = Counter()
        for feed in self.feeds:
            await self.look(feed)
            reasons.update(await feed.poll.remap())
        return reasons

    async def look(self, feed: Feed) -> None:
        """See which mappings are in force on a source's routes, after a look at the files."""
        feed.poll = replace(feed.poll, routes=await self._in_force(feed))
        if self.offering is not None and await self.offering.look(feed.poll.routes):
            feed.poll = replace(feed.poll, routes=await self._in_force(feed))
            feed.again.set()

    async def _in_force(self, feed: Feed) -> Sequence[Route]:
        return await self.store.read(lambda tx: feed.poll.in_force(tx, feed.poll.routes))

    def look_now(self) -> None:
        """Let the daemon look at once at whatever it looks at from time to time."""
        for feed in self.feeds:
            feed.bell.set()

    def _map_again(self) -> None:
        for feed in self.feeds:
            feed.again.set()

    def _wake(self) -> None:
        for deliverer in self.deliverers:
            deliverer.wake.set()


async def open_store(
    config: Config, *, now: Callable[[], datetime] = utc_now, readonly: bool = False, guest: bool = False
) -> Store:
    """The state that a configuration names; a `guest` writes beside the daemon that holds it."""
    return await Store.open(
        config.settings.state.url,
        now=now,
        salt=lambda: secrets.token_bytes(16),
        holder=holder(),
        readonly=readonly,
        guest=guest,
    )


@asynccontextmanager
async def build(
    config: Config,
    emit: Telemetry,
    *,
    now: Callable[[], datetime] = utc_now,
    store: Store | None = None,
    runtime: Runtime | None = None,
    wrapping: Wrapping = BARE,
    watching: bool = True,
    author: str = "",
) -> AsyncIterator[App]:
    """Build everything; close it again on the way out, clients first and the state last.

    `store` and `runtime` replace the configured state and the network; a given store is closed like our own. Without
    `watching` no mapping comes into force meanwhile; otherwise in the name of `author`, by default the system's user.
    """
    async with AsyncExitStack() as stack:
        store = store or await open_store(config, now=now)
        stack.push_async_callback(store.close)
        targets_of = {route.name: route.target for route in config.routes}
        await store.write(lambda tx: undelivered.retarget(tx, targets_of))
        runtime = runtime or Runtime(now=now)
        targets: dict[str, Target] = {
            settings.name: wrapping.target(settings.build(runtime=runtime))
            for settings in config.settings.targets
        }
        sources: dict[str, Source] = {
            settings.name: wrapping.source(settings.build(runtime)) for settings in config.settings.sources
        }
        for target in targets.values():
            stack.push_async_callback(target.close)
        for source in sources.values():
            stack.push_async_callback(source.close)
        app = App(store, [], [], config.settings.delivery.drain, now, emit)
        app.feeds.extend(_feeds(config, app, sources, targets))
        app.deliverers.extend(_deliverers(config, app, targets))
        app.offering = offering(config, app.store, emit, author or system_user()) if watching else None
        yield app


def _feeds(config: Config, app: App, sources: dict[str, Source], targets: dict[str, Target]) -> list[Feed]:
    feeds = []
    in_force = _mappings_in_force(config)
    for settings in config.settings.sources:
        routes = [
            Route(route.name, route.target, targets[route.target].catalogue, route.mapping)
            for route in config.routes
            if route.source == settings.name
        ]
        poll = Poll(
            sources[settings.name],
            routes,
            app.store,
            start=settings.start_at,
            now=app.now,
            emit=app.emit,
            history=config.settings.state.history,
            woken=app._wake,  # noqa: SLF001  # the app hands its own bell out
            in_force=in_force,
        )
        if routes:
            feeds.append(Feed(poll, settings.poll.every))
    return feeds


def _mappings_in_force(config: Config) -> InForce:
    recipes = {route.name: route.recipe for route in config.routes}

    def compiled(kept: Activation) -> CompiledMapping | None:
        recipe = recipes.get(kept.route)
        try:
            return recipe.from_sources(kept.sources, kept.vars) if recipe else None
        except ConfigError as error:  # of an earlier version of the program
            what = f"the mapping in force on route {kept.route} cannot be used any more: {error.problems[0]}"
            remedy = f"put another into force: xdr-connector mapping activate --route {kept.route}"
            raise StateError(what, remedy=remedy) from None

    in_force = InForce(compiled)
    for route in config.routes:
        in_force.know(route.name, route.mapping)
    return in_force


def offering(config: Config, store: Store, emit: Telemetry, author: str) -> Offering:
    """The mapping files of a configuration, watched for a state."""
    watched = [Watched.of(route, config.broken) for route in config.routes]
    return Offering(store, watched, config.settings.brakes, author, str(config.path), emit)


def _deliverers(config: Config, app: App, targets: dict[str, Target]) -> list[Deliverer]:
    settings, brakes = config.settings.delivery, config.settings.brakes
    policy = RetryPolicy(
        first=settings.retry_first / timedelta(seconds=1),
        most=settings.retry_most / timedelta(seconds=1),
        pause=settings.pause / timedelta(seconds=1),
        give_up_after=settings.give_up_after,
    )
    return [
        Deliverer(
            targets[target.name],
            app.store,
            policy,
            now=app.now,
            token=lambda: secrets.token_hex(8),
            spread=random.random,
            emit=app.emit,
            feeding=lambda: any(feed.sweeping for feed in app.feeds),
            workers=target.connections,
            alike=settings.equal_rejections,
            brakes=Brakes(brakes.creates_per_hour, brakes.closes_per_hour),
            readers=RecordReaders(lambda: [feed.poll for feed in app.feeds]),
            remap=app._map_again,  # noqa: SLF001  # as above
        )
        for target in config.settings.targets
    ]
