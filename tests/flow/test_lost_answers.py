"""An answer is lost after the write was stored, and before the next attempt XDR changes again, or changes back.

Then what was delivered last is not what the target holds, and comparing with it alone would call that agreement.
"""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.support.inprocess import Lab, lab, sync

MOMENT = timedelta(seconds=1)
TARGETS = ("sentinel", "servicenow")
BEFORE = {"status": "active", "customTags": []}
BETWEEN = {"status": "inProgress", "customTags": ["vip"]}
AFTER = {"status": "awaitingAction", "customTags": ["finance"]}


@pytest.fixture
def one(tmp_path: Path) -> Lab:
    """A world with nothing in it."""
    return lab(tmp_path)


async def deliver(one: Lab) -> None:
    """Deliver until nothing is left."""
    async with one.process() as app:
        await one.settle(app)


async def lose_answer(one: Lab, target: str) -> None:
    """Deliver, but for `target`, whose next write is stored and never answered."""
    fault = {"kind": "cut_after"}
    one.world.faults.add({"mock": target, "operation": "write", "times": 1, "fault": fault})
    async with one.process() as app:
        await sync(app)
    assert any(entry.fault == "cut_after" for entry in one.world.log.entries(target))


def held(one: Lab) -> dict[str, Any]:
    (incident,) = one.world.sentinel.contents()["incidents"]
    (ticket,) = one.world.servicenow.contents()["incident"]
    return {
        "sentinel": incident["properties"]["status"],
        "labels": [label["labelName"] for label in incident["properties"]["labels"]],
        "servicenow": ticket["state"],
    }


def change(one: Lab, values: dict[str, Any]) -> None:
    """Change the incident, a while after whatever came before."""
    one.advance(MOMENT)
    one.world.graph.portal_set("1", values, "soc")


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize(
    ("then", "expected"),
    [
        (BEFORE, {"sentinel": "New", "labels": [], "servicenow": "1"}),
        (BETWEEN, {"sentinel": "Active", "labels": ["vip"], "servicenow": "2"}),
        (AFTER, {"sentinel": "Active", "labels": ["Awaiting Customer Action", "finance"], "servicenow": "3"}),
    ],
    ids=["changes back", "stays", "changes again"],
)
async def test_lost_answer_of_a_change(
    one: Lab, target: str, then: dict[str, Any], expected: dict[str, Any]
) -> None:
    one.world.graph.portal.create({"displayName": "One", **BEFORE})
    await deliver(one)
    change(one, BETWEEN)
    await lose_answer(one, target)
    change(one, then)
    await deliver(one)
    assert held(one) == expected


@pytest.mark.parametrize("target", TARGETS)
async def test_lost_answer_of_a_creation(one: Lab, target: str) -> None:
    one.world.graph.portal.create({"displayName": "One", **BETWEEN})
    await lose_answer(one, target)
    change(one, AFTER)
    await deliver(one)
    labels = ["Awaiting Customer Action", "finance"]
    assert held(one) == {"sentinel": "Active", "labels": labels, "servicenow": "3"}


async def test_tag_that_a_lost_answer_took_away_comes_back(one: Lab) -> None:
    one.world.graph.portal.create({"displayName": "One", "customTags": ["vip", "finance"]})
    await deliver(one)
    change(one, {"customTags": ["finance"]})
    await lose_answer(one, "sentinel")
    change(one, {"customTags": ["finance", "vip"]})
    await deliver(one)
    assert sorted(held(one)["labels"]) == ["finance", "vip"]
