"""The process dies at every step of a follow-up, and of a walk through a process: the instance ends up the same.

A person closes the ticket while its incident goes on, so that a new one follows it; security incidents are walked from
state to state, closed, and followed. Journals are unreadable all the while. As in `test_crashes`, an undisturbed run
says how many steps there are and what is held at the end, and then each step is somebody's last.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml

from connector.app import App
from connector.config import load
from connector.mocks.world import World
from tests.support import endstate
from tests.support.inprocess import BEGINNING, Fate, Lab, lab

EXPERTS = "Defender Experts"
CLOSURE = {"close_code": "Duplicate", "close_notes": "Closed by hand"}
FAULTS: dict[str, dict[str, Any]] = {
    "unavailable": {"kind": "status", "status": 503},
    "cut before": {"kind": "cut_before"},
    "cut after": {"kind": "cut_after"},
}
STRIDE = 7  # of all the steps, so many are left out in the quick run
TABLES = {"servicenow": "incident", "servicenow-sir": "sn_si_incident"}


def appears(world: World) -> None:
    world.graph.portal.create({"displayName": "Phish", "severity": "high", "status": "inProgress"})


def is_closed_by_hand(world: World) -> None:
    """The ticket is ended while the incident goes on; security incidents are ended by the incident's own end."""
    portal = world.graph.portal
    portal.comment("1", "Two people opened it.", "Kim")
    for row in world.servicenow.contents()["incident"]:
        world.servicenow.edit("incident", row["sys_id"], {"state": "7", **CLOSURE})
    if world.servicenow.contents()["sn_si_incident"]:
        closing = {"status": "resolved", "classification": "truePositive", "determination": "phishing"}
        portal.set("1", closing, EXPERTS)


def goes_on(world: World) -> None:
    portal = world.graph.portal
    portal.set("1", {"status": "awaitingAction", "assignedTo": "Customer"}, EXPERTS)
    portal.comment("1", "Please reset the passwords.", EXPERTS)


def is_resolved(world: World) -> None:
    closing = {"status": "resolved", "classification": "truePositive", "determination": "phishing"}
    world.graph.portal.set("1", closing, "Kim")


Chapter = tuple[int, Callable[[World], None]]
STORY: Sequence[Callable[[World], None]] = (appears, is_closed_by_hand, goes_on, is_resolved)


@dataclass
class Told:
    """How a telling ended: what the instance holds, the steps taken, and the requests made of it."""

    held: dict[str, Any]
    steps: list[str]
    requests: int


def held(world: World) -> dict[str, Any]:
    contents = world.servicenow.contents()
    rows = [*contents["incident"], *contents["sn_si_incident"]]
    return {
        row["correlation_id"]: {
            **{name: row[name] for name in ("state", "close_code", "close_notes", "short_description")},
            "notes": [
                entry["value"]
                for entry in contents["sys_journal_field"]
                if entry["element_id"] == row["sys_id"]
            ],
        }
        for row in rows
    }


async def tell(telling: Lab, *fates: Fate) -> Told:
    settings = telling.world.servicenow.settings
    settings.journals_readable = settings.closed_is_final = False
    chapters = [*enumerate(STORY)]
    turn_page(telling, chapters)
    for fate in fates:
        ended = await telling.live(fate, partial(read_on, telling, chapters))
        if ended is not None:
            asked = telling.world.log.counts().get("servicenow", {})
            return Told(ended, fate.steps, sum(asked.values()))
        telling.advance(timedelta(seconds=20))
    raise AssertionError("the last process died, too")


async def read_on(telling: Lab, chapters: list[Chapter], app: App) -> dict[str, Any]:
    await telling.settle(app)
    while chapters:
        turn_page(telling, chapters)
        await telling.settle(app)
    assert (await telling.verified(app)).ok
    return held(telling.world)


def turn_page(telling: Lab, chapters: list[Chapter]) -> None:
    number, happens = chapters.pop(0)
    telling.advance(BEGINNING + number * timedelta(hours=6) - telling.world.clock.now())
    happens(telling.world)


@pytest.fixture(scope="module", params=TABLES)
def stage(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Lab:
    """A connector for ServiceNow alone, with a mapping that says `follow_up`."""
    made = lab(tmp_path_factory.mktemp("stage"))
    path: Path = made.config.path
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    document["targets"] = [each for each in document["targets"] if each["name"] == "servicenow"]
    document["targets"][0] |= {"type": request.param, "table": TABLES[request.param]}
    (route,) = (each for each in document["routes"] if each["target"] == "servicenow")
    document["routes"] = [route | {"mapping": "own.yaml"}]
    shipped = "servicenow-incident" if request.param == "servicenow" else "servicenow-sir"
    (path.parent / "own.yaml").write_text(
        f"version: 1\nname: own\ntarget: {request.param}\nextends: shipped:{shipped}.yaml\n"
        "when_record: {closed: follow_up}\n",
        encoding="utf-8",
    )
    path.write_text(yaml.safe_dump(document), encoding="utf-8")
    return Lab(made.world, load(path))


@pytest.fixture(scope="module")
def undisturbed(stage: Lab) -> Told:
    return asyncio.run(tell(stage.afresh(), Fate()))


def test_the_story_has_a_follow_up(undisturbed: Told) -> None:
    first, second = undisturbed.held.values()
    assert [first["close_code"], second["close_code"]] in (
        ["Duplicate", "Solution provided"],
        ["Threat mitigated", "Threat mitigated"],
    )
    notes = "".join(first["notes"]), "".join(second["notes"])
    assert "Continued in a new record" in notes[0]
    assert "Follow-up of " in notes[1]
    assert "Please reset the passwords." in notes[1]
    assert len(undisturbed.steps) > 60


async def deaths(stage: Lab, undisturbed: Told, numbers: range) -> None:
    wrong = []
    for number in numbers:
        fate = Fate(at=number)
        ended = await tell(stage.afresh(), fate, Fate())
        assert fate.dead.is_set()
        found = endstate.differences(ended.held, undisturbed.held)
        wrong += [f"after step {number} ({fate.steps[-1]}): {each}" for each in found]
    assert not wrong, "\n".join(wrong)


async def faults(stage: Lab, undisturbed: Told, fault: str, stride: int) -> None:
    wrong = []
    for number in range(0, undisturbed.requests, stride):
        telling = stage.afresh()
        telling.world.faults.add({"mock": "servicenow", "after": number, "times": 1, "fault": FAULTS[fault]})
        ended = await tell(telling, Fate())
        found = endstate.differences(ended.held, undisturbed.held)
        wrong += [f"request {number + 1}: {each}" for each in found]
    assert not wrong, "\n".join(wrong)


async def test_death_at_some_steps_changes_nothing(stage: Lab, undisturbed: Told) -> None:
    await deaths(stage, undisturbed, range(1, len(undisturbed.steps) + 1, STRIDE))


@pytest.mark.verify
@pytest.mark.timeout(1200)
async def test_death_at_any_step_changes_nothing(stage: Lab, undisturbed: Told) -> None:
    await deaths(stage, undisturbed, range(1, len(undisturbed.steps) + 1))


@pytest.mark.parametrize("fault", FAULTS)
async def test_some_requests_that_go_wrong_change_nothing(stage: Lab, undisturbed: Told, fault: str) -> None:
    await faults(stage, undisturbed, fault, STRIDE)


@pytest.mark.verify
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("fault", FAULTS)
async def test_any_request_that_goes_wrong_changes_nothing(stage: Lab, undisturbed: Told, fault: str) -> None:
    await faults(stage, undisturbed, fault, 1)
