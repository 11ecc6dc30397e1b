"""Errors, named by what happens next, and `Problem`, the shape of every complaint about a file.

    ConnectorError
    ├── ConfigError      a file or command line is wrong: print every problem, exit 2
    ├── StateError       the state cannot be used: held by another process, from a newer version, disk full
    ├── TransientError   wait and try again (the far side's own wait wins over ours)
    ├── NotThereYetError what we join on does not exist yet: wait, visibly
    ├── AuthError        pause the whole target and keep its rows
    │   └── ForbiddenError a permission is missing, perhaps for one thing alone
    ├── ConflictError    somebody else changed the record: read again, three times at most
    └── RejectedError    park this row until the incident changes or an operator retries it

Naming errors after their cause ("HTTP 403") would make every caller decide again what a cause means; naming
them after their consequence makes that decision once, in `connector.http`.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

_REQUEST = re.compile(r" ?\[request [^\]]*\]")


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with a file: where it is, what is wrong, and what to do about it."""

    what: str
    remedy: str
    key: str = ""
    file: str = ""
    line: int = 0
    column: int = 0

    @property
    def where(self) -> str:
        """The place: file, line, column and key, as far as they are known."""
        place = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        return " ".join(part for part in (place, self.key) if part)

    @property
    def sentence(self) -> str:
        """What is wrong and what to do, without the place."""
        return f"{self.what}; {self.remedy}" if self.remedy else self.what

    def __str__(self) -> str:
        return f"{self.where}: {self.sentence}" if self.where else self.sentence


def without_request(message: str) -> str:
    """The message of an error without the far side's id of the request: what many failures have in common."""
    return _REQUEST.sub("", message)


class ConnectorError(Exception):
    """Base of every error this program raises on purpose. `str(error)` is one line for a person."""

    def __init__(self, message: str, *, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.message}; {self.remedy}" if self.remedy else self.message


class ConfigError(ConnectorError):
    """A configuration or mapping cannot be used. Carries every problem found, never only the first."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class StateError(ConnectorError):
    """The state cannot be opened or written; nothing was lost, and the program stops."""


class NoStateError(StateError):
    """There is no state yet: the service was never started with this configuration."""


class TransientError(ConnectorError):
    """Trouble that time cures. `retry_after` is the far side's own wait in seconds, if it named one."""

    def __init__(self, message: str, *, retry_after: float | None = None, remedy: str = "") -> None:
        super().__init__(message, remedy=remedy)
        self.retry_after = retry_after


class NotThereYetError(ConnectorError):
    """A record that another system has to create first is not there yet."""


class AuthError(ConnectorError):
    """Credentials or permissions are wrong: nothing for this target can succeed until a person acts."""


class ForbiddenError(AuthError):
    """The far side forbids what was asked; whether that stops everything or one thing alone, whoever asked knows."""


class ConflictError(ConnectorError):
    """The record changed under us; what we hold of it is out of date."""


class RejectedError(ConnectorError):
    """The far side refuses this content for good.

    `part` says what was refused: `record` (fields and tags), `notes`, or `""` when they travelled together.
    `signature` is the refusal without the words that differ from record to record, so that equal refusals
    can be counted. `alone` says that it is about this record alone and tells nothing about the target.
    """

    def __init__(
        self,
        message: str,
        *,
        part: str = "",
        field: str = "",
        signature: str = "",
        remedy: str = "",
        alone: bool = False,
    ) -> None:
        super().__init__(message, remedy=remedy)
        self.part = part
        self.field = field
        self.signature = signature or message
        self.alone = alone


def unreadable(error: OSError | ValueError) -> str:
    """Why a file cannot be read, in the system's words; a ValueError is about a name with a NUL in it."""
    if isinstance(error, OSError):
        return error.strerror or type(error).__name__
    return "no file can have this name"
