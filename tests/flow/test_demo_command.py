"""`xdr-connector demo`: what it finds, what it leaves for programs, and that it would notice what is wrong."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from connector.cli.demo_scenes import AWAITING, Scene, count_duplicates
from connector.mocks.scenario import read_journeys
from connector.mocks.world import World
from tests.support.harness import command

XDR: dict[str, Any] = {"status": "awaitingAction"}
SENTINEL: dict[str, Any] = {"status": "Active", "tags": [AWAITING]}
SERVICENOW: dict[str, Any] = {"state_label": "On Hold"}


@pytest.mark.verify
def test_demo_plays_every_journey_and_finds_all_as_expected(tmp_path: Path) -> None:
    path = tmp_path / "demo.json"
    done = subprocess.run(
        command("demo", "--json", str(path)), capture_output=True, text=True, timeout=110, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads(path.read_text(encoding="utf-8"))
    assert (report["second_pass_writes"], report["duplicates"], report["problems"]) == (0, 0, [])
    assert report["audit_records"] > 0
    assert set(report["requests"]) == {"xdr", "sentinel", "servicenow"}
    assert all(report["requests"].values())
    wanted = {
        (each.name, step) for each in read_journeys() for step in ("new", *(step.name for step in each.steps))
    }
    assert {(scene["journey"], scene["step"]) for scene in report["steps"]} == wanted
    assert all(scene[peer] for scene in report["steps"] for peer in ("xdr", "sentinel", "servicenow"))
    assert max(map(len, done.stdout.splitlines())) <= 110
    assert "Everything is as expected." in done.stdout


def scene(**changes: dict[str, Any]) -> Scene:
    held: dict[str, dict[str, Any]] = {"xdr": XDR, "sentinel": SENTINEL, "servicenow": SERVICENOW} | changes
    return Scene("journey", "step", "title", "incident", held["xdr"], held["sentinel"], held["servicenow"])


def test_agreement_is_no_problem() -> None:
    assert list(scene().problems()) == []


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"sentinel": {**SENTINEL, "status": "New"}}, "Sentinel status is New, expected Active"),
        ({"sentinel": {**SENTINEL, "tags": []}}, AWAITING),
        ({"sentinel": {}}, "Sentinel status is None"),
        ({"servicenow": {"state_label": "New"}}, "ServiceNow state is New, expected On Hold"),
        ({"servicenow": {}}, "ServiceNow state is None"),
        ({"xdr": {"status": "resolved"}}, "expected Closed"),
    ],
)
def test_disagreement_is_a_problem(changes: dict[str, dict[str, Any]], said: str) -> None:
    assert any(said in problem for problem in scene(**changes).problems())


def test_what_is_there_twice_is_counted() -> None:
    world = World()
    row = {"short_description": "one", "correlation_id": "mdxdr:t:1"}
    first = world.servicenow.create("incident", row)
    assert count_duplicates(world) == 0
    note = {"work_notes": "Kim: seen [mdxdr:0123456789ab]"}
    world.servicenow.edit("incident", first["sys_id"], note)
    world.servicenow.edit("incident", first["sys_id"], note)
    world.servicenow.create("incident", row)
    assert count_duplicates(world) == 2


def test_file_in_a_folder_that_is_not_there_is_refused_at_once(tmp_path: Path) -> None:
    done = subprocess.run(
        command("demo", "--json", str(tmp_path / "no" / "demo.json")),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert "make it first" in done.stderr
