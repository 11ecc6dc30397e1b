"""`apply`: a pass that is held to a plan.

It begins by planning again. Only where that comes to the same plan is anything written, so whatever moved meanwhile,
in the source, in the target or in the mapping, is met before the first write and not after it.

The state learns what the plan is about, and what leads to nothing. The first incident that is neither is where the
source's position stays, for the next pass to go on from: nothing unread is ever behind it.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Collection
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from connector.app.build import App, Wrapping, build, utc_now
from connector.app.planning import Scope, feeds_of, foresee, let_past, read
from connector.audit import AuditEntry, AuditKind, Outcome
from connector.config import Config
from connector.forecast import FilteredSource, Item, Moved, Only, Plan, moved
from connector.forecast.pages import Content
from connector.http import Runtime
from connector.model import JSON, Event, EventKind
from connector.operate import Request
from connector.store import Store, Tx, excerpts, undelivered
from connector.store.excerpts import Place
from connector.store.undelivered import Picked, Undelivered
from connector.telemetry import Telemetry


@dataclass(frozen=True, slots=True)
class Applied:
    """What came of a plan.

    `moved` is why nothing was written, `unknown` what could not be found out beforehand, which prevents it, too.
    `delivered` are the items that were carried out, `outcomes` how many of them each outcome had: `created`, `updated`,
    or `kept`, where nothing had to be written. `left` is what of the plan still waits, `failures` are sources that
    could not be read.
    """

    moved: tuple[Moved, ...] = ()
    unknown: tuple[str, ...] = ()
    delivered: tuple[Item, ...] = ()
    outcomes: Counter[str] = field(default_factory=Counter)
    left: tuple[Undelivered, ...] = ()
    failures: tuple[str, ...] = ()


@dataclass(slots=True)
class _Hearing:
    """Hands events on, and keeps what became of which record: `created` or `updated`, by route and incident."""

    emit: Telemetry
    became: dict[tuple[str, str], str] = field(default_factory=dict)

    def __call__(self, event: Event) -> None:
        self.emit(event)
        if event.kind is EventKind.DELIVERED:  # a row with many notes is delivered more than once
            self.became.setdefault((event.route, event.incident), event.reason)

    def of(self, item: Item) -> str | None:
        """What became of an item's record; None if nothing was delivered."""
        outcome = self.became.get((item.route, str(item.key)))
        return "kept" if outcome == Outcome.UPDATED and not item.writes else outcome


@dataclass(frozen=True, slots=True)
class Applying:
    """A plan to carry out. `patience` is how long to wait for rows that have to be tried again."""

    config: Config
    planned: Plan
    request: Request
    emit: Telemetry
    patience: timedelta
    stop: asyncio.Event
    now: Callable[[], datetime] = utc_now
    runtime: Runtime | None = None

    async def run(self, store: Store) -> Applied:
        """Write what was planned, or nothing; the state is closed at the end."""
        contents: set[Content] = {(item.key, item.content) for item in self.planned.items}
        hearing = _Hearing(self.emit)
        async with self._app(store, contents, hearing) as app:
            scope = Scope(self.planned.route, self.planned.rescan, self.planned.past_brakes)
            found = await foresee(self.config, scope, real=store, now=self.now, runtime=self.runtime)
            again = found.plan
            differences = () if again.incomplete else tuple(moved(self.planned, again))
            await store.write(lambda tx: self._tell(tx, len(differences) + len(again.incomplete)))
            if differences or again.incomplete:
                return Applied(differences, again.incomplete)
            if self.stop.is_set():
                return Applied(unknown=("it was told to stop",))
            contents |= found.idle
            return await self._deliver(app, hearing)

    def _app(
        self, store: Store, contents: Collection[Content], emit: Telemetry
    ) -> AbstractAsyncContextManager[App]:
        """A connector that reads these contents of incidents and nothing else."""
        return build(
            self.config,
            emit,
            now=self.now,
            store=store,
            runtime=self.runtime,
            wrapping=Wrapping(source=lambda source: FilteredSource(source, Only(contents).through)),
            author=self.request.by,
        )

    async def _deliver(self, app: App, hearing: _Hearing) -> Applied:
        routes = Scope(self.planned.route).routes(self.config)
        failures = await read(app, feeds_of(app, routes), rescan=self.planned.rescan)
        carried = [item for item in self.planned.items if item.carried]
        places = [Place(item.route, item.key) for item in carried]
        rows = await app.store.write(lambda tx: _made_ready(tx, places))
        if self.planned.past_brakes:
            await let_past(app, rows)
        done = asyncio.create_task(asyncio.sleep(0))
        await done
        async with asyncio.TaskGroup() as tasks:
            for deliverer in app.deliverers:
                deliverer.only = rows
                tasks.create_task(deliverer.finish(done, patience=self.patience, stop=self.stop))
        left = await app.store.read(lambda tx: _left(tx, places))
        became = [(item, outcome) for item in carried if (outcome := hearing.of(item)) is not None]
        return Applied(
            delivered=tuple(item for item, _ in became),
            outcomes=Counter(outcome for _, outcome in became),
            left=left,
            failures=tuple(failures),
        )

    def _tell(self, tx: Tx, differences: int) -> None:
        data: dict[str, JSON] = {
            "action": "apply",
            "by": self.request.by,
            "why": self.request.why,
            "plan": self.planned.digest,
            "made": self.planned.made,
            "items": len(self.planned.items),
            "writes": self.planned.writes,
        }
        if self.planned.past_brakes:
            data["past_brakes"] = True
        if differences:
            data["refused"] = differences
        tx.audit(AuditEntry(AuditKind.OPERATOR, at=tx.now, route=self.planned.route or "", data=data))


def _made_ready(tx: Tx, places: list[Place]) -> list[int]:
    """See to it that what was planned can leave now; the ids of its rows."""
    excerpts.make_ready(tx, places)
    return [each.row.id for each in _left(tx, places) if each.row is not None]


def _left(tx: Tx, places: list[Place]) -> tuple[Undelivered, ...]:
    meant = set(places)
    found = undelivered.find(tx, Picked())
    return tuple(each for each in found if Place(each.route, each.key) in meant)
