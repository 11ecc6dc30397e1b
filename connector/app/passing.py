"""`sync`: one pass, after which everything is delivered that can be."""

import asyncio
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta

from connector.app.build import App
from connector.errors import ConnectorError, StateError
from connector.poll import Sweep


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
