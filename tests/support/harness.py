"""Real processes for tests: mocks as `xdr-connector mock --json`, and commands of the connector.

Each is started as a user starts it or, where the environment names a loaded interpreter, forked off that one. What
the targets hold is read from the control API, never from the connector.
"""

import json
import os
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any, Protocol

import httpx
import yaml

from tests.support.preloaded import fork

PRELOADED = "XDR_CONNECTOR_TESTS_PRELOADED"  # the address of a loaded interpreter
STOP_SECONDS = 30.0
STDERR = 2
LIST_PATH = "/v1.0/security/incidents"


def command(*arguments: str) -> list[str]:
    """The connector's command line."""
    return [sys.executable, "-m", "connector", *arguments]


class Process(Protocol):
    """What tests need of `subprocess.Popen`."""

    @property
    def pid(self) -> int: ...

    def poll(self) -> int | None: ...

    def wait(self, timeout: float | None = None) -> int: ...

    def send_signal(self, sig: int) -> None: ...

    def terminate(self) -> None: ...

    def kill(self) -> None: ...


@contextmanager
def started(*arguments: str, out: IO[bytes], err: IO[bytes] | int) -> Iterator[Process]:
    """The program, writing to these files; it does not outlive the context."""
    address = os.environ.get(PRELOADED)
    process: Process = (
        fork(address, arguments, out.fileno(), err if isinstance(err, int) else err.fileno())
        if address
        else subprocess.Popen(command(*arguments), stdin=subprocess.DEVNULL, stdout=out, stderr=err)
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


@contextmanager
def printing(*arguments: str) -> Iterator[tuple[Process, IO[str]]]:
    """The program, and what it prints while it runs."""
    read, write = os.pipe()
    with (
        os.fdopen(read, encoding="utf-8") as printed,
        os.fdopen(write, "wb") as out,
        started(*arguments, out=out, err=STDERR) as process,
    ):
        out.close()  # the process alone holds it, so that what is printed ends with it
        yield process, printed


def call(*arguments: str, timeout: float = 60.0) -> "subprocess.CompletedProcess[str]":
    """Run a command to its end."""
    with TemporaryFile() as out, TemporaryFile() as err:
        with started(*arguments, out=out, err=err) as process:
            code = process.wait(timeout)
        return subprocess.CompletedProcess(arguments, code, _text(out), _text(err))


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode()


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

    process: Process
    first_line: dict[str, Any]
    control: Control

    @property
    def config(self) -> Path:
        return Path(self.first_line["config"])


@contextmanager
def mocks(*arguments: str) -> Iterator[Mocks]:
    """Serve mocks in a process of their own; SIGTERM at the end, and a good exit code is insisted on."""
    with printing("mock", "--json", *arguments) as (process, printed):
        try:
            first_line = json.loads(printed.readline())
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
    done = call(*arguments, "--json", "--config", str(config), timeout=600)
    assert done.returncode == expect, f"exit code {done.returncode}: {done.stderr[-2000:]}"
    return json.loads(done.stdout) if done.stdout.strip() else None


@dataclass(frozen=True)
class Daemon:
    """A running `xdr-connector run`."""

    process: Process

    def stop(self) -> int:
        """SIGTERM; returns the exit code."""
        self.process.terminate()
        return self.process.wait(STOP_SECONDS)

    def kill(self) -> None:
        """SIGKILL: nothing is tidied up."""
        self.process.kill()
        self.process.wait()


@contextmanager
def daemon(config: Path, log: IO[bytes] | None = None) -> Iterator[Daemon]:
    """Run the daemon; it does not outlive the context."""
    with (
        Path(os.devnull).open("wb") as nothing,
        started("run", "--config", str(config), out=log or nothing, err=log or nothing) as process,
    ):
        yield Daemon(process)


def wait_until(holds: Callable[[], bool], seconds: float = 60.0, pause: float = 0.05) -> None:
    """Look again and again until something holds in another process; fail when it takes too long."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, f"not within {seconds} s"
        time.sleep(pause)


def _answer(response: httpx.Response) -> Any:
    assert response.status_code < 300, response.text
    return response.json()
