"""What `plan` foretells is what `apply` does: requests are compared in the mocks' own log."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from connector.app import Scope
from connector.config import load, shipped_mappings
from connector.mocks.scenario import read_journeys
from connector.mocks.world import WorldSettings
from connector.model import Revision
from tests.support.inprocess import LATER, Lab, lab, sync
from tests.support.naming import give_names
from tests.support.planning import Planner, foretold, of_target, said

TARGETS = ("sentinel", "servicenow")
EXPERTS = "Defender Experts"
BESIDE = {"-shm", "-wal"}  # SQLite's own, for whoever reads


@pytest.fixture
def fresh(tmp_path: Path) -> Planner:
    return Planner(lab(tmp_path))


async def begun(planner: Planner) -> None:
    """One incident that both targets hold."""
    planner.portal.create({"displayName": "Phish", "severity": "high"})
    await planner.sync()
    planner.lab.advance(LATER)


def files_of(planner: Planner) -> dict[str, bytes]:
    folder = planner.lab.config.path.parent
    return {path.name: path.read_bytes() for path in folder.glob("state.db*") if path.name[-4:] not in BESIDE}


@pytest.mark.parametrize("journey", [each.name for each in read_journeys()])
async def test_every_step_of_a_journey_is_foretold(tmp_path: Path, journey: str) -> None:
    planner = Planner(lab(tmp_path, WorldSettings(scenario=journey)))
    writes = 0
    while True:
        writes += (await planner.comes_true()).writes
        planner.lab.advance(timedelta(minutes=1))
        if not planner.lab.world.player.advance():
            break
    assert writes > 0
    since = planner.mark()
    read = await planner.read_up_to()
    await planner.sync()
    assert await planner.read_up_to() == read  # there was nothing left to read
    await planner.sync(rescan=True)
    assert planner.written(since) == []


async def test_varied_population_is_foretold_and_so_are_its_changes(tmp_path: Path) -> None:
    planner = Planner(lab(tmp_path, WorldSettings(incidents=60, seed=3)))
    plan = await planner.comes_true()
    assert {item.action for item in plan.items} == {"create"}
    met = {incident["id"]: incident["lastUpdateDateTime"] for incident in planner.lab.world.graph.incidents()}
    assert met.keys() - {item.incident for item in plan.items}  # some lead to nothing
    assert (await planner.read_up_to()).ticks == max(Revision.parse(raw).ticks for raw in met.values())
    planner.lab.advance(LATER)
    for incident in list(planner.lab.world.graph.incidents())[::3]:
        planner.portal.set(incident["id"], {"status": "inProgress", "assignedTo": EXPERTS}, EXPERTS)
        planner.portal.comment(incident["id"], "We look into it.", EXPERTS)
    changed = await planner.comes_true()
    assert {item.action for item in changed.items if item.writes} == {"create", "update"}
    assert (await planner.plan(Scope(rescan=True))).writes == 0


async def test_plan_tells_what_changes_from_what_to_what(fresh: Planner) -> None:
    await begun(fresh)
    fresh.portal.set("1", {"status": "inProgress", "customTags": ["vip"]}, "Kim")
    fresh.portal.comment("1", "Who opened the mail?", "Kim")
    plan = await fresh.comes_true()
    sentinel, servicenow = (of_target(plan, name) for name in TARGETS)
    assert {each.name: (each.old, each.new) for each in sentinel.fields}["status"] == ("New", "Active")
    assert {each.name: (each.old, each.new) for each in servicenow.fields}["state"] == ("1", "2")
    assert sentinel.tags_added == ("vip",)
    assert [text.partition("Who opened")[1] for text in sentinel.notes] == ["Who opened"]
    assert [write.method for write in sentinel.writes] == ["PUT", "PUT"]
    assert (sentinel.title, sentinel.incident, sentinel.waiting) == ("Phish", "1", False)
    assert servicenow.number.startswith("INC")
    assert servicenow.url.startswith("http")


@pytest.mark.parametrize("target", TARGETS)
async def test_value_that_somebody_else_changed_is_told(fresh: Planner, target: str) -> None:
    await begun(fresh)
    (row,) = fresh.lab.world.servicenow.contents()["incident"]
    (incident,) = fresh.lab.world.sentinel.contents()["incidents"]
    fresh.lab.world.servicenow.edit("incident", row["sys_id"], {"short_description": "by hand"})
    fresh.lab.world.sentinel.edit(incident["name"], {"title": "by hand"})
    fresh.portal.set("1", {"displayName": "Phish, twice"}, "Kim")
    item = of_target(await fresh.comes_true(), target)
    (title,) = (each for each in item.fields if each.name in {"title", "short_description"})
    assert (title.old, title.edited) == ("by hand", True)
    assert "Phish, twice" in title.new


async def test_plan_changes_nothing_that_is_stored(fresh: Planner) -> None:
    fresh.portal.create({"displayName": "Phish"})
    assert (await fresh.plan()).writes == 2
    assert files_of(fresh) == {}
    await begun(fresh)
    fresh.portal.set("1", {"status": "inProgress"}, "Kim")
    before = files_of(fresh)
    assert (await fresh.plan(Scope(rescan=True))).writes > 0
    assert files_of(fresh) == before


async def test_rows_that_wait_are_part_of_it_in_their_newest_version(fresh: Planner) -> None:
    await begun(fresh)
    for mock in TARGETS:
        fault = {"kind": "status", "status": 503}
        fresh.lab.world.faults.add({"mock": mock, "operation": "write", "times": None, "fault": fault})
    fresh.portal.set("1", {"status": "inProgress"}, "Kim")
    await fresh.sync()
    fresh.lab.world.faults.clear()
    waiting = await fresh.plan()
    assert {item.waiting for item in waiting.items} == {True}
    fresh.portal.set("1", {"displayName": "Phish, twice"}, "Kim")
    plan = await fresh.comes_true()
    names = {each.name for each in of_target(plan, "sentinel").fields}
    assert {"status", "title"} <= names


@pytest.mark.parametrize("kind", ["cut_before", "cut_after"])
async def test_write_whose_answer_was_lost_is_looked_for(fresh: Planner, kind: str) -> None:
    await begun(fresh)
    fresh.portal.set("1", {"status": "inProgress"}, "Kim")
    fresh.portal.comment("1", "Who opened the mail?", "Kim")
    for mock in TARGETS:
        fresh.lab.world.faults.add({"mock": mock, "operation": "write", "times": 1, "fault": {"kind": kind}})
    await fresh.sync()
    plan = await fresh.comes_true()
    assert bool(of_target(plan, "servicenow").writes) == (kind == "cut_before")


async def test_what_was_given_up_is_left_and_told(fresh: Planner) -> None:
    await begun(fresh)
    (row,) = fresh.lab.world.servicenow.contents()["incident"]
    fresh.lab.world.servicenow.edit(
        "incident", row["sys_id"], {"state": "7", "close_code": "x", "close_notes": "x"}
    )
    fresh.portal.set("1", {"displayName": "Phish, twice"}, "Kim")
    plan = await fresh.comes_true()
    item = of_target(plan, "servicenow")
    assert (item.action, item.writes) == ("leave", ())
    assert "final" in item.problem


async def test_what_is_waited_for_is_left_until_it_is_there(tmp_path: Path) -> None:
    planner = Planner(with_microsoft(lab(tmp_path, WorldSettings(microsoft=True))))
    planner.portal.create(
        {"displayName": "Phish", "classification": "truePositive", "determination": "phishing"}
    )
    plan = await planner.comes_true()
    assert (of_target(plan, "sentinel").action, of_target(plan, "servicenow").action) == ("leave", "create")
    assert "waiting for Microsoft" in of_target(plan, "sentinel").problem
    planner.lab.advance(LATER)
    planner.lab.world.tick()
    assert of_target(await planner.comes_true(), "sentinel").action == "update"


def with_microsoft(of: Lab) -> Lab:
    """The lab with Sentinel incidents that Microsoft's own connector makes."""
    path = of.config.path
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    document["targets"][0]["incidents"] = "microsoft"
    document["routes"][0]["mapping"] = str(shipped_mappings() / "sentinel-microsoft.yaml")
    path.write_text(yaml.safe_dump(document), encoding="utf-8")
    of.config = load(path)
    return of


def lose_state(folder: Path) -> None:
    for path in folder.glob("state.db*"):
        path.unlink()


async def test_lost_state_is_learnt_again_and_only_notes_are_repeated(tmp_path: Path) -> None:
    planner = Planner(lab(tmp_path, WorldSettings(incidents=20, seed=5)))
    await planner.comes_true()
    lose_state(tmp_path)
    plan = await planner.comes_true()
    assert {item.action for item in plan.items} == {"keep", "update"}
    assert [item for item in plan.items if item.fields or item.tags_added] == []
    assert (await planner.plan()).items == ()


async def test_one_route(fresh: Planner) -> None:
    await begun(fresh)
    fresh.portal.create({"displayName": "Scan"})
    fresh.portal.comment("1", "Who opened the mail?", "Kim")
    (route,) = (each.name for each in fresh.lab.config.routes if each.target == "servicenow")
    plan = await fresh.comes_true(Scope(route))
    assert {item.route for item in plan.items} == {route}
    # What the other route wants of the same incidents was decided and waits.
    rest = await fresh.comes_true()
    assert {(item.target, item.waiting) for item in rest.items} == {("sentinel", True)}
    assert sum(len(item.notes) for item in rest.items) == 1


async def test_notes_that_do_not_fit_into_one_write(fresh: Planner) -> None:
    await begun(fresh)
    for number in range(4):
        fresh.portal.comment("1", f"{number} " + "x" * 30_000, "Kim")
    plan = await fresh.comes_true()
    assert len(of_target(plan, "servicenow").writes) > 1
    assert len(of_target(plan, "servicenow").notes) == 4


@pytest.mark.parametrize(
    ("fault", "word"),
    [
        ({"mock": "xdr", "fault": {"kind": "status", "status": 403}}, "source"),
        ({"mock": "servicenow", "fault": {"kind": "status", "status": 403}}, "target servicenow"),
        ({"mock": "sentinel", "fault": {"kind": "status", "status": 503}}, "contoso-sentinel"),
    ],
    ids=["source", "target refuses", "target away"],
)
async def test_what_cannot_be_found_out_is_told(fresh: Planner, fault: dict[str, Any], word: str) -> None:
    await begun(fresh)
    fresh.portal.set("1", {"status": "inProgress"}, "Kim")
    good = await fresh.plan()
    fresh.lab.world.faults.add({**fault, "times": None})
    plan = await fresh.plan()
    assert plan.incomplete
    assert word in plan.incomplete[0]
    done = await fresh.apply(good)
    assert done.unknown
    assert (done.moved, dict(done.outcomes)) == ((), {})
    fresh.lab.world.faults.clear()
    await fresh.comes_true()


async def test_beside_whoever_holds_the_state(fresh: Planner) -> None:
    await begun(fresh)
    fresh.portal.set("1", {"status": "inProgress"}, "Kim")
    meanwhile: list[int] = []

    async def plan_now() -> None:
        meanwhile.append((await fresh.plan()).writes)

    fresh.lab.meanwhile = plan_now
    async with fresh.lab.process() as app:
        assert (await fresh.plan()).writes == 2
        await sync(app)  # and once more while a write is under way, which has arrived already
        assert (await fresh.plan()).writes == 0
    assert meanwhile
    assert meanwhile[0] <= 1


async def test_brakes_hold_in_a_plan_what_they_hold_in_a_pass(tmp_path: Path) -> None:
    planner = Planner(with_brakes(lab(tmp_path), creates_per_hour=2))
    for number in range(5):
        planner.portal.create({"displayName": f"Phish {number}"})
    plan = await planner.comes_true()
    assert [item.action for item in plan.items if item.target == "sentinel"].count("create") == 2
    assert {item.problem for item in plan.items if not item.writes} == {
        "brake: 2 creates in an hour are reached"
    }
    assert (await planner.plan()).writes == 0  # what was counted then still counts
    await planner.sync()  # holds the others
    rest = await planner.comes_true(Scope(past_brakes=True))
    assert len([item for item in rest.items if item.action == "create"]) == 6
    assert len(planner.lab.world.sentinel.contents()["incidents"]) == 5


def with_brakes(of: Lab, **brakes: int) -> Lab:
    """The lab with limits on bulk change."""
    path = of.config.path
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    path.write_text(yaml.safe_dump({**document, "brakes": brakes}), encoding="utf-8")
    of.config = load(path)
    return of


async def test_number_of_a_ticket_to_be_created_comes_with_the_next_plan(fresh: Planner) -> None:
    fresh.lab.config = load(give_names(fresh.lab.config.path))
    fresh.portal.create({"displayName": "Phish", "severity": "high"})
    plan = await fresh.plan()
    since = fresh.mark()
    assert (await fresh.apply(plan)).left == ()
    assert said(fresh.written(since)) == foretold(plan)
    (ticket,) = fresh.lab.world.servicenow.contents()["incident"]
    (item,) = (await fresh.comes_true()).items
    assert (item.target, item.tags_added) == ("sentinel", (f"ticket:{ticket['number']}",))
