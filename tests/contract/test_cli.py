"""The command line as scripts and people meet it: help, exit codes, JSON with its documented keys, no tracebacks."""

import asyncio
import json
import re
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from connector.cli import exits
from connector.cli.exits import Exit
from tests.support.commandline import Done, command_line
from tests.support.inprocess import Lab, lab, sync

COMMANDS = ("run", "sync", "check", "status", "show", "audit", "audit list", "audit verify", "mock", "demo")
Call = Callable[..., Done]


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch) -> Call:
    return lambda *arguments: command_line(monkeypatch, arguments)


@pytest.fixture(scope="module")
def used(tmp_path_factory: pytest.TempPathFactory) -> Lab:
    """A state with a history: two incidents, delivered, one of them changed."""
    made = lab(tmp_path_factory.mktemp("used"))
    asyncio.run(_use(made))
    return made


async def _use(made: Lab) -> None:
    made.world.graph.portal.create({"displayName": "Phish"})
    made.world.graph.portal.create({"displayName": "Scan \x1b[31m"})
    async with made.process() as app:
        await sync(app)
        made.advance(timedelta(minutes=1))
        made.world.graph.portal.comment("1", "Mind the gap.", "Kim")
        await sync(app)


@pytest.mark.parametrize("command", COMMANDS)
def test_help_says_what_a_command_does_and_gives_an_example(call: Call, command: str) -> None:
    done = call(*command.split(), "--help")
    assert done.code == 0
    assert re.search(rf"Usage: .* {command} ", done.out)
    if command != "audit":  # that one only groups others
        assert f"Example: xdr-connector {command}" in done.out


def test_help_names_every_command_and_the_version_is_printed(call: Call) -> None:
    done = call("--help")
    assert all(command.split()[0] in done.out for command in COMMANDS)
    assert re.fullmatch(r"xdr-connector \d+\.\d+\.\d+\n", call("--version").out)


def test_whoever_checks_a_mapping_does_not_wait_for_what_only_a_daemon_needs() -> None:
    heavy = {"alembic", "apscheduler", "sqlalchemy", "starlette", "structlog", "uvicorn"}
    script = (
        "import sys; from connector.cli import main; sys.argv = ['x', 'mapping', 'check', 'shipped:sentinel.yaml']\n"
        "try: main()\n"
        f"except SystemExit as end: print(end.code, sorted({heavy} & sys.modules.keys()))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "0 []"


def test_exit_codes_are_those_documented() -> None:
    documented = re.findall(r"^(\d)   ", exits.__doc__ or "", re.MULTILINE)
    assert [int(code) for code in documented] == [int(code) for code in Exit]


@pytest.mark.parametrize(
    "arguments",
    [
        ["nonsense"],
        ["status", "--no-such-option"],
        ["show"],
        ["sync", "--patience", "soon"],
        ["sync", "--patience", "-1"],
        ["audit", "list", "--outcome", "splendid"],
        ["audit", "verify", "--head", "12"],
        ["audit", "verify", "--head", f"²:{64 * 'a'}"],
        ["audit", "list", "--since", "99999999999999999999"],
        ["status", "--config", "/nowhere/config.yaml"],
        ["mock", "--incidents", "-3"],
        ["mock", "--scenario", "no-such-journey"],
    ],
    ids=" ".join,
)
def test_bad_usage_is_told_in_words(call: Call, arguments: Sequence[str]) -> None:
    done = call(*arguments)
    assert done.code == Exit.USAGE
    assert done.err.strip()
    assert "Traceback" not in done.out + done.err


def as_json(done: Done) -> Any:
    assert done.err == ""
    return json.loads(done.out)


def test_status_as_json(call: Call, used: Lab) -> None:
    done = call("status", "--json", "--config", str(used.config.path))
    assert done.code == Exit.OK
    status = as_json(done)
    assert {"now", "alive", "sources", "targets", "parked", "delayed", "parked_notes", "set_aside"} <= set(
        status
    )
    (source,) = status["sources"]
    assert source["position"] == "2026-01-31T10:01:00Z"
    assert {
        each["name"]: (each["waiting"], each["parked"], each["paused"]) for each in status["targets"]
    } == {
        "sentinel": (0, 0, None),
        "servicenow": (0, 0, None),
    }
    assert {"due", "not_there_yet", "oldest_since", "behind_seconds"} <= set(status["targets"][0])


def test_status_for_people_and_for_health_checks(call: Call, used: Lab) -> None:
    done = call("status", "--config", str(used.config.path))
    assert done.code == Exit.OK
    assert "source contoso: read up to 2026-01-31T10:01:00Z" in done.out
    assert all(target in done.out for target in ("sentinel", "servicenow"))
    health = call("status", "--health", "--config", str(used.config.path))
    assert (health.code, health.err) == (Exit.WAITING, "no sign of life from a daemon on this state\n")


def test_show_as_json(call: Call, used: Lab) -> None:
    (shown,) = as_json(call("show", "1", "--json", "--config", str(used.config.path)))
    assert {"tenant", "incident", "snapshot", "records", "waiting", "audit"} <= set(shown)
    assert shown["snapshot"]["displayName"] == "Phish"
    assert {each["target"] for each in shown["records"]} == {"sentinel", "servicenow"}
    assert [each["outcome"] for each in shown["audit"] if "outcome" in each] == 2 * ["created"] + 2 * [
        "updated"
    ]


def test_show_for_people_says_what_happened_and_steers_no_terminal(call: Call, used: Lab) -> None:
    done = call("show", "1", "--config", str(used.config.path))
    assert "status active" in done.out
    assert "INC0010001" in done.out
    assert "\x1b" not in call("show", "2", "--config", str(used.config.path)).out


def test_incident_that_was_never_read_is_no_error_of_the_program(call: Call, used: Lab) -> None:
    config = ["--config", str(used.config.path)]
    mapping, *_ = used.config.routes[0].mapping.sources[0]
    for command in (
        ["show", "4711"],
        ["mapping", "test", mapping, "--route", "contoso-sentinel", "--from-incident", "4711"],
    ):
        done = call(*command, *config)
        assert done.code == Exit.FAILED, command
        assert done.err.startswith(
            "incident 4711 was never read, or was erased; `xdr-connector status` shows"
        )
    filtered = call("audit", "list", "--incident", "4711", *config)
    assert (filtered.code, filtered.out, filtered.err) == (Exit.OK, "", "no row fits\n")


def test_audit_rows_as_json_lines(call: Call, used: Lab) -> None:
    done = call("audit", "list", "--json", "--incident", "1", "--config", str(used.config.path))
    rows = [json.loads(line) for line in done.out.splitlines()]
    assert [row["seq"] for row in rows] == sorted(row["seq"] for row in rows)
    assert all({"v", "seq", "at", "kind", "hash", "private", "private_digests"} <= set(row) for row in rows)
    assert {row["incident"] for row in rows} == {"1"}
    only = call("audit", "list", "--outcome", "created", "--limit", "1", "--config", str(used.config.path))
    assert len(only.out.splitlines()) == 1
    assert "created" in only.out


def test_audit_proves_itself(call: Call, used: Lab) -> None:
    config = str(used.config.path)
    said = as_json(call("audit", "verify", "--json", "--config", config))
    assert set(said) == {"ok", "checked", "erased", "breaks", "head"}
    assert said["ok"]
    assert call("audit", "verify", "--head", said["head"], "--config", config).code == Exit.OK
    number, _, digest = said["head"].partition(":")
    other = f"{number}:{digest[::-1]}"
    assert call("audit", "verify", "--head", other, "--config", config).code == Exit.ALTERED


def test_altered_audit_is_noticed(call: Call, tmp_path: Path) -> None:
    made = lab(tmp_path)
    asyncio.run(_use(made))
    with sqlite3.connect(tmp_path / "state.db") as state:
        state.execute("UPDATE audits SET body = CAST(replace(body, 'update', 'upgrade') AS BLOB)")
    state.close()
    done = call("audit", "verify", "--json", "--config", str(made.config.path))
    assert done.code == Exit.ALTERED
    assert json.loads(done.out)["breaks"]


def test_check_as_json(call: Call, used: Lab) -> None:
    said = as_json(call("check", "--json", "--config", str(used.config.path)))
    assert (said["ok"], said["problems"], said["notices"], said["peers"]) == (True, [], [], [])
    assert {each["name"] for each in said["routes"]} == {"contoso-sentinel", "contoso-servicenow"}
    assert all(
        {"source", "target", "mapping", "mapping_hash", "examples"} <= set(each) for each in said["routes"]
    )


def test_check_for_people(call: Call, used: Lab) -> None:
    done = call("check", "--config", str(used.config.path))
    assert done.code == Exit.OK
    assert "no problems found" in done.out


def test_problems_as_json(call: Call, tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text("version: 1\nstat: {}\n", encoding="utf-8")
    done = call("check", "--json", "--config", str(path))
    assert done.code == Exit.USAGE
    said = json.loads(done.out)
    assert not said["ok"]
    assert {"what", "remedy", "key", "file", "line", "column"} == set(said["problems"][0])


@pytest.mark.parametrize("name", ["soc.passwd", "token", "my-secret"])
def test_place_of_a_problem_is_told_whatever_the_file_is_called(
    call: Call, tmp_path: Path, name: str
) -> None:
    path = tmp_path / name
    path.write_text("version: 1\nstat: {token: abc}\n", encoding="utf-8")
    done = call("check", "--config", str(path))
    assert f"{path}:2:1 stat: " in done.err
    assert "redacted" not in done.err


def test_state_that_was_never_made_is_told_with_a_remedy(call: Call, tmp_path: Path) -> None:
    done = call("status", "--config", str(lab(tmp_path).config.path))
    assert done.code == Exit.STATE
    assert "there is no state at" in done.err
    assert "start the service once" in done.err
