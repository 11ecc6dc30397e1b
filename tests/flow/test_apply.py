"""`apply` writes a plan or nothing: what moved since, what was edited, who else holds the state, and sudden death."""

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from connector import operate
from connector.audit import AuditKind
from connector.cli.plan_text import summary
from connector.errors import ConfigError, StateError
from connector.forecast import Plan, read_plan, write_plan
from connector.model import Revision
from connector.store import Tx
from connector.store.undelivered import Picked
from tests.support import agreement, endstate
from tests.support.inprocess import LATER, Fate, lab, until_death
from tests.support.planning import KIM, Planner, foretold, said

Change = Callable[[Planner], Any]


@pytest.fixture
async def begun(tmp_path: Path) -> Planner:
    """Two incidents that both targets hold, and of one of them a change that nobody has read."""
    planner = Planner(lab(tmp_path))
    planner.portal.create({"displayName": "Phish", "severity": "high"})
    planner.portal.create({"displayName": "Scan", "severity": "low"})
    await planner.sync()
    planner.lab.advance(LATER)
    planner.portal.set("1", {"status": "inProgress"}, "Kim")
    planner.portal.comment("1", "Who opened the mail?", "Kim")
    return planner


async def changes_the_incident(planner: Planner) -> None:
    planner.lab.advance(timedelta(seconds=1))
    planner.portal.set("1", {"displayName": "Phish, twice"}, "Kim")


async def edits_the_ticket(planner: Planner) -> None:
    row = planner.lab.world.servicenow.contents()["incident"][0]
    planner.lab.world.servicenow.edit("incident", row["sys_id"], {"category": "network"})


async def edits_the_incident_in_sentinel(planner: Planner) -> None:
    incident = planner.lab.world.sentinel.contents()["incidents"][0]
    planner.lab.world.sentinel.edit(incident["name"], {"title": "by hand"})


async def changes_a_mapping(planner: Planner) -> None:
    config = planner.lab.config
    route = config.routes[0]
    mapping = replace(route.mapping, hash="f" * 64)
    planner.lab.config = replace(config, routes=(replace(route, mapping=mapping), *config.routes[1:]))


async def delivers(planner: Planner) -> None:
    await planner.sync()


async def discards(planner: Planner) -> None:
    """Let the incident be read and its rows be given up."""
    for mock in ("sentinel", "servicenow"):
        fault = {
            "mock": mock,
            "operation": "write",
            "times": None,
            "fault": {"kind": "status", "status": 503},
        }
        planner.lab.world.faults.add(fault)
    await planner.sync()
    planner.lab.world.faults.clear()
    async with planner.lab.process() as app:
        await app.store.write(_discard)


def _discard(tx: Tx) -> None:
    operate.discard(tx, Picked("1"), KIM)


async def lets_another_wait(planner: Planner) -> None:
    planner.portal.set("2", {"status": "inProgress"}, "Kim")
    for mock in ("sentinel", "servicenow"):
        fault = {
            "mock": mock,
            "operation": "write",
            "times": None,
            "fault": {"kind": "status", "status": 503},
        }
        planner.lab.world.faults.add(fault)
    await planner.sync()
    planner.lab.world.faults.clear()


@pytest.mark.parametrize(
    ("change", "sides", "words"),
    [
        (changes_the_incident, {"source"}, "incident 1 on contoso-sentinel: source: revision"),
        (edits_the_ticket, {"target"}, "incident 1 on contoso-servicenow: target: INC"),
        (edits_the_incident_in_sentinel, {"target"}, "incident 1 on contoso-sentinel: target: 1 was"),
        (changes_a_mapping, {"mapping"}, "contoso-sentinel: mapping: changed"),
        (delivers, {"state"}, "incident 1 on contoso-sentinel: state: nothing is left to write"),
        (discards, {"state"}, "incident 1 on contoso-sentinel: state: nothing is left to write"),
        (lets_another_wait, {"state"}, "incident 2 on contoso-sentinel: state: it is due"),
    ],
    ids=lambda given: given.__name__ if callable(given) else None,
)
async def test_plan_is_refused_when_something_moved(
    begun: Planner, change: Change, sides: set[str], words: str
) -> None:
    plan = await begun.plan()
    await change(begun)
    since = begun.mark()
    done = await begun.apply(plan)
    assert begun.written(since) == []
    assert sides <= {each.side for each in done.moved}
    assert any(str(each).startswith(words) for each in done.moved), [str(each) for each in done.moved]
    await begun.comes_true()


async def test_plan_for_another_far_side_is_refused(begun: Planner) -> None:
    plan = await begun.plan()
    elsewhere = plan.model_copy(
        update={"targets": {**plan.targets, "sentinel": "sentinel:another/workspace"}}
    )
    done = await begun.apply(elsewhere)
    assert [(each.side, each.route) for each in done.moved] == [("target", "sentinel")]


async def test_what_is_new_in_the_source_waits_for_the_next_pass(begun: Planner) -> None:
    plan = await begun.plan()
    begun.lab.advance(LATER)
    begun.portal.create({"displayName": "New"})
    begun.portal.set("2", {"severity": "medium"}, "Kim")
    since = begun.mark()
    done = await begun.apply(plan)
    assert (done.moved, done.left) == ((), ())
    assert said(begun.written(since)) == foretold(plan)
    read, planned = await begun.read_up_to(), Revision.parse(plan.items[0].revision)
    assert planned.ticks < read.ticks < Revision.of(begun.lab.world.clock.now()).ticks
    begun.lab.advance(LATER)  # what is new is not found by the overlap alone
    begun.portal.create({"displayName": "Newest"})
    rest = await begun.comes_true()
    assert {item.incident for item in rest.items} == {"2", "3", "4"}


async def test_what_was_counted_is_what_was_planned(begun: Planner) -> None:
    """A state that was lost: most records are as they should be, and only the state learns of them."""
    await begun.sync()
    for file in begun.lab.config.path.parent.glob("state.db*"):
        file.unlink()
    plan = await begun.plan()
    kept = [item for item in plan.items if item.action == "keep"]
    assert kept
    done = await begun.apply(plan)
    assert done.outcomes == Counter(kept=len(kept), updated=len(plan.items) - len(kept))
    assert summary(done.delivered, done=True) == summary(plan.items).replace("to update", "updated")


async def test_what_was_done_and_what_was_refused_stands_in_the_audit(begun: Planner) -> None:
    plan = await begun.plan()
    await begun.apply(plan)
    await begun.apply(plan)
    async with begun.lab.process() as app:
        rows = [row.said()["data"] for row in await begun.lab.rows(app) if row.kind == AuditKind.OPERATOR]
        assert (await begun.lab.verified(app)).ok
    assert [row.pop("refused", 0) for row in rows] == [0, 2]
    assert (
        rows
        == [
            {
                "action": "apply",
                "by": "kim",
                "why": "CHG0030044",
                "plan": plan.digest,
                "made": plan.made,
                "items": 2,
                "writes": 3,
            }
        ]
        * 2
    )


async def test_state_that_is_held_is_not_written_to(begun: Planner) -> None:
    plan = await begun.plan()
    async with begun.lab.process():
        with pytest.raises(StateError, match="is in use by test"):
            await begun.apply(plan)


def test_file_says_all_of_a_plan_and_is_closed_to_others(tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    path.write_text('{"format": "xdr-connector plan"}')
    path.chmod(0o644)
    plan = Plan(made="2026-01-31T10:00:00.000000Z", mappings={"a": "b"}, targets={}, rescan=True)
    write_plan(plan, path)
    assert read_plan(path) == plan
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (lambda text: text.replace('"rescan": false', '"rescan": true'), "was changed after it was made"),
        (lambda text: text.replace("Phish", "Fish"), "was changed after it was made"),
        (lambda text: text.replace('"incomplete": []', '"incomplete": [], "more": 1'), "was changed after"),
        (lambda text: text.replace('"version": 1', '"version": 2', 1), "is a plan of version 2, not 1"),
        (lambda text: text.replace('"items"', '"item"', 1), "was changed after it was made"),
        (lambda text: text[:-20], "is not JSON"),
        (lambda text: "[" * 100_000, "is not JSON"),
        (lambda text: json.dumps({"version": 1}), "is not a plan"),
        (lambda text: "[]", "is not a plan"),
    ],
)
async def test_edited_file_is_refused(begun: Planner, edit: Callable[[str], str], words: str) -> None:
    path = begun.lab.config.path.with_name("plan.json")
    plan = await begun.plan()
    write_plan(plan, path)
    assert read_plan(path) == plan
    text = path.read_text(encoding="utf-8")
    assert edit(text) != text
    path.write_text(edit(text), encoding="utf-8")
    with pytest.raises(ConfigError, match=words):
        read_plan(path)


@pytest.mark.parametrize("name", ["config.yaml", "empty", "folder"])
def test_what_is_no_plan_is_not_overwritten(tmp_path: Path, name: str) -> None:
    (tmp_path / "config.yaml").write_text("version: 1")
    (tmp_path / "empty").touch()
    (tmp_path / "folder").mkdir()
    with pytest.raises(ConfigError, match=f"{name}: is there already, and is not a plan; name another file"):
        write_plan(Plan(made="2026-01-31T10:00:00.000000Z", mappings={}, targets={}), tmp_path / name)
    assert (tmp_path / "config.yaml").read_text() == "version: 1"


def test_a_device_is_not_taken_away() -> None:
    with pytest.raises(ConfigError, match="is not a plan"):
        write_plan(Plan(made="2026-01-31T10:00:00.000000Z", mappings={}, targets={}), Path("/dev/null"))
    assert Path("/dev/null").exists()


def test_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"none\.json: cannot be read: No such file"):
        read_plan(tmp_path / "none.json")


class Writing(Fate):
    """Counts commits, and of the requests only those that write."""

    def falls(self, step: str) -> bool:
        return not (" GET " in step or "/token" in step) and super().falls(step)


THIRDS = [1, *(pytest.param(first, marks=pytest.mark.verify) for first in (2, 3))]


@pytest.mark.parametrize("first", THIRDS)
async def test_plan_shows_the_rest_wherever_the_process_died(begun: Planner, first: int) -> None:
    begun.portal.create({"displayName": "New"})
    plan = await begun.plan()
    undisturbed = Writing()
    await begun.apply(plan, undisturbed)
    ended = endstate.held(begun.lab.world)
    assert len(undisturbed.steps) > 2 * plan.writes
    for step in range(first, len(undisturbed.steps) + 1, 3):
        await dies(step, undisturbed.steps[step - 1], begun, ended)


async def dies(step: int, name: str, begun: Planner, ended: Any) -> None:
    """The story once more, with a process that dies at a step while it applies the plan."""
    planner = Planner(begun.lab.afresh())
    planner.portal.create({"displayName": "Phish", "severity": "high"})
    planner.portal.create({"displayName": "Scan", "severity": "low"})
    await planner.sync()
    planner.lab.advance(LATER)
    planner.portal.set("1", {"status": "inProgress"}, "Kim")
    planner.portal.comment("1", "Who opened the mail?", "Kim")
    planner.portal.create({"displayName": "New"})
    plan = await planner.plan()
    fate = Writing(at=step)
    assert await until_death(planner.apply(plan, fate), fate) is None, name
    rest = await planner.comes_true()
    assert rest.writes <= plan.writes, name
    assert list(endstate.differences(endstate.held(planner.lab.world), ended)) == [], name
    async with planner.lab.process() as app:
        assert endstate.wrongly_told(await planner.lab.rows(app)) == [], name
        wished = await agreement.wishes(app, planner.lab.config)
    assert list(agreement.disagreements(planner.lab.world, wished, {})) == [], name
