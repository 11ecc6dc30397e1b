"""One daemon per state file: a lock that the operating system drops when its process ends, however it ends.

A lock file of our own, because SQLite's locks are per transaction; `flock`, because a process id in a file
proves nothing after a crash or in another container. The content is for people.
"""

import fcntl
import json
import os
import socket
from datetime import datetime
from pathlib import Path
from typing import Self

from connector.audit import iso
from connector.errors import StateError


class HeldFile:
    """The lock beside a state file, held until `release`."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    @classmethod
    def take(cls, state: Path, *, holder: str, now: datetime) -> Self:
        """Take a state file's lock. Raises StateError, naming the holder, when another process has it."""
        path = state.with_name(f"{state.name}.lock")
        descriptor = _opened(path)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            words = os.pread(descriptor, 4096, 0)
            os.close(descriptor)
            if not isinstance(error, BlockingIOError):
                raise _no_lock(path, error) from error
            raise StateError(
                f"{state} is in use by {_description(words)}",
                remedy="stop that process first, or use another state",
            ) from None
        _say(
            descriptor,
            {"pid": os.getpid(), "host": socket.gethostname(), "since": iso(now), "holder": holder},
        )
        return cls(descriptor)

    def release(self) -> None:
        """Give the lock back; the file stays, empty, because removing it would race with the next holder."""
        if self._descriptor >= 0:
            os.ftruncate(self._descriptor, 0)
            os.close(self._descriptor)
            self._descriptor = -1


def _opened(path: Path) -> int:
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise _no_lock(path, error) from error


def _no_lock(path: Path, error: OSError) -> StateError:
    return StateError(f"{path} cannot be locked: {error.strerror}", remedy="use a local, writable folder")


def _say(descriptor: int, words: dict[str, object]) -> None:
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, json.dumps(words).encode(), 0)


def _description(words: bytes) -> str:
    try:
        said = json.loads(words)
        return f"{said['holder']} (process {said['pid']} on {said['host']}, since {said['since']})"
    except (ValueError, KeyError, TypeError):
        return "another process"
