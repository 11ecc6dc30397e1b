"""The commands about mappings in force, beside a daemon that hears of them by a signal."""

import signal
from pathlib import Path

import pytest
import yaml

from connector.app import system_user
from connector.cli.exits import Exit
from connector.config import shipped_mappings
from tests.flow.test_signals import call
from tests.support.harness import Control, config_in, daemon, mocks, run, wait_until

pytestmark = pytest.mark.usefixtures("preloaded")
WHO = ("--as", "kim", "--reason", "CHG0031")
ROUTE = ("--route", "contoso-servicenow")


def with_own_mapping(config: Path) -> Path:
    """Let the route to ServiceNow have a file beside the configuration, and the brake be quick."""
    said = yaml.safe_load(config.read_text())
    file = config.with_name("own.yaml")
    text = (shipped_mappings() / "servicenow-incident.yaml").read_text(encoding="utf-8")
    file.write_text(text.split("\nexamples:")[0] + "\n")
    next(each for each in said["routes"] if each["target"] == "servicenow")["mapping"] = "own.yaml"
    said["brakes"] = {"changed_least": 1}
    config.write_text(yaml.safe_dump(said))
    return file


def titles(control: Control) -> set[str]:
    return {row["short_description"].split()[0] for row in control.contents("servicenow")["incident"]}


def active(config: Path, expect: int = 0) -> dict[str, object]:
    found = run(config, "status", expect=expect)["mappings"]
    return next(each for each in found if each["route"] == ROUTE[1])


def test_daemon_hears_of_edits_and_of_commands_by_a_signal(tmp_path: Path) -> None:
    with mocks("--scenario", "reopened") as served:
        config, control = config_in(tmp_path, served.config, every="1h"), served.control
        file = with_own_mapping(config)
        right = file.read_text()
        with daemon(config) as running:
            wait_until(lambda: titles(control) == {"[XDR"})

            def told(verdict: str) -> bool:
                offered = active(config, expect=Exit.WAITING)["offered"]
                return isinstance(offered, dict) and offered["verdict"] == verdict

            file.write_text("version: [")
            running.process.send_signal(signal.SIGHUP)
            wait_until(lambda: call(config, "status").returncode == Exit.WAITING)
            assert told("invalid")
            assert f"{file}:1:" in call(config, "status").stdout.replace("\n", "")
            assert call(config, "check").returncode == Exit.USAGE
            assert call(config, "mapping", "activate", *ROUTE, *WHO).returncode == Exit.USAGE
            file.write_text(right.replace("[XDR", "Alarm: [", 1))
            running.process.send_signal(signal.SIGHUP)
            wait_until(lambda: told("held"))
            assert titles(control) == {"[XDR"}
            assert "the file is not in force" in call(config, "check").stderr
            assert run(config, "mapping", "activate", *ROUTE, *WHO)["n"] == 2
            running.process.send_signal(signal.SIGHUP)
            wait_until(lambda: titles(control) == {"Alarm:"})
            assert call(config, "mapping", "activate", *ROUTE, *WHO).returncode == Exit.FAILED
            assert run(config, "mapping", "rollback", *ROUTE)["n"] == 3
            running.process.send_signal(signal.SIGHUP)
            wait_until(lambda: titles(control) == {"[XDR"})
            assert running.stop() == 0
        _history(config)
        file.write_text("version: [")
        assert call(config, "sync", "--as", "kim").returncode == 0
        assert titles(control) == {"[XDR"}
        assert run(config, "audit", "verify")["ok"]


def _history(config: Path) -> None:
    told = run(config, "mapping", "history", *ROUTE)
    assert [(each["n"], each["how"], each["revoked"]) for each in told] == [
        (1, "first", False),
        (2, "operator", True),
        (3, "rollback", False),
    ]
    assert [(each["author"], each["reason"]) for each in told[1:]] == [
        ("kim", "CHG0031"),
        (system_user(), "no reason given"),
    ]
    lines = call(config, "mapping", "history").stdout.splitlines()
    assert len(lines) == 4
    assert "taken back; operator, by kim: CHG0031" in lines[2]
