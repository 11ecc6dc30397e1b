"""`run`: poll and deliver until told to stop, then drain.

APScheduler is the bell, not the worker: its asyncio scheduler cancels running coroutines when it shuts down and
ends a job's exception as a log line, so a job here only rings an event. Our own tasks do the work in a task group,
and are stopped by us in order: no more polls, then no more claims, then the requests under way, within a bound.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, timedelta
from functools import partial

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from connector.app.build import App, Feed, holder
from connector.audit import AuditEntry, AuditKind
from connector.errors import ConnectorError, StateError, TransientError
from connector.model import Event, EventKind
from connector.store import heartbeats

HEARTBEAT = timedelta(seconds=15)
_AGAIN = 2.0  # seconds until work is begun again that could not go on without the state


async def run(app: App, stop: asyncio.Event) -> None:
    """Poll and deliver until `stop` is set, then drain within the configured bound.

    A background task that dies ends the program: a daemon that limps on without its deliverer looks healthy. A state
    that is away for a moment is waited for.
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
        feed.again.set()
    await _announce(app, AuditKind.STARTED, EventKind.STARTED)
    scheduler.start()
    try:
        await _work(app, stop)
    finally:
        scheduler.shutdown(wait=False)
    await _announce(app, AuditKind.STOPPED, EventKind.STOPPED)


async def _work(app: App, stop: asyncio.Event) -> None:
    async with asyncio.TaskGroup() as tasks:
        readers = [
            tasks.create_task(task(app, feed, stop)) for feed in app.feeds for task in (_follow, _follow_up)
        ]
        writers = [
            tasks.create_task(_steadily(app, deliverer.target.name, partial(deliverer.run, stop), stop))
            for deliverer in app.deliverers
        ]
        beat = tasks.create_task(_steadily(app, "daemon", partial(_beat, app, stop), stop))
        await stop.wait()
        for reader in readers:
            reader.cancel()
        _, late = await asyncio.wait([*writers, beat], timeout=app.drain / timedelta(seconds=1))
        for task in late:
            task.cancel()


async def _steadily(app: App, subject: str, work: Callable[[], Awaitable[None]], stop: asyncio.Event) -> None:
    """Do work to its end; begin it anew when the state was away: a server restarts, another program locks a file."""
    while not stop.is_set():
        try:
            await work()
        except TransientError as error:
            app.emit(Event(EventKind.UNEXPECTED, subject, reason=str(error)))
            await _pause(stop, _AGAIN)
        else:
            return


async def _pause(stop: asyncio.Event, seconds: float) -> None:
    with suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), seconds)


async def _follow(app: App, feed: Feed, stop: asyncio.Event) -> None:
    """Poll each time the bell rings. A failing source is reported and tried at the next ring."""
    while not stop.is_set():
        await feed.bell.wait()
        feed.bell.clear()
        feed.again.set()  # an operator, or a process that died, may have left something
        try:
            await app.sweep(feed)
        except StateError:
            raise
        except ConnectorError:
            continue  # audited and reported by the poll
        except Exception as error:  # noqa: BLE001  # the one place: a bug met in one source must not stop the others
            app.emit(Event(EventKind.UNEXPECTED, feed.poll.source.name, reason=repr(error)))


async def _follow_up(app: App, feed: Feed, stop: asyncio.Event) -> None:
    """Map again what is stored, each time something that mappings look at has changed."""
    while not stop.is_set():
        await feed.again.wait()
        feed.again.clear()
        try:
            await feed.poll.remap()
        except StateError:
            raise
        except Exception as error:  # noqa: BLE001  # as above; what was not done is tried again after the next poll
            app.emit(Event(EventKind.UNEXPECTED, feed.poll.source.name, reason=repr(error)))


async def _beat(app: App, stop: asyncio.Event) -> None:
    """Leave a sign of life in the state, for `status` and the container's health check."""
    while not stop.is_set():
        await app.store.write(lambda tx: heartbeats.beat(tx, "daemon", tx.now, {"holder": holder()}))
        await _pause(stop, HEARTBEAT / timedelta(seconds=1))


async def _announce(app: App, kind: AuditKind, event: EventKind) -> None:
    await app.store.write(lambda tx: tx.audit(AuditEntry(kind, at=tx.now, data={"holder": holder()})))
    app.emit(Event(event))
