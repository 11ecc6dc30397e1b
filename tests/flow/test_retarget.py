"""A configuration in which a target has another name, or a route leads to another one: nothing is lost or doubled."""

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from connector.config import load
from connector.store import links
from tests.support.inprocess import LATER, Lab, lab, new_world, sync, waiting

TARGETS = ("sentinel", "servicenow")


def renamed(of: Lab, target: str) -> Lab:
    """The same world and state, with a configuration in which a target has another name; routes keep theirs."""
    said = yaml.safe_load(of.config.path.read_text())
    for entry in said["targets"]:
        entry["name"] = "renamed" if entry["name"] == target else entry["name"]
    for route in said["routes"]:
        route["target"] = "renamed" if route["target"] == target else route["target"]
    of.config.path.write_text(yaml.safe_dump(said))
    return Lab(of.world, load(of.config.path))


def records(of: Lab, target: str) -> list[Mapping[str, Any]]:
    if target == "sentinel":
        return [each["properties"] for each in of.world.sentinel.contents()["incidents"]]
    return list(of.world.servicenow.contents()["incident"])


def notes_on(of: Lab, target: str) -> list[str]:
    if target == "sentinel":
        kept = of.world.sentinel.contents()["comments"].values()
        return [comment["properties"]["message"] for of_one in kept for comment in of_one]
    return [row["value"] for row in of.world.servicenow.contents()["sys_journal_field"]]


@pytest.mark.parametrize("target", TARGETS)
async def test_rows_that_wait_for_a_renamed_target_arrive(tmp_path: Path, target: str) -> None:
    made = lab(tmp_path)
    made.world.graph.portal.create({"displayName": "Phish", "severity": "high"})
    made.world.faults.add({"mock": target, "fault": {"kind": "status", "status": 503}})
    async with made.process() as app:
        await sync(app)
        assert await waiting(app) == 1
    made.world.faults.clear()
    made.advance(LATER)
    made = renamed(made, target)
    async with made.process() as app:
        await made.settle(app)
        assert await waiting(app) == 0
    assert len(records(made, target)) == 1


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("change", [{"severity": "low"}, {"status": "resolved"}], ids=["changed", "resolved"])
async def test_records_of_a_renamed_target_are_taken_over(
    tmp_path: Path, target: str, change: dict[str, str]
) -> None:
    made = lab(tmp_path)
    portal = made.world.graph.portal
    portal.create({"displayName": "Phish", "severity": "high"})
    portal.comment("1", "Mind the gap.", "Kim")
    async with made.process() as app:
        await made.settle(app)
    before = notes_on(made, target)
    made = renamed(made, target)
    made.advance(timedelta(minutes=1))
    portal.set("1", change, "Kim")
    async with made.process() as app:
        await made.settle(app)
        kept = await app.store.read(lambda tx: [links.count(tx, "renamed"), links.count(tx, target)])
    (record,) = records(made, target)
    assert kept == [1, 0]
    assert notes_on(made, target)[: len(before)] == before
    assert sum("Mind the gap." in note for note in notes_on(made, target)) == 1
    if target == "sentinel":
        assert (record["severity"], record["status"]) == (
            ("Low", "New") if "severity" in change else ("High", "Closed")
        )
    else:
        assert record["state"] == ("6" if "status" in change else "1")


async def test_route_to_another_instance_makes_its_records_there(tmp_path: Path) -> None:
    made = lab(tmp_path)
    made.world.graph.portal.create({"displayName": "Phish", "severity": "high"})
    made.world.graph.portal.create({"displayName": "Scan", "severity": "low"})
    async with made.process() as app:
        await made.settle(app)
    elsewhere = new_world()
    made.world.servicenow = elsewhere.servicenow
    made.world.apps["servicenow"] = elsewhere.apps["servicenow"]
    made = renamed(made, "servicenow")
    made.advance(timedelta(minutes=1))
    made.world.graph.portal.set("1", {"severity": "low"}, "Kim")
    async with made.process() as app:
        await made.settle(app)
        assert len(records(made, "servicenow")) == 1
        await made.settle(app, rescan=True)
        assert len(records(made, "servicenow")) == 2
        assert await app.store.read(lambda tx: links.count(tx, "servicenow")) == 0
