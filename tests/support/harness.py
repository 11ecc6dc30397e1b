"""Real processes for tests: mocks as `xdr-connector mock --json`, and commands of the connector.

Both are started as a user starts them. What the targets hold is read from the control API, never from the
connector.
"""

import json
import os
import signal
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import httpx
import yaml

START_SECONDS = 30.0
STOP_SECONDS = 30.0
LIST_PATH = "/v1.0/security/incidents"


def command(*arguments: str) -> list[str]:
    """The connector's command line."""
    return [sys.executable, "-m", "connector", *arguments]


@dataclass(frozen=True)
class Control:
    """A client of the control API."""

    client: httpx.Client

    def get(self, path: str, **params: str | int) -> Any:
        return _answer(self.client.get(path, params=params))

    def post(self, path: str, body: Any = None) -> Any:
        return _answer(self.client.post(path, json=body if body is not None else {}))

    def patch(self, path: str, body: Any) -> Any:
        return _answer(self.client.patch(path, json=body))

    def delete(self, path: str) -> Any:
        return _answer(self.client.delete(path))

    def contents(self, mock: str) -> Any:
        return self.get(f"/contents/{mock}")

    def log(self, mock: str = "", since: int = 0, *, writes: bool = False) -> list[dict[str, Any]]:
        """Entries of the request log after number `since`, oldest first."""
        params: dict[str, str | int] = {"since": since, "writes": str(writes).lower(), "limit": 1_000_000}
        entries: list[dict[str, Any]] = self.get("/log", **params | ({"mock": mock} if mock else {}))[
            "entries"
        ]
        return entries

    def last_entry(self) -> int:
        entries = self.log()
        return entries[-1]["seq"] if entries else 0

    def counts(self) -> dict[str, dict[str, int]]:
        """How many reads, writes and token requests each mock has heard since its log was cleared."""
        counts: dict[str, dict[str, int]] = self.get("/log/counts")["counts"]
        return counts


@dataclass(frozen=True)
class Mocks:
    """A running `xdr-connector mock`: `first_line` is what it printed."""

    process: "subprocess.Popen[str]"
    first_line: dict[str, Any]
    control: Control

    @property
    def config(self) -> Path:
        return Path(self.first_line["config"])


@contextmanager
def mocks(*arguments: str) -> Iterator[Mocks]:
    """Serve mocks in a process of their own; SIGTERM at the end, and a good exit code is insisted on."""
    process = subprocess.Popen(command("mock", "--json", *arguments), stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    with process, process.stdout:
        try:
            first_line = json.loads(process.stdout.readline())
            url, verify = (
                first_line["control"]["url"],
                ssl.create_default_context(cafile=first_line["ca_file"]),
            )
            with httpx.Client(base_url=url, verify=verify, timeout=60, trust_env=False) as client:
                yield Mocks(process, first_line, Control(client))
        finally:
            process.terminate()
            code = process.wait(STOP_SECONDS)
    assert code == 0


def config_in(folder: Path, template: Path, *, every: str = "2s", **delivery: Any) -> Path:
    """A copy of a configuration with its state in `folder`, another poll interval and delivery options."""
    document = yaml.safe_load(template.read_text(encoding="utf-8"))
    document["state"]["url"] = f"sqlite:///{folder / 'state.db'}"
    for source in document["sources"]:
        source["poll"]["every"] = every
    if delivery:
        document["delivery"] = delivery
    path = folder / "config.yaml"
    path.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
    return path


def run(config: Path, *arguments: str, expect: int = 0) -> Any:
    """Run a command with `--json` to its end and return what it printed."""
    done = subprocess.run(
        [*command(*arguments), "--json", "--config", str(config)],
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == expect, f"exit code {done.returncode}: {done.stderr[-2000:]}"
    return json.loads(done.stdout) if done.stdout.strip() else None


@dataclass(frozen=True)
class Daemon:
    """A running `xdr-connector run`."""

    process: "subprocess.Popen[bytes]"

    def stop(self) -> int:
        """SIGTERM; returns the exit code."""
        self.process.terminate()
        return self.process.wait(STOP_SECONDS)

    def kill(self) -> None:
        """SIGKILL: nothing is tidied up."""
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait()


@contextmanager
def daemon(config: Path, log: IO[bytes] | int = subprocess.DEVNULL) -> Iterator[Daemon]:
    """Run the daemon; it does not outlive the context."""
    with subprocess.Popen(command("run", "--config", str(config)), stdout=log, stderr=log) as process:
        try:
            yield Daemon(process)
        finally:
            if process.poll() is None:
                process.kill()


def wait_until(holds: Callable[[], bool], seconds: float = 30.0, pause: float = 0.05) -> None:
    """Look again and again until something holds in another process; fail when it takes too long."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, f"not within {seconds} s"
        time.sleep(pause)


def _answer(response: httpx.Response) -> Any:
    assert response.status_code < 300, response.text
    return response.json()
