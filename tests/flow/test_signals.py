"""Daemons as processes: one for each state, what signals do to it, and a disk that refuses."""

import resource
import signal
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import pytest

from connector.cli.exits import Exit
from tests.support import harness
from tests.support.harness import Control, command, config_in, daemon, mocks, run, wait_until

pytestmark = pytest.mark.usefixtures("preloaded")


def call(config: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return harness.call(*arguments, "--config", str(config))


def change_all(control: Control, **values: str) -> None:
    for incident in control.contents("xdr")["incidents"]:
        control.patch(f"/incidents/{incident['id']}", values)


def under_way(folder: Path) -> int:
    """How many writes to ServiceNow were begun and not yet answered."""
    with closing(sqlite3.connect(f"file:{folder / 'state.db'}?mode=ro", uri=True)) as state:
        query = "SELECT count(*) FROM wanted WHERE target = 'servicenow' AND token IS NOT NULL"
        return int(state.execute(query).fetchone()[0])


def test_one_daemon_for_each_state_and_its_signals(tmp_path: Path) -> None:
    with mocks("--scenario", "reopened") as served:
        config, control = config_in(tmp_path, served.config, every="1h"), served.control
        for number in range(2):
            control.post("/incidents", {"displayName": f"Another {number}"})
        with daemon(config) as running:
            wait_until(lambda: len(control.contents("servicenow")["incident"]) == 3)
            second = call(config, "sync")
            assert second.returncode == Exit.STATE
            assert f"process {running.process.pid}" in second.stderr
            assert len(second.stderr.splitlines()) == 1
            assert running.stop() == 0
        assert under_way(tmp_path) == 0
        _first_signal_lets_writes_end(tmp_path, config, control)
        _second_signal_does_not(tmp_path, config, control)
        assert call(config, "sync").returncode == 0
        texts = {
            row["short_description"].partition("] ")[2] for row in control.contents("servicenow")["incident"]
        }
        assert texts == {"Renamed again"}
        assert run(config, "audit", "verify")["ok"]


def _first_signal_lets_writes_end(folder: Path, config: Path, control: Control) -> None:
    change_all(control, displayName="Renamed")
    control.patch("/settings/world", {"servicenow_delay": 1.0})
    with daemon(config) as running:
        wait_until(lambda: under_way(folder) > 0)
        assert running.stop() == 0
    assert under_way(folder) == 0


def _second_signal_does_not(folder: Path, config: Path, control: Control) -> None:
    change_all(control, displayName="Renamed again")
    control.patch("/settings/world", {"servicenow_delay": 15.0})
    with daemon(config) as running:
        wait_until(lambda: under_way(folder) > 0)
        running.process.terminate()
        with pytest.raises(subprocess.TimeoutExpired):
            running.process.wait(1)
        running.process.terminate()
        assert running.process.wait(10) == 128 + signal.SIGTERM
    assert under_way(folder) > 0
    control.patch("/settings/world", {"servicenow_delay": 0.0})


@pytest.mark.verify
def test_disk_that_refuses_is_told_by_the_command(tmp_path: Path) -> None:
    with mocks("--incidents", "60") as served:
        config = config_in(tmp_path, served.config)
        limit = 300_000

        def small_files_only() -> None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

        done = subprocess.run(
            [*command("sync"), "--config", str(config)],
            preexec_fn=small_files_only,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == Exit.STATE
        assert str(tmp_path / "state.db") in done.stderr
        assert "Traceback" not in done.stderr
        assert call(config, "sync").returncode == 0
        assert {each["waiting"] for each in run(config, "status")["targets"]} == {0}
        assert run(config, "audit", "verify")["ok"]
