"""What `plan` foretells is what `apply` does: requests are compared in the mocks' own log."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from connector.app import Applied, Applying, Scope, open_store
from connector.app import plan as make_plan
from connector.errors import NoStateError
from connector.forecast import Plan
from connector.http import Runtime
from connector.mocks.kernel import Exchange
from connector.mocks.scenario import read_journeys
from connector.mocks.world import WorldSettings
from connector.operate import Request
from connector.telemetry import null
from tests.support.inprocess import Fate, Lab, Wires, lab, sync

TARGETS = ("sentinel", "servicenow")
VOLATILE = {"etag", "correlation_display"}
EVERYTHING = Scope()
WHO = Request("kim", "a test")
Said = tuple[str, str, Any]


def runtime(of: Lab, fate: Fate | None = None) -> Runtime:
    now = of.world.clock.now
    return Runtime(
        now=now, monotonic=lambda: now().timestamp(), chance=lambda: 0.5, transport=Wires(of, fate or Fate())
    )


async def planned(of: Lab, scope: Scope = EVERYTHING) -> Plan:
    """A plan made as the command makes it: beside whatever else uses the state."""
    try:
        store = await open_store(of.config, now=of.world.clock.now, readonly=True)
    except NoStateError:
        return await make_plan(of.config, scope, real=None, now=of.world.clock.now, runtime=runtime(of))
    try:
        return await make_plan(of.config, scope, real=store, now=of.world.clock.now, runtime=runtime(of))
    finally:
        await store.close()


async def applied(of: Lab, plan: Plan, fate: Fate | None = None) -> Applied:
    store = await open_store(of.config, now=of.world.clock.now)
    applying = Applying(
        of.config, plan, WHO, null, timedelta(), asyncio.Event(), of.world.clock.now, runtime(of, fate)
    )
    return await applying.run(store)


def mark(of: Lab) -> int:
    return max((entry.seq for entry in of.world.log.entries()), default=0)


def written(of: Lab, since: int) -> list[Exchange]:
    return list(of.world.log.entries(since=since, writes_only=True))


def said(entries: Sequence[Exchange]) -> dict[str, list[Said]]:
    """The writes by the record that they go to, in their order."""
    found: dict[str, list[Said]] = {}
    for entry in entries:
        body = {name: value for name, value in entry.request_body.items() if name not in VOLATILE}
        found.setdefault(record_of(entry.path, body), []).append((entry.method, entry.path, body))
    return found


def foretold(plan: Plan) -> dict[str, list[Said]]:
    found: dict[str, list[Said]] = {}
    for item in plan.items:
        for write in item.writes:
            found.setdefault(record_of(write.path, write.body), []).append(
                (write.method, write.path, write.body)
            )
    return found


def record_of(path: str, body: Any) -> str:
    if path.endswith("/incident"):
        return str(body["sys_id"])
    return path.partition("/comments/")[0].rpartition("/")[2]


async def foretells(of: Lab, scope: Scope = EVERYTHING) -> Plan:
    """Make a plan and carry it out; it was true, and afterwards there is nothing more to do."""
    before = mark(of)
    plan = await planned(of, scope)
    assert written(of, before) == []
    assert plan.incomplete == ()
    since = mark(of)
    done = await applied(of, plan)
    assert (done.moved, done.unknown, done.left, done.failures) == ((), (), (), ())
    assert said(written(of, since)) == foretold(plan)
    again = await planned(of, scope)
    assert (again.writes, again.incomplete) == (0, ())
    return plan


@pytest.mark.parametrize("journey", [each.name for each in read_journeys()])
async def test_every_step_of_a_journey_is_foretold(tmp_path: Path, journey: str) -> None:
    of = lab(tmp_path, WorldSettings(scenario=journey))
    total = 0
    while True:
        total += (await foretells(of)).writes
        of.advance(timedelta(minutes=1))
        if not of.world.player.advance():
            break
    assert total > 0
    since = mark(of)
    async with of.process() as app:
        await sync(app)  # reads again what the plans did not move past
    assert written(of, since) == []
