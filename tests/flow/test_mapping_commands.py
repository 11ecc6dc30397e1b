"""The commands under `mapping`, called as an engineer calls them, beside a small state."""

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from connector.cli.exits import Exit
from connector.cli.mapping_files import binding_of
from connector.config import shipped_mappings
from connector.errors import ConfigError
from tests.support.commandline import Done, command_line
from tests.support.inprocess import Lab
from tests.support.storied import SMALL, stocked, written

SERVICENOW = (shipped_mappings() / "servicenow-incident.yaml").read_text(encoding="utf-8")
Call = Callable[..., Done]


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Call:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "small.yaml").write_text(SMALL, encoding="utf-8")
    return lambda *arguments: command_line(monkeypatch, ["mapping", *arguments])


@pytest.fixture
def state(tmp_path: Path) -> Lab:
    return stocked(tmp_path)


def shipped() -> list[str]:
    return [f"shipped:{path.name}" for path in sorted(shipped_mappings().glob("*.yaml"))]


@pytest.mark.parametrize("command", ["check", "test"])
def test_everything_shipped_is_right(call: Call, command: str) -> None:
    done = call(command, *shipped())
    assert (done.code, done.err) == (Exit.OK, "")
    assert [line.partition(": ")[0] for line in done.out.splitlines()] == shipped()


def test_check_tells_of_every_file_at_once(call: Call) -> None:
    one = written("one.yaml", SMALL.replace("high: 1, medium: 2", "hihg: 1"))
    two = written("two.yaml", SMALL.replace("impact: 1", "impact: 2"))
    done = call("check", one, two, "small.yaml", "--vars", "team=SOC")
    assert done.code == Exit.USAGE
    assert done.out == "small.yaml: 2 fields, 0 decisions, 2 examples passed\n"
    assert "one.yaml:6:" in done.err
    assert "two.yaml:10:" in done.err
    assert "2 problems found" in done.err


def test_check_for_programs(call: Call) -> None:
    done = call("check", written("one.yaml", SMALL.replace("high: 1, ", "hihg: 1, ")), "small.yaml", "--json")
    said = json.loads(done.out)
    assert (done.code, said["ok"], said["files"]) == (Exit.USAGE, False, [])
    assert {"file", "line", "column", "key", "what", "remedy"} == set(said["problems"][0])
    assert {(each["file"], each["key"]) for each in said["problems"]} >= {
        ("small.yaml", "fields.short_description")
    }
    fine = json.loads(call("check", "small.yaml", "--vars", "team=SOC", "--json").out)
    assert (fine["ok"], fine["files"][0]["examples"]) == (True, 2)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["check", "nowhere.yaml"], "nowhere.yaml: cannot be read: No such file"),
        (["check", "shipped:nothing.yaml"], "one of: shipped:sentinel-microsoft.yaml"),
        (["check", "small.yaml"], "the route has no var `team`"),
        (["check", "small.yaml", "--vars", "missing.yaml"], "missing.yaml cannot be read"),
        (["check", "small.yaml", "--route", "r"], "add --config"),
        (["test", "small.yaml", "--write"], "--from-incident"),
        (["test", "small.yaml", "small.yaml", "--from-incident", "1"], "one file"),
        (["test", "small.yaml", "--vars", "team=x", "--from-incident", "1"], "where --config says"),
        (["explain", "small.yaml"], "name a mapping file and an incident"),
        (["explain", "shipped:sentinel.yaml", "12"], "there is no file '12'"),
        (["coverage", "shipped:sentinel.yaml", "--fields", "stauts"], "status"),
        (["coverage", "shipped:sentinel.yaml", "--csv", "--json"], "choose"),
    ],
    ids=lambda each: " ".join(each) if isinstance(each, list) else "",
)
def test_bad_usage(call: Call, arguments: list[str], says: str) -> None:
    done = call(*arguments)
    assert done.code == Exit.USAGE
    assert says in " ".join(done.err.replace("│", " ").split())


def test_vars_come_from_files_pairs_and_routes(tmp_path: Path, state: Lab) -> None:
    path = tmp_path / "vars.yaml"
    path.write_text("team: A\nother: [1]\n", encoding="utf-8")
    found = binding_of([str(path), "team=B", "number=042", "count=42", "empty="])
    assert found.variables == {"team": "B", "other": [1], "number": "042", "count": 42, "empty": ""}
    bound = binding_of(["team=B"], config=state.config.path, route="contoso-servicenow")
    assert (bound.source, bound.target, bound.microsoft_owned, bound.variables) == (
        "contoso", "servicenow", False, {"team": "B"},
    )  # fmt: skip


def test_secrets_among_the_vars_are_not_told(call: Call) -> None:
    text = SMALL.replace("vars.team", "vars.password").replace(
        "impact: 1}", "impact: 1, short_description: x}"
    )
    done = call("check", written("one.yaml", text), "--vars", "password=hunter2000")
    assert done.code == Exit.USAGE
    assert "hunter2000" not in done.err + done.out


def test_a_failing_example_is_shown_field_by_field(call: Call) -> None:
    name = written("one.yaml", SMALL.replace("{impact: 3}", "{impact: 2, urgency: 1}"))
    done = call("test", name, "small.yaml", "--vars", "team=SOC")
    assert done.code == Exit.FAILED
    assert done.out.splitlines() == [
        "one.yaml:11 example `low`",
        "  impact  (one.yaml:13)",
        "    expected  2",
        "    found     3",
        "  urgency  (one.yaml:13)",
        "    expected  1",
        "    found     leave",
        "one.yaml: 1 of 2 examples passed",
        "small.yaml: 2 of 2 examples passed",
    ]
    said = json.loads(call("test", name, "--vars", "team=SOC", "--json").out)
    (failed,) = (each for each in said["files"][0]["examples"] if not each["passed"])
    assert failed["differences"][0] == {
        "what": "impact", "expected": "2", "found": "3", "file": "one.yaml", "line": 13, "column": 23,
    }  # fmt: skip


def test_coverage(call: Call) -> None:
    done = call("coverage", "shipped:sentinel.yaml", "--fields", "status,tags")
    assert (done.code, done.err) == (Exit.OK, "")
    assert "Awaiting Customer Action" in done.out
    assert "no field is left alone in any of 1200 states" in done.out
    said = json.loads(call("coverage", "shipped:servicenow-incident.yaml", "--json").out)
    assert (len(said["states"]), said["left"]["hold_reason"]) == (1200, 960)


def test_coverage_as_csv_holds_no_formulas(call: Call) -> None:
    text = SMALL.replace('"{{ displayName }} for', '"=cmd {{ status }}')
    done = call("coverage", written("one.yaml", text), "--vars", "team=SOC", "--csv")
    rows = list(csv.reader(io.StringIO(done.out)))
    assert rows[0] == [
        "status", "classification", "determination", "assignedTo",
        "short_description", "impact", "tags", "create", "excluded",
    ]  # fmt: skip
    assert len(rows) == 1201
    assert all(cell[:1] not in {"=", "+", "-", "@"} for row in rows for cell in row)


def test_binding_needs_a_configuration_that_can_be_read(tmp_path: Path) -> None:
    with pytest.raises(ConfigError):
        binding_of([], config=tmp_path / "none.yaml", route="r")
