"""Who changed what: the private record behind the mock's incidents.

Sentinel's bodies do not say who wrote last, so a test could not tell a connector's write from a person's or
from Microsoft's own synchronisation. The journal can; it is never served by the API.
"""

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Literal

Hand = Literal["api", "person", "microsoft"]
Deed = Literal["created", "updated", "deleted", "commented", "child_written", "child_deleted"]


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: the kind of hand, and the name and author details shown with it."""

    hand: Hand
    name: str
    object_id: str | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """One change; `changed` holds `[before, after]` per property, and for a comment its id and text."""

    seq: int
    at: datetime
    hand: Hand
    actor: str
    incident: str
    deed: Deed
    changed: dict[str, Any]

    def as_json(self) -> dict[str, Any]:
        """Return the change with plain JSON values."""
        return {**asdict(self), "at": self.at.isoformat()}


class Journal:
    """The newest changes, numbered from 1 without gaps."""

    def __init__(self, capacity: int = 200_000) -> None:
        self._changes: deque[Change] = deque(maxlen=capacity)
        self.last_seq = 0

    def write(self, at: datetime, actor: Actor, incident: str, deed: Deed, changed: dict[str, Any]) -> None:
        """Append a change."""
        self.last_seq += 1
        self._changes.append(Change(self.last_seq, at, actor.hand, actor.name, incident, deed, changed))

    def since(self, seq: int) -> Iterator[Change]:
        """Yield the changes after `seq`, oldest first, at the cost of those alone."""
        newer: list[Change] = []
        for change in reversed(self._changes):
            if change.seq <= seq:
                break
            newer.append(change)
        return reversed(newer)


def difference(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """Return `[before, after]` for every property that differs."""
    names = [*before, *(name for name in after if name not in before)]
    return {
        name: [before.get(name), after.get(name)] for name in names if before.get(name) != after.get(name)
    }
