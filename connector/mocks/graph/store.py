"""The incidents the mock holds, findable by id and in the order of their times.

Two sorted lists of (ticks, number) stand beside the dictionary: a poll of the newest of 20,000
incidents costs a bisection instead of a sort. An entry's JSON is made once per change and kept until
the next one.
"""

from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from connector.mocks.graph.times import parse_ticks
from connector.mocks.graph.words import TIMES

Key = tuple[int, int]


@dataclass(slots=True)
class Entry:
    """One incident as stored: Graph's property names, its alerts, and what is served in its place.

    `overrides` replaces or adds members of the served JSON, `omit` leaves members out, `raw` replaces the
    whole text: they are for items no healthy service would send, and never touch what is stored.
    """

    incident: dict[str, Any]
    alerts: list[dict[str, Any]]
    number: int
    updated: int
    created: int
    overrides: dict[str, Any] = field(default_factory=dict)
    omit: tuple[str, ...] = ()
    raw: str | None = None
    texts: dict[Any, bytes] = field(default_factory=dict)


class IncidentStore:
    """All entries, with an index by each of the two times."""

    def __init__(self) -> None:
        self._by_id: dict[str, Entry] = {}
        self._sorted: dict[str, list[Key]] = {name: [] for name in TIMES}
        self._by_number: dict[int, Entry] = {}

    def __len__(self) -> int:
        return len(self._by_id)

    def __iter__(self) -> Iterator[Entry]:
        return iter(self._by_id.values())

    def get(self, incident_id: str) -> Entry | None:
        """Return an entry by its id."""
        return self._by_id.get(incident_id)

    def by_number(self, number: int) -> Entry:
        """Return an entry by its number; raise KeyError when there is none."""
        return self._by_number[number]

    def next_number(self) -> int:
        """Return a number above all that are taken."""
        return max(self._by_number, default=0) + 1

    def add(self, incident: dict[str, Any], alerts: list[dict[str, Any]]) -> Entry:
        """Add an incident with a new decimal id; raise ValueError for a taken id or an unreadable time."""
        number = int(incident["id"])
        if number in self._by_number:
            raise ValueError(f"incident {number} is already there")
        updated, created = (parse_ticks(incident[name]) for name in ("lastUpdateDateTime", "createdDateTime"))
        entry = Entry(incident, alerts, number, updated, created)
        self._by_id[incident["id"]] = entry
        self._by_number[number] = entry
        insort(self._sorted["lastUpdateDateTime"], (updated, number))
        insort(self._sorted["createdDateTime"], (created, number))
        return entry

    def add_all(self, items: Iterable[dict[str, Any]]) -> None:
        """Add many incidents in their stored form, each with its `alerts` inside."""
        for item in items:
            self.add({name: value for name, value in item.items() if name != "alerts"}, item["alerts"])

    def changed(self, entry: Entry) -> None:
        """Bring the indexes and the kept JSON up to date after a change of `entry.incident`."""
        entry.texts.clear()
        created, updated = (parse_ticks(entry.incident[name]) for name in TIMES)
        if updated != entry.updated:
            self._move("lastUpdateDateTime", (entry.updated, entry.number), updated)
            entry.updated = updated
        if created != entry.created:
            self._move("createdDateTime", (entry.created, entry.number), created)
            entry.created = created

    def order(self, name: str) -> list[Key]:
        """Return the live index by one of the two times, ascending; not to be changed by the caller."""
        return self._sorted[name]

    def clear(self) -> None:
        """Remove everything."""
        self._by_id.clear()
        self._by_number.clear()
        for index in self._sorted.values():
            index.clear()

    def _move(self, name: str, old: Key, ticks: int) -> None:
        index = self._sorted[name]
        del index[bisect_left(index, old)]
        insort(index, (ticks, old[1]))
