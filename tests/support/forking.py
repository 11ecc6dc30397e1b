"""Daemons by fork: a process that has loaded the connector once, and becomes the daemon again and again.

An interpreter takes a second to load everything; a fork takes milliseconds. What is killed is a process like any
other, with its own memory, files and connections. Used where hundreds of daemons are killed.

Run as a program it reads a configuration's path a line from standard input, forks a daemon on it, and answers with
its process id and, when it has ended, with `ended`.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Forker:
    """The loaded process, from the side of the test."""

    process: "subprocess.Popen[str]"

    def start(self, config: Path) -> int:
        """Fork a daemon; returns its process id."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{config}\n")
        self.process.stdin.flush()
        return int(self._line())

    def kill(self, pid: int) -> None:
        """SIGKILL, and wait for the end."""
        os.kill(pid, signal.SIGKILL)
        assert self._line() == "ended"

    def _line(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()


@contextmanager
def forker() -> Iterator[Forker]:
    """Load the connector in a process of its own."""
    command = [sys.executable, "-m", "tests.support.forking"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        yield Forker(process)
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(30) == 0


def _serve() -> None:
    from connector.cli import main  # loads everything, before the first fork

    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            sys.argv = ["xdr-connector", "run", "--config", line.strip()]
            main()
            os._exit(0)
        print(pid, flush=True)
        os.waitpid(pid, 0)
        print("ended", flush=True)


if __name__ == "__main__":
    _serve()
