"""Exit codes, and how an error leaves the program: one line with a remedy, never a traceback for bad input.

0   done, and everything is in agreement
1   the answer is no: an example fails, an incident was never read, a revision is not stored any more; with a
    traceback: an error of this program, please report it
2   the command line, the configuration or a mapping is wrong; every problem is printed
3   done, but something waits: rows parked or delayed, a target paused, a source that could not be read
4   the state cannot be used: held by another process, from a newer version, disk full
5   the audit log was altered
6   nothing was written, and something would be: what a comparison or a plan has found
7   a plan was not carried out: something it depends on has moved since

A filter that fits nothing (`audit list`, `retry --route`) is no error: it ends with 0 and says so.
"""

import enum
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from connector.errors import ConfigError, ConnectorError, StateError
from connector.telemetry import escape, redact


class Exit(enum.IntEnum):
    """What the exit code says; see the module's docstring."""

    OK = 0
    FAILED = 1
    USAGE = 2
    WAITING = 3
    STATE = 4
    ALTERED = 5
    CHANGES = 6
    MOVED = 7


def say(line: str, *, at: str = "") -> None:
    """One line to standard error, with nothing in it that could steer a terminal.

    `at` is the place that the line is about: a file may be named `token`, and what follows its name is no secret.
    """
    place = f"{at}: " if at else ""
    sys.stderr.write(escape(place + redact(line)) + "\n")


def say_unknown(incident: str, instead: str = "") -> None:
    """Say that an incident is not known, and what helps, `instead` of waiting until it is."""
    helps = instead or "`xdr-connector status` shows how far the sources were read"
    say(f"incident {incident} was never read, or was erased; {helps}")


@contextmanager
def errors_told() -> Iterator[None]:
    """Turn the errors we raise on purpose into lines and an exit code."""
    try:
        yield
    except ConfigError as error:
        for problem in error.problems:
            say(problem.sentence, at=problem.where)
        count = len(error.problems)
        say(f"{count} problem{'s' if count != 1 else ''} found")
        raise SystemExit(Exit.USAGE) from None
    except StateError as error:
        say(str(error))
        raise SystemExit(Exit.STATE) from None
    except ConnectorError as error:
        say(str(error))
        raise SystemExit(Exit.WAITING) from None
    except KeyboardInterrupt:
        raise SystemExit(130) from None
    except BaseExceptionGroup as group:
        known = _known(group)
        if known is None:
            raise
        with errors_told():
            raise known from None


def _known(group: BaseExceptionGroup[BaseException]) -> ConnectorError | None:
    """The first of our own errors in a task group's failure, if all of its errors are ours."""
    first: ConnectorError | None = None
    for error in group.exceptions:
        inner = _known(error) if isinstance(error, BaseExceptionGroup) else error
        if not isinstance(inner, ConnectorError):
            return None
        first = first or inner
    return first
