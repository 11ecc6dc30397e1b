"""The stored incident and its children, and how their times and etags are written.

Properties are kept in the newest published shape; older API versions are a view (`shapes`). The etag of an
incident contains its own double quotes, as the service's does.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

ChildKind = Literal["comments", "tasks", "relations"]
JsonObject = dict[str, Any]


@dataclass(slots=True)
class Child:
    """A comment, task or relation: `name` keeps the case it was first written with."""

    kind: ChildKind
    name: str
    etag: str
    properties: JsonObject


@dataclass(slots=True, eq=False)
class StoredIncident:
    """One incident; `views` caches its JSON bytes per API shape until the next change."""

    name: str
    number: int
    created: datetime
    modified: datetime
    etag: str
    properties: JsonObject
    children: dict[ChildKind, dict[str, Child]] = field(
        default_factory=lambda: {"comments": {}, "tasks": {}, "relations": {}}
    )
    alerts: list[JsonObject] = field(default_factory=list)
    bookmarks: list[JsonObject] = field(default_factory=list)
    entities: list[JsonObject] = field(default_factory=list)
    views: dict[str, bytes] = field(default_factory=dict)

    def label_names(self) -> list[str]:
        """Return the names of the incident's labels, in order."""
        return [label["labelName"] for label in self.properties["labels"]]


def utc_text(moment: datetime) -> str:
    """Return `moment` as the service writes times: UTC, `Z`, fractions without trailing zeros."""
    moment = moment.astimezone(UTC)
    text = moment.strftime("%Y-%m-%dT%H:%M:%S")
    return f"{text}.{moment.microsecond:06d}".rstrip("0") + "Z" if moment.microsecond else text + "Z"


def etag_text(sequence: int, moment: datetime) -> str:
    """Return a new etag in the form of an incident's or a task's, quotes included."""
    return f'"{sequence:08x}-0000-0100-0000-{int(moment.timestamp()):08x}0000"'
