"""States for tests: a clock to turn, salts that differ, and what is needed to write rows."""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from connector.model import Incident, IncidentKey, Link, Record, Revision, digest
from connector.store import Store
from connector.store.claims import Claimed
from connector.store.notes import NewNote
from connector.store.wanted import Wanted

START = datetime(2026, 3, 4, 9, 10, 5, tzinfo=UTC)
LEASE = timedelta(minutes=5)


@dataclass
class Clock:
    """A clock that stands still until it is turned."""

    now: datetime = START

    def __call__(self) -> datetime:
        return self.now

    def turn(self, **by: float) -> None:
        self.now += timedelta(**by)


@dataclass
class State:
    """An address of a state, opened as often as a test likes."""

    url: str
    clock: Clock = field(default_factory=Clock)
    opened: list[Store] = field(default_factory=list)
    numbers: Iterator[int] = field(default_factory=itertools.count)

    async def open(self, holder: str = "test", *, readonly: bool = False) -> Store:
        store = await Store.open(self.url, now=self.clock, salt=self.salt, holder=holder, readonly=readonly)
        self.opened.append(store)
        return store

    def salt(self) -> bytes:
        return next(self.numbers).to_bytes(16, "big")

    def token(self) -> str:
        return f"token-{next(self.numbers)}"

    async def close(self) -> None:
        for store in self.opened:
            await store.close()


def key(number: int | str = 1, tenant: str = "tenant-a") -> IncidentKey:
    return IncidentKey(tenant, str(number))


def incident(number: int = 1, *, second: int = 0, title: str = "Phish") -> Incident:
    snapshot = {"id": str(number), "title": title, "alerts": [{"name": "ä"}]}
    return Incident(key(number), Revision.of(START + timedelta(seconds=second)), snapshot, digest(snapshot))


def wanted_row(number: int = 1, route: str = "soc", **changes: Any) -> Wanted:
    values: dict[str, Any] = {
        "route": route,
        "key": key(number),
        "target": "snow",
        "record": Record({"state": "1"}, ("mdxdr",)),
        "revision": Revision.of(START),
        "content": "content",
        "mapping": "mapping",
        "priority": 5,
        "since": START,
        "due": START,
    }
    return Wanted(**{**values, **changes})


def note(item: str, number: int = 1, route: str = "soc") -> NewNote:
    return NewNote(route, key(number), "comments", item, f"note-{item}", f"text of {item}")


def link(number: int = 1) -> Link:
    return Link(external_id=f"sys{number}", number=f"INC{number}", applied={"state": "1"}, tags=("mdxdr",))


def numbers(claims: Sequence[Claimed]) -> list[str]:
    return [each.wanted.key.incident for each in claims]
