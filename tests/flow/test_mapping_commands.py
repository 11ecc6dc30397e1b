"""The commands under `mapping`, called as an engineer calls them, beside a small state."""

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from connector.cli.exits import Exit
from connector.cli.mapping_files import binding_of
from connector.config import shipped_mappings
from connector.errors import ConfigError
from tests.support.commandline import Done, command_line
from tests.support.inprocess import Lab, lab
from tests.support.storied import incident, store, story, tenant_of

SERVICENOW = (shipped_mappings() / "servicenow-incident.yaml").read_text(encoding="utf-8")
SMALL = """\
version: 1
name: small
target: servicenow
fields:
  short_description: "{{ displayName }} for {{ vars.team }} from {{ source.name }}"
  impact: {from: severity, values: {high: 1, medium: 2}, otherwise: 3}
examples:
  - name: high
    incident: {severity: high}
    expect: {fields: {impact: 1}}
  - name: low
    incident: {severity: low}
    expect: {fields: {impact: 3}}
"""
Call = Callable[..., Done]


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Call:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "small.yaml").write_text(SMALL, encoding="utf-8")
    return lambda *arguments: command_line(monkeypatch, ["mapping", *arguments])


@pytest.fixture
def state(tmp_path: Path) -> Lab:
    made = lab(tmp_path)
    tenant = tenant_of(made)
    others = [incident(tenant, number, severity=("high", "low")[number % 2]) for number in range(1, 7)]
    store(made, *story(tenant), *others)
    return made


@pytest.fixture
def of_route(state: Lab) -> list[str]:
    return ["--config", str(state.config.path), "--route", "contoso-servicenow"]


def written(name: str, text: str) -> str:
    Path(name).write_text(text, encoding="utf-8")
    return name


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


def test_an_example_from_an_incident_passes_at_once(call: Call, of_route: list[str]) -> None:
    name = written("mine.yaml", SERVICENOW)
    printed = call("test", name, "--from-incident", "4711", *of_route)
    assert (printed.code, printed.err) == (Exit.OK, "")
    assert "kim" not in printed.out
    assert "state: 6" in printed.out
    assert Path(name).read_text(encoding="utf-8") == SERVICENOW
    for _ in range(2):
        assert call("test", name, "--from-incident", "4711", "--write", *of_route).code == Exit.OK
    text = Path(name).read_text(encoding="utf-8")
    assert text.startswith(SERVICENOW)
    assert printed.out in text
    assert "- name: incident 4711 (2)" in text.replace('"', "")
    done = call("test", name, *of_route)
    assert (done.code, done.out) == (Exit.OK, f"{name}: 14 of 14 examples passed\n")
    assert not [path for path in Path().iterdir() if path.name.startswith(".mine")]


def test_examples_are_neither_made_of_nothing_nor_written_to_shipped_files(
    call: Call, of_route: list[str]
) -> None:
    assert (
        call("test", "shipped:servicenow-incident.yaml", "--from-incident", "99", *of_route).code
        == Exit.FAILED
    )
    done = call("test", "shipped:servicenow-incident.yaml", "--from-incident", "4711", "--write", *of_route)
    assert done.code == Exit.USAGE


def fields(done: Done) -> dict[str, Any]:
    return {each["field"]: each for each in json.loads(done.out)["fields"]}


def test_explain_a_stored_incident(call: Call, state: Lab, of_route: list[str]) -> None:
    done = call("explain", "4711", *of_route, "--json")
    found = fields(done)
    assert done.code == Exit.OK
    assert (found["state"]["outcome"], found["assigned_to"]["mode"]) == ("6", "unless_edited")
    line = SERVICENOW.splitlines()[found["state"]["decided"]["line"] - 1]
    assert "resolved: 6" in line
    assert found["state"]["looked"] == [{"name": "status", "value": "resolved", "unknown": False}]
    assert [each["rule"] for each in json.loads(done.out)["notes"]] == ["status"]
    shown = call("explain", f"{tenant_of(state)}/4711", *of_route)
    assert "servicenow-incident.yaml:" in shown.out
    assert "status = resolved" in shown.out
    named = call("explain", "shipped:sentinel.yaml", "4711", *of_route[:2], "--route", "contoso-sentinel")
    assert "Closed" in named.out


def test_explain_an_earlier_revision(call: Call, of_route: list[str]) -> None:
    earlier = fields(call("explain", "4711", "--at", "2026-01-30T10:00:02", *of_route, "--json"))
    assert earlier["state"]["outcome"] == "2"
    gone = call("explain", "4711", "--at", "2026-01-30T10:00:01Z", *of_route)
    assert gone.code == Exit.FAILED
    assert gone.err == (
        "expired: 2026-01-30T10:00:01Z is not stored any more; the oldest revision there is 2026-01-30T10:00:02Z\n"
    )
    assert "several revisions" in call("explain", "4711", "--at", "2026-01-30", *of_route).err
    assert "there is no revision 2027" in call("explain", "4711", "--at", "2027", *of_route).err
    assert call("explain", "99", *of_route).code == Exit.FAILED


@pytest.mark.parametrize(
    "text",
    [
        '{"severity": "low", "displayName": "a"}',
        "severity: low\ndisplayName: a\n",
        '{"severity": "low", "displayName": "a", "alerts": [' + '{"x": 1},' * 30000 + '{"evidence": []}]}',
        "{incident: {severity: low, displayName: a}, old: {severity: high}}",
        '{"value": [{"severity": "low", "displayName": "a", "alerts": [], "@odata.etag": "x"}]}',
    ],
)
def test_explain_an_incident_in_a_file(call: Call, text: str) -> None:
    found = fields(
        call(
            "explain",
            "small.yaml",
            written("i.json", text),
            "--vars",
            "team=SOC",
            "--source-name",
            "us",
            "--json",
        )
    )
    assert found["impact"]["outcome"] == "3"
    assert found["short_description"]["outcome"] == "a for SOC from us"


@pytest.mark.parametrize("text", ["[]", "5", '{"value": [{}, {}]}', "{", ""])
def test_explain_what_is_no_incident(call: Call, text: str) -> None:
    done = call("explain", "small.yaml", written("i.json", text), "--vars", "team=SOC")
    if text.startswith('{"value"'):
        assert done.code == Exit.OK  # an object of which nothing is known
    else:
        assert (done.code, "i.json" in done.err) == (Exit.USAGE, True)


def test_explain_shows_nothing_that_steers_a_terminal(call: Call) -> None:
    name = written("i.json", json.dumps({"displayName": "\x1b[2J[bold]x", "status": "la\x1bter"}))
    done = call("explain", "shipped:sentinel.yaml", name)
    assert done.code == Exit.OK
    assert "\x1b" not in done.out
    assert "[bold]x" in done.out
    assert "undecided" in done.out


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


def test_diff(call: Call, of_route: list[str]) -> None:
    new = written(
        "new.yaml", SERVICENOW.replace("resolved: 6, redirected: 6}", "resolved: 7, redirected: 6}", 1)
    )
    for old in ("active", "shipped:servicenow-incident.yaml"):
        done = call("diff", old, new, *of_route, "--json")
        assert done.code == Exit.CHANGES
        assert json.loads(done.out) == {
            "incidents": 7,
            "changed": 1,
            "changes": [
                {
                    "what": "field", "name": "state", "before": "6", "after": "7",
                    "count": 1, "incidents": ["4711"],
                }
            ],
        }  # fmt: skip
    shown = call("diff", "active", new, *of_route)
    assert "6 -> 7" in shown.out
    assert "1 of 7 stored incidents would change" in shown.out


def test_diff_without_a_difference(call: Call, of_route: list[str]) -> None:
    done = call("diff", "active", "shipped:servicenow-incident.yaml", *of_route)
    assert (done.code, done.out) == (Exit.OK, "0 of 7 stored incidents would change\n")
    assert call("diff", "active", "shipped:sentinel.yaml", *of_route).code == Exit.USAGE
    assert call("diff", "active", "nowhere.yaml", *of_route).code == Exit.USAGE
    assert call("diff", "active", "small.yaml", *of_route[:2]).code == Exit.USAGE  # which route?


def test_a_mapping_that_is_wrong_can_still_be_worked_on(call: Call, state: Lab) -> None:
    """The route's own file fails its examples: explaining and testing it is what is needed now."""
    text = state.config.path.read_text(encoding="utf-8")
    broken = written(
        "broken.yaml", SERVICENOW.replace("resolved: 6, redirected: 6}", "resolved: 7, redirected: 6}", 1)
    )
    config = written(
        "broken-config.yaml", text.replace(str(shipped_mappings() / "servicenow-incident.yaml"), broken)
    )
    route = ["--config", config, "--route", "contoso-servicenow"]
    assert fields(call("explain", "4711", *route, "--json"))["state"]["outcome"] == "7"
    assert call("test", broken, *route).code == Exit.FAILED
    assert call("test", broken, "--from-incident", "4711", *route).code == Exit.OK


def test_binding_needs_a_configuration_that_can_be_read(tmp_path: Path) -> None:
    with pytest.raises(ConfigError):
        binding_of([], config=tmp_path / "none.yaml", route="r")
