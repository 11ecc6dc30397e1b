"""`apply`: a pass that is held to a plan.

It begins by planning again. Only where that comes to the same plan is anything written, so whatever moved meanwhile,
in the source, in the target or in the mapping, is met before the first write and not after it.
"""

import asyncio
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from connector.app.build import App, Wrapping, build, utc_now
from connector.app.planning import Scope, feeds_of, let_past, plan, read
from connector.audit import AuditEntry, AuditKind
from connector.config import Config
from connector.forecast import FilteredSource, Moved, Plan, moved, only
from connector.http import Runtime
from connector.model import JSON
from connector.operate import Request
from connector.store import Store, Tx, excerpts, undelivered
from connector.store.excerpts import Place
from connector.store.undelivered import Picked, Undelivered
from connector.telemetry import Telemetry


@dataclass(frozen=True, slots=True)
class Applied:
    """What came of a plan.

    `moved` is why nothing was written, `unknown` what could not be found out beforehand, which prevents it, too.
    `left` is what of the plan still waits, `failures` are sources that could not be read.
    """

    moved: tuple[Moved, ...] = ()
    unknown: tuple[str, ...] = ()
    outcomes: Counter[str] = field(default_factory=Counter)
    left: tuple[Undelivered, ...] = ()
    failures: tuple[str, ...] = ()


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
        async with self._app(store) as app:
            scope = Scope(self.planned.route, self.planned.rescan, self.planned.past_brakes)
            again = await plan(self.config, scope, real=store, now=self.now, runtime=self.runtime)
            differences = () if again.incomplete else tuple(moved(self.planned, again))
            await store.write(lambda tx: self._tell(tx, len(differences) + len(again.incomplete)))
            if differences or again.incomplete:
                return Applied(differences, again.incomplete)
            if self.stop.is_set():
                return Applied(unknown=("it was told to stop",))
            return await self._deliver(app)

    def _app(self, store: Store) -> AbstractAsyncContextManager[App]:
        chosen = {(item.key, item.content) for item in self.planned.items if item.carried}
        wrapping = Wrapping(source=lambda source: FilteredSource(source, only(chosen)))
        return build(
            self.config,
            self.emit,
            now=self.now,
            store=store,
            runtime=self.runtime,
            wrapping=wrapping,
            author=self.request.by,
        )

    async def _deliver(self, app: App) -> Applied:
        routes = Scope(self.planned.route).routes(self.config)
        failures = await read(app, feeds_of(app, routes), rescan=self.planned.rescan)
        places = [Place(item.route, item.key) for item in self.planned.items if item.carried]
        rows = await app.store.write(lambda tx: _made_ready(tx, places))
        if self.planned.past_brakes:
            await let_past(app, rows)
        done = asyncio.create_task(asyncio.sleep(0))
        await done
        async with asyncio.TaskGroup() as tasks:
            for deliverer in app.deliverers:
                deliverer.only = rows
                tasks.create_task(deliverer.finish(done, patience=self.patience, stop=self.stop))
        outcomes: Counter[str] = Counter()
        for deliverer in app.deliverers:
            outcomes.update(deliverer.outcomes)
        left = await app.store.read(lambda tx: _left(tx, places))
        return Applied(outcomes=outcomes, left=left, failures=tuple(failures))

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
