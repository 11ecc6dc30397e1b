"""`plan` and `apply` as a user meets them: exit codes, the file, and a daemon at work."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from connector.cli.exits import Exit
from tests.support.commandline import command_line
from tests.support.harness import Mocks, call, config_in, daemon, mocks, run, wait_until

pytestmark = pytest.mark.usefixtures("preloaded")
KIM = ("--as", "kim", "--reason", "CHG0030044")


@dataclass(frozen=True)
class Desk:
    """Mocks that play a journey, a configuration, and a file for plans."""

    served: Mocks
    config: Path
    file: Path

    def plan(self, *options: str, expect: int) -> Any:
        return run(self.config, "plan", "--out", str(self.file), *options, expect=expect)

    def apply(self, *who: str, expect: int = Exit.OK) -> Any:
        return run(self.config, "apply", str(self.file), *who, expect=expect)

    def words(self, *arguments: str) -> tuple[int, str, str]:
        done = call(*arguments, "--config", str(self.config))
        return done.returncode, done.stdout, done.stderr

    def step(self) -> None:
        self.served.control.post("/scenario/advance")


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with mocks("--scenario", "reopened") as served:
        yield Desk(served, config_in(tmp_path, served.config), tmp_path / "change.json")


def test_plan_and_apply(desk: Desk) -> None:
    plan = desk.plan(expect=Exit.CHANGES)
    assert plan == json.loads(desk.file.read_text(encoding="utf-8"))
    assert desk.file.stat().st_mode & 0o777 == 0o600
    assert desk.apply(*KIM) == {
        "applied": True,
        "moved": [],
        "unknown": [],
        "outcomes": {"created": 2},
        "left": [],
        "failures": [],
    }
    assert desk.plan(expect=Exit.OK)["items"] == []
    desk.step()
    desk.plan(expect=Exit.CHANGES)
    code, said, _ = desk.words("plan")
    assert code == Exit.CHANGES
    assert "update  contoso-servicenow  1  " in said
    assert "    state: 1 -> 2\n" in said
    assert said.splitlines()[-1] == "2 to update, 1 note, 2 requests"
    desk.step()
    refused = desk.apply(expect=Exit.MOVED)
    assert (refused["applied"], {each["side"] for each in refused["moved"]}) == (False, {"source"})
    code, _, complaint = desk.words("apply", str(desk.file), *KIM)
    assert code == Exit.MOVED
    assert "incident 1 on contoso-sentinel: source: revision" in complaint
    assert "nothing was written; make a new plan" in complaint
    desk.plan("--route", "contoso-sentinel", expect=Exit.CHANGES)
    assert desk.apply()["outcomes"] == {"updated": 1}
    assert {item["route"] for item in desk.plan(expect=Exit.CHANGES)["items"]} == {"contoso-servicenow"}
    desk.file.write_text(desk.file.read_text(encoding="utf-8").replace('"rescan": false', '"rescan": true'))
    code, _, complaint = desk.words("apply", str(desk.file), *KIM)
    assert (code, "was changed after it was made" in complaint) == (Exit.USAGE, True)


def test_beside_a_daemon(desk: Desk) -> None:
    desk.plan(expect=Exit.CHANGES)
    with daemon(desk.config) as running:
        wait_until(lambda: len(desk.served.control.contents("servicenow")["incident"]) == 1)
        wait_until(lambda: run_plan(desk) == Exit.OK)
        code, _, complaint = desk.words("apply", str(desk.file), *KIM)
        assert (code, "is in use by process" in complaint) == (Exit.STATE, True)
        assert running.stop() == 0


def run_plan(desk: Desk) -> int:
    return desk.words("plan")[0]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["plan", "--route", "nowhere"], "there is none named 'nowhere'; known: contoso-s"),
        (["apply", "missing.json", *KIM], "missing.json: cannot be read"),
        (["apply", "missing.json"], "missing.json: cannot be read"),
    ],
)
def test_bad_usage(desk: Desk, monkeypatch: pytest.MonkeyPatch, arguments: list[str], words: str) -> None:
    done = command_line(monkeypatch, [*arguments, "--config", str(desk.config)])
    assert done.code == Exit.USAGE
    assert words in done.err


def test_what_cannot_be_found_out_is_told_and_not_written_down(desk: Desk) -> None:
    rule = {"mock": "servicenow", "times": None, "fault": {"kind": "status", "status": 403}}
    desk.served.control.post("/faults", rule)
    plan = desk.plan(expect=Exit.WAITING)
    assert plan["incomplete"]
    assert not desk.file.exists()
