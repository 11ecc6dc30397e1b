"""An answer is lost after the write was stored, and before the next attempt XDR changes again, or changes back.

Then what was delivered last is not what the target holds, and comparing with it alone would call that agreement.
"""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.support.rig import Rig, rig

TARGETS = ("sentinel", "servicenow")
BEFORE = {"status": "active", "customTags": []}
BETWEEN = {"status": "inProgress", "customTags": ["vip"]}
AFTER = {"status": "awaitingAction", "customTags": ["finance"]}


@pytest.fixture
async def one(tmp_path: Path) -> AsyncIterator[Rig]:
    """A world with nothing in it."""
    async with rig(tmp_path) as made:
        yield made


async def lose_answer(one: Rig, target: str) -> None:
    """Deliver, but for `target`, whose next write is stored and never answered."""
    fault = {"kind": "cut_after"}
    one.world.faults.add({"mock": target, "operation": "write", "times": 1, "fault": fault})
    await one.sync(patience=timedelta(0))
    assert any(entry.fault == "cut_after" for entry in one.heard(mock=target))


def held(one: Rig) -> dict[str, Any]:
    (incident,), (ticket,) = one.sentinel().values(), one.servicenow().values()
    return {
        "sentinel": incident["status"],
        "labels": [label["labelName"] for label in incident["labels"]],
        "servicenow": ticket["state"],
    }


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
    one: Rig, target: str, then: dict[str, Any], expected: dict[str, Any]
) -> None:
    one.world.graph.portal.create({"displayName": "One", **BEFORE})
    await one.sync()
    one.world.graph.portal_set("1", BETWEEN, "soc")
    await lose_answer(one, target)
    one.world.graph.portal_set("1", then, "soc")
    await one.sync()
    assert held(one) == expected


@pytest.mark.parametrize("target", TARGETS)
async def test_lost_answer_of_a_creation(one: Rig, target: str) -> None:
    one.world.graph.portal.create({"displayName": "One", **BETWEEN})
    await lose_answer(one, target)
    one.world.graph.portal_set("1", AFTER, "soc")
    await one.sync()
    labels = ["Awaiting Customer Action", "finance"]
    assert held(one) == {"sentinel": "Active", "labels": labels, "servicenow": "3"}
    assert len(one.sentinel_names()) == 1


async def test_tag_that_a_lost_answer_took_away_comes_back(one: Rig) -> None:
    one.world.graph.portal.create({"displayName": "One", "customTags": ["vip", "finance"]})
    await one.sync()
    one.world.graph.portal_set("1", {"customTags": ["finance"]}, "soc")
    await lose_answer(one, "sentinel")
    one.world.graph.portal_set("1", {"customTags": ["finance", "vip"]}, "soc")
    await one.sync()
    assert sorted(held(one)["labels"]) == ["finance", "vip"]
