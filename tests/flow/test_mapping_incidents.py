"""What `mapping` says of stored incidents and of those in files: explained, compared, made examples."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from connector.cli.exits import Exit
from connector.config import shipped_mappings
from tests.support.commandline import Done, command_line
from tests.support.inprocess import Lab
from tests.support.storied import SMALL, stocked, tenant_of, written

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


@pytest.fixture
def of_route(state: Lab) -> list[str]:
    return ["--config", str(state.config.path), "--route", "contoso-servicenow"]


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


def test_the_route_is_the_one_that_a_mapping_can_be_meant_for(call: Call, of_route: list[str]) -> None:
    config, name = of_route[:2], written("mine.yaml", SERVICENOW)
    assert fields(call("explain", "shipped:sentinel.yaml", "4711", *config, "--json"))["status"]
    assert fields(call("explain", name, "4711", *config, "--json"))["state"]["outcome"] == "6"
    assert call("diff", "shipped:servicenow-incident.yaml", name, *config).code == Exit.OK
    torn = written("torn.yaml", "version: 1\nname: torn\ntarget: [servicenow]\n")
    for arguments in (
        [torn, "4711"],
        ["4711"],
        ["shipped:servicenow-sir.yaml", "4711"],
        ["gone.yaml", "4711"],
    ):
        done = call("explain", *arguments, *config)
        assert (done.code, "name one of: contoso-s" in done.err) == (Exit.USAGE, True)


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
