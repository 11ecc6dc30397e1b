"""An interpreter that has loaded the connector once, and becomes the program again and again, by fork.

An interpreter takes a second or two to load everything; a fork takes milliseconds. What it becomes is a process like
any other, with its own memory, files, signals, connections and end; only its beginning is skipped. Where that is what
is tested, an interpreter is to be started instead.

Run as a program it listens at a socket. Each connection brings arguments, an environment, a folder and the two files to
write to; it hears the new process's id, and then how that one ended. Between the two stands a process of its own that
waits for nothing else.
"""

import gc
import importlib
import json
import os
import pkgutil
import runpy
import select
import signal
import socket
import struct
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypedDict

_NUMBER = struct.Struct("!i")


class Order(TypedDict):
    """What a fork is to become."""

    arguments: Sequence[str]
    folder: str
    environment: dict[str, str]


class Forked:
    """A forked program, from the side of a test; what is asked of it is asked as of `subprocess.Popen`."""

    def __init__(self, arguments: Sequence[str], line: socket.socket) -> None:
        self._arguments = arguments
        self._line = line
        self._code: int | None = None
        self.pid = self._heard()

    def poll(self) -> int | None:
        """The exit code, negative after a signal; None while it runs."""
        with suppress(subprocess.TimeoutExpired):
            return self.wait(0)
        return None

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the end, so many seconds; returns the exit code, raises TimeoutExpired."""
        if self._code is None:
            self._line.settimeout(timeout)
            try:
                self._code = self._heard()
            except (TimeoutError, BlockingIOError):
                raise subprocess.TimeoutExpired(self._arguments, timeout or 0) from None
            self._line.close()
        return self._code

    def send_signal(self, sig: int) -> None:
        """Send a signal, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, sig)

    def terminate(self) -> None:
        """SIGTERM."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """SIGKILL."""
        self.send_signal(signal.SIGKILL)

    def _heard(self) -> int:
        (number,) = _NUMBER.unpack(self._line.recv(_NUMBER.size))
        return int(number)


def fork(address: str, arguments: Sequence[str], out: int, err: int) -> Forked:
    """Let the interpreter at an address become the program, which writes to these two files."""
    order: Order = {"arguments": arguments, "folder": str(Path.cwd()), "environment": dict(os.environ)}
    line = socket.socket(socket.AF_UNIX)
    line.connect(address)
    socket.send_fds(line, [json.dumps(order).encode() + b"\n"], [out, err])
    return Forked(arguments, line)


@contextmanager
def interpreter(folder: Path) -> Iterator[str]:
    """Load the connector in a process of its own, which lives as long as the context; yields its address."""
    address = str(folder / "socket")
    command = [sys.executable, "-m", "tests.support.preloaded", address]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        yield address
        process.stdin.close()
        assert process.wait(30) == 0


def _load() -> None:
    """Import everything, also what the commands import late."""
    package = importlib.import_module("connector")
    for module in pkgutil.walk_packages(package.__path__, "connector."):
        if module.name != "connector.__main__":
            importlib.import_module(module.name)


def _serve(address: str) -> None:
    """Become the program for each connection, until standard input ends."""
    _load()
    gc.freeze()  # what is loaded is garbage in no process
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for those that wait
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(address)
        listener.listen()
        print("ready", flush=True)
        while sys.stdin not in select.select([listener, sys.stdin], [], [])[0]:
            line, _ = listener.accept()
            if os.fork() == 0:
                listener.close()
                _take(line)
                return
            line.close()


def _take(line: socket.socket) -> None:
    """Let another fork become the program, and tell its id and its end; the fork itself returns with the program."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    text, files, _, _ = socket.recv_fds(line, 1 << 16, 2)
    while not text.endswith(b"\n"):
        text += line.recv(1 << 16)
    pid = os.fork()
    if pid == 0:
        line.close()
        _become(json.loads(text), files)
        return
    for file in files:
        os.close(file)
    line.sendall(_NUMBER.pack(pid))
    _, status = os.waitpid(pid, 0)
    with suppress(BrokenPipeError):  # the test may have gone
        line.sendall(_NUMBER.pack(os.waitstatus_to_exitcode(status)))
    os._exit(0)


def _become(order: Order, files: Sequence[int]) -> None:
    for number, file in enumerate((os.open(os.devnull, os.O_RDONLY), *files)):
        os.dup2(file, number)
        os.close(file)
    os.chdir(order["folder"])
    os.environ.clear()
    os.environ.update(order["environment"])
    sys.argv = ["xdr-connector", *order["arguments"]]
    runpy.run_module("connector", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    _serve(sys.argv[1])
