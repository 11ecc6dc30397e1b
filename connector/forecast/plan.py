"""A plan: everything the next pass would write, as a value and as a file.

The file is JSON for people and programs, closed to others because it quotes incidents. Its last member is the
SHA-256 of the canonical JSON (RFC 8785) of all others, so that nothing in it can be changed unnoticed by accident; it
is no signature.
"""

import json
import os
from contextlib import suppress
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from connector.errors import ConfigError, Problem
from connector.model import JSON, IncidentKey, digest

_DIGEST = "sha256"
_AGAIN = "make a new one with `xdr-connector plan --out FILE`"


Action = Literal["create", "update", "keep", "leave"]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Write(_Part):
    """A request that changes something; `path` is that of the whole address.

    The body lacks what differs from one attempt to the next: Sentinel's etag, ServiceNow's token.
    """

    method: str
    path: str
    body: JSON = None


class FieldChange(_Part):
    """A field that is written. `old` is what the target holds; `edited`: which is not what we wrote last."""

    name: str
    old: JSON = None
    new: JSON = None
    edited: bool = False


class Item(_Part):
    """What becomes of one incident under one route.

    `action`: `create` or `update` a record; `keep` it, which agrees already; `leave` what cannot be written, for
    `problem`. `waiting`: it was decided earlier, and waits. `version` is the target's, seen when the plan was made.
    `left` names fields that stay as they are, with the reason.
    """

    route: str
    target: str
    tenant: str
    incident: str
    action: Action
    waiting: bool = False
    title: str = ""
    revision: str = ""
    content: str = ""
    mapping: str = ""
    number: str = ""
    url: str = ""
    version: str = ""
    writes: tuple[Write, ...] = ()
    fields: tuple[FieldChange, ...] = ()
    tags_added: tuple[str, ...] = ()
    tags_removed: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    tasks: tuple[str, ...] = ()
    left: dict[str, str] = {}
    problem: str = ""

    @property
    def key(self) -> IncidentKey:
        """The incident's identity."""
        return IncidentKey(self.tenant, self.incident)

    @property
    def carried(self) -> bool:
        """Whether the item is carried out, be it that only the state learns something."""
        return self.action != "leave"


class Plan(_Part):
    """Everything that would be written, and to what that applies.

    With `rescan` everything was decided on again, with `past_brakes` no brake held anything. `mappings` are the hashes
    in force by route, `targets` what each target's name leads to. `incomplete` tells what could not be found out,
    `set_aside` which incidents cannot be read or evaluated.
    """

    format: Literal["xdr-connector plan"] = "xdr-connector plan"
    version: Literal[1] = 1
    made: str
    route: str | None = None
    rescan: bool = False
    past_brakes: bool = False
    mappings: dict[str, str]
    targets: dict[str, str]
    items: tuple[Item, ...] = ()
    incomplete: tuple[str, ...] = ()
    set_aside: tuple[str, ...] = ()

    @property
    def writes(self) -> int:
        """How many requests would change something."""
        return sum(len(item.writes) for item in self.items)

    @property
    def digest(self) -> str:
        """What names this plan in the audit."""
        return digest(self.model_dump(mode="json"))

    def as_json(self) -> dict[str, JSON]:
        """The plan as its file holds it."""
        return {**self.model_dump(mode="json"), _DIGEST: self.digest}


def check_place(path: Path) -> None:
    """Raise ConfigError where something stands at the path that is not an older plan: it would be lost."""
    try:
        head = path.read_bytes()[:200] if path.is_file() else b""
    except OSError as error:
        raise _unusable(path, f"cannot be read: {error.strerror}", "name another file") from error
    if path.exists() and b'"xdr-connector plan"' not in head:
        raise _unusable(path, "is there already, and is not a plan", "name another file")
    if not path.parent.is_dir():
        raise _unusable(path, "cannot be written: No such file or directory", "name another file")


def write_plan(plan: Plan, path: Path) -> None:
    """Write the file, in place of an older plan, for its owner alone. Raises ConfigError when that is not possible."""
    check_place(path)
    text = json.dumps(plan.as_json(), indent=1, ensure_ascii=False) + "\n"
    try:
        with suppress(FileNotFoundError):
            path.unlink()  # an older file may be open to others
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise _unusable(path, f"cannot be written: {error.strerror}", "name another file") from error


def read_plan(path: Path) -> Plan:
    """Read a plan's file. Raises ConfigError when there is none, or when it was changed."""
    try:
        document = json.loads(path.read_bytes())
    except OSError as error:
        raise _unusable(path, f"cannot be read: {error.strerror}", "name the file of a plan") from error
    except (ValueError, RecursionError):
        raise _unusable(path, "is not JSON", _AGAIN) from None
    if not isinstance(document, dict) or document.get("format") != "xdr-connector plan":
        raise _unusable(
            path, "is not a plan", "name the file that `xdr-connector plan --out FILE` has written"
        )
    if document.get("version") != 1:
        raise _unusable(path, f"is a plan of version {document.get('version')}, not 1", _AGAIN)
    said = document.pop(_DIGEST, None)
    try:
        plan = Plan.model_validate(document)
    except (ValidationError, ValueError):
        plan = None
    if plan is None or not said == plan.digest == digest(document):
        raise _unusable(path, "was changed after it was made", _AGAIN)
    return plan


def _unusable(path: Path, what: str, remedy: str) -> ConfigError:
    return ConfigError([Problem(what, remedy, file=str(path))])
