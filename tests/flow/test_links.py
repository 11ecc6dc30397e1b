"""Records that name other records: they are mapped again once those come into being, and never without a reason."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from connector.app import App
from connector.config import load
from connector.store import remaps
from tests.support import endstate
from tests.support.inprocess import BEGINNING, Fate, Lab, lab, sync
from tests.support.naming import SERVICENOW, give_names

POLLS = 20
STRIDE = 10  # of all the steps, so many are left out in the quick run
QUIET = "scope: [{id: quiet, exclude_when: severity == 'informational'}]"


@pytest.fixture
def desk(tmp_path: Path) -> Lab:
    made = lab(tmp_path)
    return Lab(made.world, load(give_names(made.config.path, servicenow=SERVICENOW + QUIET)))


def labels(desk: Lab) -> dict[str, list[str]]:
    """The labels of each Sentinel incident, by title."""
    return {
        each["properties"]["title"]: [label["labelName"] for label in each["properties"]["labels"]]
        for each in desk.world.sentinel.contents()["incidents"]
    }


def tickets(desk: Lab) -> dict[str, str]:
    """The number of each ticket, by the number of the incident."""
    rows = desk.world.servicenow.contents()["incident"]
    return {row["correlation_id"].rpartition(":")[2]: row["number"] for row in rows}


def journal(desk: Lab, incident: str) -> str:
    held = desk.world.servicenow.contents()
    (ticket,) = (row for row in held["incident"] if row["correlation_id"].endswith(f":{incident}"))
    return "\n".join(
        entry["value"] for entry in held["sys_journal_field"] if entry["element_id"] == ticket["sys_id"]
    )


def writes(desk: Lab) -> int:
    return sum(
        len(list(desk.world.log.entries(mock, 0, writes_only=True))) for mock in ("sentinel", "servicenow")
    )


async def left(app: App) -> dict[str, int]:
    return await app.store.read(remaps.count)


async def test_tag_names_the_ticket_as_soon_as_it_is_there(desk: Lab) -> None:
    desk.world.graph.portal.create({"displayName": "Phish", "severity": "high"})
    async with desk.process() as app:
        await sync(app)
        assert labels(desk) == {"Phish": [f"ticket:{tickets(desk)['1']}"]}
        assert await left(app) == {}
        again = [
            row.said()["data"]["because"] for row in await desk.rows(app) if "because" in row.said()["data"]
        ]
        assert again == ["link"]
        assert endstate.wrongly_told(await desk.rows(app)) == []


async def test_agreement_costs_nothing_afterwards(desk: Lab) -> None:
    for number in range(5):
        desk.world.graph.portal.create({"displayName": f"Phish {number}", "severity": "high"})
    desk.world.graph.portal.merge("4", "5", "Kim")
    async with desk.process() as app:
        await desk.settle(app)
        before = writes(desk)
        for number in range(POLLS):
            desk.advance(timedelta(minutes=1))
            await sync(app, rescan=number == POLLS - 1)
        assert writes(desk) == before


async def test_change_of_the_incident_keeps_the_tag(desk: Lab) -> None:
    desk.world.graph.portal.create({"displayName": "Phish", "severity": "high"})
    async with desk.process() as app:
        await sync(app)
        desk.advance(timedelta(minutes=1))
        desk.world.graph.portal.set("1", {"status": "inProgress", "customTags": ["vip"]}, "Kim")
        await sync(app)
    assert sorted(labels(desk)["Phish"]) == [f"ticket:{tickets(desk)['1']}", "vip"]


async def test_loser_names_a_survivor_that_has_its_ticket(desk: Lab) -> None:
    for name in ("Survivor", "Loser"):
        desk.world.graph.portal.create({"displayName": name, "severity": "high"})
    async with desk.process() as app:
        await sync(app)
        desk.advance(timedelta(minutes=1))
        desk.world.graph.portal.merge("2", "1", "Kim")
        await sync(app)
        check_merged(desk)


async def test_loser_names_a_survivor_whose_ticket_comes_later(desk: Lab) -> None:
    appear(desk)
    async with desk.process() as app:
        await sync(app)
        assert tickets(desk).keys() == {"2"}
        merge(desk)
        await sync(app)
        assert "Went on" not in journal(desk, "2")
        become_serious(desk)
        await sync(app)
        check_merged(desk)
        before = writes(desk)
        await sync(app, rescan=True)
        assert writes(desk) == before


def appear(desk: Lab) -> None:
    """Two incidents, of which the first is too harmless for a ticket."""
    desk.world.graph.portal.create({"displayName": "Survivor", "severity": "informational"})
    desk.world.graph.portal.create({"displayName": "Loser", "severity": "high"})


def merge(desk: Lab) -> None:
    desk.world.graph.portal.merge("2", "1", "Kim")


def become_serious(desk: Lab) -> None:
    desk.world.graph.portal.set("1", {"severity": "high"}, "Kim")


def check_merged(desk: Lab) -> None:
    assert journal(desk, "2").count(f"Went on in {tickets(desk)['1']}") == 1


Chapter = tuple[int, Callable[[Lab], None]]
STORY = (appear, merge, become_serious)


@dataclass
class Told:
    """How a telling of the story ended, and what a dead process left to be mapped again."""

    held: str
    steps: list[str]
    left: dict[str, int]


async def tell(telling: Lab, *fates: Fate) -> Told:
    """Tell the story with processes of these fates, one after the other; the last one lives."""
    chapters: list[Chapter] = list(enumerate(STORY))
    found: dict[str, int] = {}
    turn_page(telling, chapters)
    for fate in fates:
        before = await telling.live(Fate(), left)
        found = before or found
        ended = await telling.live(fate, partial(read_on, telling, chapters))
        if ended is not None:
            return Told(ended, fate.steps, found)
        telling.advance(timedelta(seconds=20))
    raise AssertionError("the last process died, too")


async def read_on(telling: Lab, chapters: list[Chapter], app: App) -> str:
    await telling.settle(app)
    while chapters:
        turn_page(telling, chapters)
        await telling.settle(app)
    assert await left(app) == {}
    assert endstate.wrongly_told(await telling.rows(app)) == []
    return named(telling)


def turn_page(telling: Lab, chapters: list[Chapter]) -> None:
    number, happens = chapters.pop(0)
    telling.advance(BEGINNING + number * timedelta(hours=6) - telling.world.clock.now())
    happens(telling)


def named(telling: Lab) -> str:
    """What the targets hold, with the numbers of tickets as those of their incidents."""
    held = json.dumps(endstate.held(telling.world), indent=1, sort_keys=True)
    for incident, number in tickets(telling).items():
        held = held.replace(number, f"the ticket of {incident}")
    return held


async def deaths(desk: Lab, stride: int) -> set[str]:
    """Die at steps so far apart; the routes for which some process left something to be mapped again."""
    undisturbed = await tell(desk.afresh(), Fate())
    assert "ticket:the ticket of 1" in undisturbed.held
    assert undisturbed.held.count("Went on in the ticket of 1") == 1
    abandoned: set[str] = set()
    for number in range(1, len(undisturbed.steps) + 1, stride):
        fate = Fate(at=number)
        told = await tell(desk.afresh(), fate, Fate())
        assert fate.dead.is_set()
        assert told.held == undisturbed.held, f"after step {number} ({fate.steps[-1]})"
        abandoned.update(told.left)
    return abandoned


async def test_death_at_some_steps_changes_nothing(desk: Lab) -> None:
    assert await deaths(desk, STRIDE)  # some death was between the receipt and the mapping


@pytest.mark.verify
@pytest.mark.timeout(1200)
async def test_death_at_any_step_changes_nothing(desk: Lab) -> None:
    assert await deaths(desk, 1) == {"contoso-sentinel", "contoso-servicenow"}
