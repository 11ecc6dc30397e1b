"""The process dies at every durable step, and every request goes wrong in every way: the targets end up the same.

A short story of three incidents is told, with a pass of the connector after each chapter. An undisturbed run
says how many steps there are and what the targets hold at the end. Then the story is told once for each step,
with a process that dies there; its successor knows only the state's file. ServiceNow's journals are unreadable
all the while, so that nobody can find out by reading whether a note has arrived. The mappings ask for tasks, too.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from connector.app import App
from connector.mocks.graph.portal import Portal
from tests.support import endstate
from tests.support.inprocess import BEGINNING, Fate, Lab, lab

EXPERTS = "Defender Experts"


def appears(portal: Portal) -> None:
    portal.create({"displayName": "Phish", "severity": "high", "customTags": ["vip"]})
    portal.create({"displayName": "Scan", "severity": "low"})


def is_commented(portal: Portal) -> None:
    portal.comment("1", "Who opened the mail?", "Kim")
    portal.comment("1", "Two people did.", "Alex")
    portal.create({"displayName": "Begun", "status": "inProgress", "assignedTo": EXPERTS})
    portal.create({"displayName": "Twin", "severity": "low", "customTags": ["twin"]})


def is_worked_on(portal: Portal) -> None:
    portal.set("1", {"status": "inProgress", "assignedTo": EXPERTS, "systemTags": [EXPERTS]}, EXPERTS)
    portal.comment("1", "We look into it.", EXPERTS)
    portal.set("2", {"severity": "medium", "customTags": ["scanner"]}, "Kim")


def is_handed_over(portal: Portal) -> None:
    values = {"status": "awaitingAction", "assignedTo": "Customer", "classification": "truePositive"}
    portal.set("1", {**values, "determination": "phishing", "customTags": []}, EXPERTS)
    portal.comment("2", "Known scanner.", "Kim")
    portal.merge("4", "2", "Kim")


def is_resolved(portal: Portal) -> None:
    portal.set("1", {"status": "resolved", "resolvingComment": "Mails removed."}, "Kim")
    closing = {"classification": "informationalExpectedActivity", "determination": "securityTesting"}
    portal.set("2", {"status": "resolved", **closing}, "Kim")


def is_reopened(portal: Portal) -> None:
    portal.set("2", {"status": "active", "assignedTo": None}, "Alex")


Chapter = tuple[int, Callable[[Portal], None]]
STORY: Sequence[Callable[[Portal], None]] = (
    appears,
    is_commented,
    is_worked_on,
    is_handed_over,
    is_resolved,
    is_reopened,
)
MOCKS = ("xdr", "entra", "sentinel", "servicenow")
FAULTS: dict[str, dict[str, Any]] = {
    "throttled": {"kind": "throttle", "retry_after": 7},
    "unavailable": {"kind": "status", "status": 503},
    "cut before": {"kind": "cut_before"},
    "cut after": {"kind": "cut_after"},
    "html": {"kind": "html"},
}
STRIDE = 9  # of all the steps, so many are left out in the quick run


@dataclass
class Told:
    """How a telling of the story ended."""

    held: dict[str, Any]
    steps: list[str]
    requests: dict[str, int]


async def tell(telling: Lab, *fates: Fate) -> Told:
    """Tell the story with processes that have these fates, one after the other; the last one lives.

    A chapter at which a process dies is finished by the next one before the story goes on.
    """
    telling.world.servicenow.settings.journals_readable = False
    chapters = [*enumerate(STORY)]
    turn_page(telling, chapters)
    for fate in fates:
        ended = await telling.live(fate, partial(read_on, telling, chapters))
        if ended is not None:
            return Told(ended, fate.steps, requests(telling))
        telling.advance(timedelta(seconds=20))
    raise AssertionError("the last process died, too")


async def read_on(telling: Lab, chapters: list[Chapter], app: App) -> dict[str, Any]:
    """One process's part of the story; what the targets hold at its end."""
    await telling.settle(app)
    while chapters:
        turn_page(telling, chapters)
        await telling.settle(app)
    await check_audit(telling, app)
    return endstate.held(telling.world)


def turn_page(telling: Lab, chapters: list[Chapter]) -> None:
    """Let the next chapter happen, at its time whatever came before: the ids of notes follow from times."""
    number, happens = chapters.pop(0)
    telling.advance(BEGINNING + number * timedelta(hours=6) - telling.world.clock.now())
    happens(telling.world.graph.portal)


def requests(telling: Lab) -> dict[str, int]:
    return {mock: sum(telling.world.log.counts().get(mock, {}).values()) for mock in MOCKS}


async def check_audit(telling: Lab, app: App) -> None:
    assert (await telling.verified(app)).ok
    assert endstate.wrongly_told(await telling.rows(app)) == []


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Lab:
    return lab(tmp_path_factory.mktemp("stage"), tasks=True)


@pytest.fixture(scope="module")
def undisturbed(stage: Lab) -> Told:
    return asyncio.run(tell(stage.afresh(), Fate()))


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
    every = [(mock, number) for mock in MOCKS for number in range(undisturbed.requests[mock])]
    for mock, number in every[::stride]:
        telling = stage.afresh()
        telling.world.faults.add({"mock": mock, "after": number, "times": 1, "fault": FAULTS[fault]})
        ended = await tell(telling, Fate())
        found = endstate.differences(ended.held, undisturbed.held)
        wrong += [f"request {number + 1} to {mock}: {each}" for each in found]
    assert not wrong, "\n".join(wrong)


def test_story_is_long_enough_to_die_in(undisturbed: Told) -> None:
    assert len(undisturbed.steps) > 200
    assert all(undisturbed.requests.values())
    assert undisturbed.held["tasks"]


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
