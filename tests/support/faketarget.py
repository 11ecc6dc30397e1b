"""A target that holds its records in memory and answers as it is told, and a deliverer that writes to it."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from connector.audit import SealedRow
from connector.deliver import Deliverer
from connector.errors import ConnectorError
from connector.model import (
    Catalogue,
    Delivery,
    Event,
    FieldSpec,
    IncidentKey,
    Link,
    Quota,
    Receipt,
    Record,
    Seen,
)
from connector.plan import RetryPolicy
from connector.store import Store, Tx, audits, notes, pauses, wanted
from connector.store.notes import NewNote
from connector.store.wanted import Wanted
from tests.support.states import Clock, State

CATALOGUE = Catalogue(target="fake", fields={"state": FieldSpec("state")})

# What a delivery meets: an error to raise, a receipt of its own, or None for success.
Answer = Callable[[Delivery], Exception | Receipt | None]


def succeeds(delivery: Delivery) -> None:
    """Every delivery succeeds."""


def notes_fail(error: ConnectorError) -> Answer:
    """Records are taken, and none of their notes."""

    def answer(delivery: Delivery) -> Receipt:
        errors = {each.id: error for each in delivery.notes}
        return Receipt(link_of(delivery), created=delivery.link is None, note_errors=errors)

    return answer


@dataclass
class FakeTarget:
    """Records by incident, and the texts of their notes. Trouble is set from outside and may change at any time.

    `calls` are the incidents in the order in which they were tried; `meanwhile` happens during each write.
    """

    answer: Answer = succeeds
    quotas: Mapping[str, Quota] = field(default_factory=dict)
    price: Callable[[Delivery], Mapping[str, int]] = lambda _: {}
    closed: Exception | None = None
    unprepared: Exception | None = None
    silent: Exception | None = None
    meanwhile: Callable[[], None] = lambda: None
    name: str = "snow"
    creates: bool = True
    catalogue: Catalogue = CATALOGUE
    records: dict[IncidentKey, Record] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)
    deliveries: list[Delivery] = field(default_factory=list)
    probes: int = 0

    @property
    def calls(self) -> list[str]:
        return [delivery.key.incident for delivery in self.deliveries]

    def cost(self, delivery: Delivery) -> Mapping[str, int]:
        return self.price(delivery)

    async def open(self, *, first_use: bool) -> None:
        if self.closed:
            raise self.closed

    async def prepare(self, deliveries: Sequence[Delivery]) -> None:
        if self.unprepared:
            raise self.unprepared

    async def apply(self, delivery: Delivery) -> Receipt:
        self.deliveries.append(delivery)
        await asyncio.sleep(0)  # others in flight have their turn
        self.meanwhile()
        answer = self.answer(delivery)
        if isinstance(answer, Exception):
            raise answer
        created = delivery.key not in self.records
        self.records[delivery.key] = delivery.record
        if answer is not None:
            return answer
        self.said += [note.text for note in delivery.notes]
        return Receipt(link_of(delivery), created=created, notes=tuple(note.id for note in delivery.notes))

    async def look(self, deliveries: Sequence[Delivery]) -> list[Seen | None]:
        held = [self.records.get(delivery.key) for delivery in deliveries]
        return [Seen(record.fields, record.tags) if record else None for record in held]

    async def probe(self) -> None:
        self.probes += 1
        if self.silent:
            raise self.silent

    async def close(self) -> None: ...


def link_of(delivery: Delivery) -> Link:
    """The link that a target gives to a record that took everything."""
    record = delivery.record
    return Link(f"id-{delivery.key.incident}", applied=record.fields, tags=record.tags)


@dataclass
class Bench:
    """A fake target, a state, and the deliverer between them; its clock moves only when it is turned."""

    target: FakeTarget
    store: Store
    clock: Clock
    deliverer: Deliverer
    events: list[Event] = field(default_factory=list)

    async def put(self, *rows: Wanted, notes_too: Iterable[NewNote] = ()) -> None:
        def work(tx: Tx) -> None:
            wanted.put(tx, rows)
            notes.add(tx, [*notes_too])

        await self.store.write(work)

    async def drain(self, *, times: int = 1, **every: float) -> None:
        """Deliver what is due, `times` over, with the clock turned after each."""
        for _ in range(times):
            await self.deliverer.drain(asyncio.Event())
            self.clock.turn(**every)

    async def left(self) -> tuple[int, int]:
        """How many rows wait, and how many were given up."""
        backlog = await self.store.read(lambda tx: wanted.backlog(tx, self.target.name))
        return backlog.waiting, backlog.parked

    async def pause(self) -> pauses.Pause | None:
        return await self.store.read(lambda tx: pauses.get(tx, self.target.name))

    async def parked_notes(self) -> Mapping[str, int]:
        return await self.store.read(notes.count_parked)

    async def audit(self) -> list[SealedRow]:
        """Every audit row, oldest first."""
        return await self.store.read(lambda tx: audits.read(tx, limit=None, newest_first=False))

    async def kinds(self) -> Counter[str]:
        return Counter(str(row.kind) for row in await self.audit())


@asynccontextmanager
async def bench(folder: Path, target: FakeTarget, **options: Any) -> AsyncIterator[Bench]:
    """A deliverer with a new state in `folder`; `options` replace what the deliverer is built with."""
    state = State(f"sqlite:///{folder / 'state.db'}")
    store = await state.open()
    events: list[Event] = []
    given = {"workers": 4, "alike": 5, "policy": RetryPolicy(), "feeding": lambda: False, **options}
    deliverer = Deliverer(
        target,
        store,
        now=state.clock,
        token=state.token,
        spread=lambda: 0.5,
        emit=events.append,
        **given,
    )
    try:
        yield Bench(target, store, state.clock, deliverer, events)
    finally:
        await state.close()
