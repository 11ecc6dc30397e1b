"""Plans made and carried out in a lab, and compared with what the mocks' log says was written."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from connector.app import Applied, Applying, Scope, open_store
from connector.app import plan as make_plan
from connector.errors import NoStateError
from connector.forecast import Item, Plan
from connector.mocks.graph.portal import Portal
from connector.mocks.kernel import Exchange
from connector.model import Revision
from connector.operate import Request
from connector.store import positions
from connector.telemetry import null
from tests.support.inprocess import Fate, Lab, sync

VOLATILE = {"etag", "correlation_display"}
EVERYTHING = Scope()
KIM = Request("kim", "CHG0030044")
Said = tuple[str, str, Any]


@dataclass
class Planner:
    """A lab in which plans are made."""

    lab: Lab

    @property
    def portal(self) -> Portal:
        """Where people change incidents."""
        return self.lab.world.graph.portal

    async def sync(self, *, rescan: bool = False) -> None:
        """One pass that waits for nothing."""
        async with self.lab.process() as app:
            await sync(app, rescan=rescan)

    async def read_up_to(self) -> Revision:
        """How far the source was read, as the state has it."""
        async with self.lab.process() as app:
            (source,) = await app.store.read(positions.every)
        return source.position.revision

    async def plan(self, scope: Scope = EVERYTHING) -> Plan:
        """A plan as the command makes it, beside whoever holds the state; nothing is written by it."""
        before, now = self.mark(), self.lab.world.clock.now
        runtime = self.lab.runtime(Fate())
        try:
            store = await open_store(self.lab.config, now=now, readonly=True)
        except NoStateError:
            plan = await make_plan(self.lab.config, scope, real=None, now=now, runtime=runtime)
        else:
            plan = await make_plan(self.lab.config, scope, real=store, now=now, runtime=runtime)
            await store.close()
        assert self.written(before) == []
        return plan

    async def apply(self, plan: Plan, fate: Fate | None = None) -> Applied:
        """What comes of a plan, in a process of its own."""
        fate = fate or Fate()
        applying = Applying(
            self.lab.config,
            plan,
            KIM,
            null,
            timedelta(),
            asyncio.Event(),
            self.lab.world.clock.now,
            self.lab.runtime(fate),
        )
        return await applying.run(await self.lab.state(fate))

    async def comes_true(self, scope: Scope = EVERYTHING) -> Plan:
        """Make a plan and carry it out: it was true, and there is nothing more to do."""
        plan = await self.plan(scope)
        assert plan.incomplete == ()
        since = self.mark()
        done = await self.apply(plan)
        assert (done.moved, done.unknown, done.left, done.failures) == ((), (), (), ())
        assert said(self.written(since)) == foretold(plan)
        again = await self.plan(scope)
        assert (again.writes, again.incomplete) == (0, ())
        return plan

    def mark(self) -> int:
        """The number of the newest log entry."""
        return max((entry.seq for entry in self.lab.world.log.entries()), default=0)

    def written(self, since: int) -> list[Exchange]:
        return list(self.lab.world.log.entries(since=since, writes_only=True))


def said(entries: Iterable[Exchange]) -> dict[str, list[Said]]:
    """The writes to each record, in their order."""
    found: dict[str, list[Said]] = {}
    for entry in entries:
        body = {name: value for name, value in entry.request_body.items() if name not in VOLATILE}
        found.setdefault(_record(entry.path, body), []).append((entry.method, entry.path, body))
    return found


def foretold(plan: Plan) -> dict[str, list[Said]]:
    """The same of a plan."""
    found: dict[str, list[Said]] = {}
    for write in (write for item in plan.items for write in item.writes):
        lines = found.setdefault(_record(write.path, write.body), [])
        lines.append((write.method, write.path, write.body))
    return found


def of_target(plan: Plan, target: str) -> Item:
    """The one item of a target."""
    (item,) = (item for item in plan.items if item.target == target)
    return item


def _record(path: str, body: Any) -> str:
    if path.endswith("/incident"):
        return str(body["sys_id"])
    return path.partition("/comments/")[0].rpartition("/")[2]
