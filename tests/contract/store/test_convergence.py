"""Random histories of wishes, answers, lost answers, restarts and replicas: the target ends up as wanted, and each
note is there once."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeVar

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from connector.model import Delivery, IncidentKey, Link, Record
from connector.store import Store, Tx, audits, claims, notes, receipts, wanted
from connector.store.claims import Claimed
from connector.store.receipts import Done
from tests.support.states import START, State, key, note, wanted_row

T = TypeVar("T")
LEASE = timedelta(seconds=100)
NUMBERS = st.integers(1, 2)
PICK = st.integers(0, 9)


@dataclass
class Held:
    """What the far side holds of one incident: as much as ServiceNow lets us see."""

    record: Record = field(default_factory=Record)
    token: str = ""
    notes: list[str] = field(default_factory=list)


@dataclass
class FarSide:
    """A target with one request per delivery, in which fields, notes and token travel together."""

    held: dict[IncidentKey, Held] = field(default_factory=dict)

    def apply(self, delivery: Delivery) -> None:
        held = self.held.setdefault(delivery.key, Held())
        if delivery.in_doubt and held.token == delivery.token:
            if not delivery.same_content:
                held.record = delivery.record
            return
        held.record, held.token = delivery.record, delivery.token
        held.notes += [each.id for each in delivery.notes]


class Histories(RuleBasedStateMachine):
    """Two holders share the work; either may lose its claim to the other when its lease runs out."""

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.far = FarSide()
        self.state = State("sqlite://")
        self.underway: list[Claimed] = []
        self.wishes: dict[IncidentKey, Record] = {}
        self.noted: dict[IncidentKey, set[str]] = {}
        self.count = 0
        self.store: Store = self.run(self.state.open())

    def run(self, work: Awaitable[T]) -> T:
        async def wait() -> T:
            return await work

        return self.runner.run(wait())

    def write(self, work: Callable[[Tx], T]) -> T:
        return self.run(self.store.write(work))

    def teardown(self) -> None:
        try:
            self.drain()
        finally:
            self.run(self.state.close())
            self.runner.close()

    @rule(number=NUMBERS, value=st.sampled_from("ABC"))
    def wish(self, number: int, value: str) -> None:
        self.wishes[key(number)] = record = Record({"state": value})
        row = wanted_row(number, record=record, due=self.state.clock())
        self.write(lambda tx: wanted.put(tx, [row]))

    @rule(number=NUMBERS)
    def say(self, number: int) -> None:
        self.count += 1
        said = note(str(self.count), number)
        self.noted.setdefault(key(number), set()).add(said.id)
        self.wish(number, "A")
        self.write(lambda tx: notes.add(tx, [said, said]))

    @rule(limit=st.integers(1, 3))
    def claim(self, limit: int) -> None:
        taken = self.write(lambda tx: claims.claim(tx, "snow", limit, LEASE, self.state.token))
        self.underway += taken

    def one(self, pick: int) -> Claimed | None:
        return self.underway.pop(pick % len(self.underway)) if self.underway else None

    @rule(pick=PICK)
    def answered(self, pick: int) -> None:
        if claimed := self.one(pick):
            self.far.apply(claimed.delivery())
            done = Done(claimed, Link("id"), [each.id for each in claimed.notes])
            self.write(lambda tx: receipts.delivered(tx, [done]))

    @rule(pick=PICK, landed=st.booleans())
    def answer_lost(self, pick: int, landed: bool) -> None:
        if claimed := self.one(pick):
            if landed:
                self.far.apply(claimed.delivery())
            due = self.state.clock() + timedelta(seconds=5)
            self.write(lambda tx: receipts.delay(tx, claimed, due, "lost", keep_token=True))

    @rule(pick=PICK)
    def refused_for_now(self, pick: int) -> None:
        claimed = self.one(pick)
        if claimed and not claimed.in_doubt:
            due = self.state.clock() + timedelta(seconds=5)
            self.write(lambda tx: receipts.delay(tx, claimed, due, "429", keep_token=False))

    @rule(pick=PICK)
    def given_back(self, pick: int) -> None:
        if claimed := self.one(pick):
            self.write(lambda tx: claims.release(tx, [claimed]))

    @rule(pick=PICK)
    def given_up(self, pick: int) -> None:
        if claimed := self.one(pick):
            self.write(lambda tx: receipts.park(tx, claimed, "too old", keep_token=True))

    @rule(landed=st.booleans())
    def crash(self, landed: bool) -> None:
        """The process dies; what it had under way may or may not have landed."""
        for claimed in self.underway if landed else []:
            self.far.apply(claimed.delivery())
        self.underway = []
        self.write(claims.release_leases)

    @rule(seconds=st.integers(1, 40))
    def time_passes(self, seconds: int) -> None:
        """Leases run out while their claims are under way: but never before the request has ended."""
        self.state.clock.turn(seconds=seconds)
        now = self.state.clock()
        self.underway = [each for each in self.underway if now < _until(each)]

    @invariant()
    def no_note_is_there_twice(self) -> None:
        for held in self.far.held.values():
            assert len(held.notes) == len(set(held.notes)), held.notes

    def drain(self) -> None:
        """Everything is retried, and the far side answers: then it holds what is wanted."""
        self.underway = []
        self.write(claims.release_leases)
        parked = self.write(lambda tx: [row.id for row in wanted.parked(tx)])
        self.write(lambda tx: wanted.unpark(tx, parked))
        for _ in range(10):
            self.state.clock.turn(minutes=10)
            self.claim(10)
            while self.underway:
                self.answered(0)
        for number, record in self.wishes.items():
            held = self.far.held[number]
            assert held.record == record
            assert set(held.notes) == self.noted.get(number, set())
        self.no_note_is_there_twice()
        assert self.write(lambda tx: wanted.get(tx, "soc", list(self.wishes))) == {}
        assert self.write(audits.verify).ok


def _until(claimed: Claimed) -> datetime:
    return claimed.wanted.leased_until or START


TestHistories = Histories.TestCase
TestHistories.settings = settings(max_examples=25, stateful_step_count=40, deadline=None)
