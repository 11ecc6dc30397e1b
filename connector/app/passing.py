"""`sync`: one pass, after which everything is delivered that can be."""

import asyncio
from collections import Counter
from collections.abc import Coroutine
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from connector.app.build import App
from connector.errors import ConnectorError, StateError
from connector.plan import Reason
from connector.poll import Sweep

# A record may be named by a second one and that by a third, but no mapping needs a long chain; the rest is left to the
# next pass.
_ROUNDS = 10


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

    Records that came into being thereby may be named by other records, which are then mapped again and delivered.

    Once `stop` is set nothing more is begun, neither a page nor a delivery.
    """
    sweeps: list[Sweep] = []
    failures: list[str] = []
    found = await app.remap()
    await _deliver(app, _read_all(app, sweeps, failures, rescan=rescan), patience, stop)
    for _ in range(_ROUNDS):
        anew = Counter[Reason]() if stop.is_set() else await app.remap()
        found.update(anew)
        if not (anew[Reason.CREATE] or anew[Reason.UPDATE]):
            break
        await _deliver(app, asyncio.sleep(0), patience, stop)
    reasons: Counter[str] = Counter()
    outcomes: Counter[str] = Counter()
    for decided in (found, *(sweep.reasons for sweep in sweeps)):
        reasons.update({str(reason): count for reason, count in decided.items()})
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


async def _deliver(
    app: App, reading: Coroutine[Any, Any, None], patience: timedelta, stop: asyncio.Event
) -> None:
    """Deliver while something is read, and what is then left."""
    async with asyncio.TaskGroup() as tasks:
        read = tasks.create_task(reading)
        stopping = tasks.create_task(_stopped(stop, read))
        delivering = [
            tasks.create_task(deliverer.finish(read, patience=patience, stop=stop))
            for deliverer in app.deliverers
        ]
        await asyncio.wait([read, *delivering])
        stopping.cancel()


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
