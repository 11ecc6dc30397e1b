"""The composition root: builds every object, owns the clock, the random source and the clients, and drains them.

APScheduler is the bell, not the worker: its asyncio scheduler cancels running coroutines when it shuts down and
ends a job's exception as a log line, so a job here only rings an event. Our own tasks do the work in a task group,
and are stopped by us in order: no more polls, then no more claims, then the requests under way, within a bound.
"""

import asyncio
import os
import random
import secrets
import socket
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from connector.audit import AuditEntry, AuditKind
from connector.config import Config
from connector.deliver import Deliverer
from connector.errors import ConnectorError, StateError
from connector.http import Runtime
from connector.model import Event, EventKind, Source, Target
from connector.plan import RetryPolicy
from connector.poll import Poll, Route, Sweep
from connector.store import Store, heartbeats, undelivered
from connector.telemetry import Telemetry

HEARTBEAT = timedelta(seconds=15)


def utc_now() -> datetime:
    """The system clock, aware."""
    return datetime.now(UTC)


def holder() -> str:
    """Who holds the state, for the person who is refused it."""
    return f"process {os.getpid()} on {socket.gethostname()}"


@dataclass(slots=True)
class Feed:
    """One source's poll, its bell, and whether a sweep is under way."""

    poll: Poll
    every: timedelta
    bell: asyncio.Event = field(default_factory=asyncio.Event)
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

    async def sweep(self, feed: Feed, *, rescan: bool = False) -> Sweep:
        """Poll one source once."""
        feed.sweeping = True
        try:
            return await feed.poll.once(rescan=rescan)
        finally:
            feed.sweeping = False
            self._wake()

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
) -> AsyncIterator[App]:
    """Build everything; close it again on the way out, clients first and the state last.

    `store` and `runtime` replace the configured state and the network; a given store is closed like our own.
    """
    async with AsyncExitStack() as stack:
        store = store or await open_store(config, now=now)
        stack.push_async_callback(store.close)
        targets_of = {route.name: route.target for route in config.routes}
        await store.write(lambda tx: undelivered.retarget(tx, targets_of))
        runtime = runtime or Runtime(now=now)
        targets: dict[str, Target] = {
            settings.name: settings.build(runtime=runtime) for settings in config.settings.targets
        }
        sources: dict[str, Source] = {
            settings.name: settings.build(runtime) for settings in config.settings.sources
        }
        for target in targets.values():
            stack.push_async_callback(target.close)
        for source in sources.values():
            stack.push_async_callback(source.close)
        app = App(store, [], [], config.settings.delivery.drain, now, emit)
        app.feeds.extend(_feeds(config, app, sources, targets))
        app.deliverers.extend(_deliverers(config, app, targets))
        yield app


def _feeds(config: Config, app: App, sources: dict[str, Source], targets: dict[str, Target]) -> list[Feed]:
    feeds = []
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
        )
        if routes:
            feeds.append(Feed(poll, settings.poll.every))
    return feeds


def _deliverers(config: Config, app: App, targets: dict[str, Target]) -> list[Deliverer]:
    settings = config.settings.delivery
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
        )
        for target in config.settings.targets
    ]


@dataclass(frozen=True, slots=True)
class Synced:
    """What a `sync` came to: sweeps, outcomes by name, and what is left per target."""

    read: int
    fresh: int
    reasons: Counter[str]
    outcomes: Counter[str]
    left: dict[str, int]
    failures: tuple[str, ...]


async def sync(app: App, *, rescan: bool, patience: timedelta, stop: asyncio.Event) -> Synced:
    """Poll every source once and deliver until nothing is due, waiting at most `patience` for delayed rows.

    Once `stop` is set nothing more is begun, neither a page nor a delivery.
    """
    sweeps: list[Sweep] = []
    failures: list[str] = []
    async with asyncio.TaskGroup() as tasks:
        reading = tasks.create_task(_read_all(app, sweeps, failures, rescan=rescan))
        stopping = tasks.create_task(_stopped(stop, reading))
        delivering = [
            tasks.create_task(deliverer.finish(reading, patience=patience, stop=stop))
            for deliverer in app.deliverers
        ]
        await asyncio.wait([reading, *delivering])
        stopping.cancel()
    reasons: Counter[str] = Counter()
    outcomes: Counter[str] = Counter()
    for sweep in sweeps:
        reasons.update({str(reason): count for reason, count in sweep.reasons.items()})
    for deliverer in app.deliverers:
        outcomes.update(deliverer.outcomes)
    return Synced(
        read=sum(sweep.read for sweep in sweeps),
        fresh=sum(sweep.fresh for sweep in sweeps),
        reasons=reasons,
        outcomes=outcomes,
        left={deliverer.target.name: await deliverer.left() for deliverer in app.deliverers},
        failures=tuple(failures),
    )


async def _read_all(app: App, sweeps: list[Sweep], failures: list[str], *, rescan: bool) -> None:
    for feed in app.feeds:
        try:
            sweeps.append(await app.sweep(feed, rescan=rescan))
        except StateError:
            raise
        except ConnectorError as error:
            failures.append(f"source {feed.poll.source.name}: {error}")


async def _stopped(stop: asyncio.Event, reading: asyncio.Task[None]) -> None:
    await stop.wait()
    reading.cancel()


async def run(app: App, stop: asyncio.Event) -> None:
    """Poll and deliver until `stop` is set, then drain within the configured bound.

    A background task that dies ends the program: a daemon that limps on without its deliverer looks healthy.
    """
    scheduler = AsyncIOScheduler(timezone=UTC)
    for feed in app.feeds:
        # misfire_grace_time's default of one second would skip a run after any short stall of the loop.
        scheduler.add_job(
            feed.bell.set,
            "interval",
            seconds=feed.every / timedelta(seconds=1),
            coalesce=True,
            max_instances=1,
            misfire_grace_time=None,
        )
        feed.bell.set()
    await _announce(app, AuditKind.STARTED, EventKind.STARTED)
    scheduler.start()
    try:
        await _work(app, stop)
    finally:
        scheduler.shutdown(wait=False)
    await _announce(app, AuditKind.STOPPED, EventKind.STOPPED)


async def _work(app: App, stop: asyncio.Event) -> None:
    async with asyncio.TaskGroup() as tasks:
        readers = [tasks.create_task(_follow(app, feed, stop)) for feed in app.feeds]
        writers = [tasks.create_task(deliverer.run(stop)) for deliverer in app.deliverers]
        beat = tasks.create_task(_beat(app, stop))
        await stop.wait()
        for reader in readers:
            reader.cancel()
        _, late = await asyncio.wait([*writers, beat], timeout=app.drain / timedelta(seconds=1))
        for task in late:
            task.cancel()


async def _follow(app: App, feed: Feed, stop: asyncio.Event) -> None:
    """Poll each time the bell rings. A failing source is reported and tried at the next ring."""
    while not stop.is_set():
        await feed.bell.wait()
        feed.bell.clear()
        try:
            await app.sweep(feed)
        except StateError:
            raise
        except ConnectorError:
            continue  # audited and reported by the poll
        except Exception as error:  # noqa: BLE001  # the one place: a bug met in one source must not stop the others
            app.emit(Event(EventKind.UNEXPECTED, feed.poll.source.name, reason=repr(error)))


async def _beat(app: App, stop: asyncio.Event) -> None:
    """Leave a sign of life in the state, for `status` and the container's health check."""
    while True:
        await app.store.write(lambda tx: heartbeats.beat(tx, "daemon", tx.now, {"holder": holder()}))
        try:
            await asyncio.wait_for(stop.wait(), HEARTBEAT / timedelta(seconds=1))
        except TimeoutError:
            continue
        return


async def _announce(app: App, kind: AuditKind, event: EventKind) -> None:
    await app.store.write(lambda tx: tx.audit(AuditEntry(kind, at=tx.now, data={"holder": holder()})))
    app.emit(Event(event))
