"""Which rows the quotas let go, what they are charged, and what is given back."""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path

import pytest

from connector.deliver.attempt import Answered
from connector.deliver.quota import affordable, refund
from connector.errors import NotThereYetError, RejectedError, TransientError
from connector.model import Delivery, NoteInHand, Quota
from connector.store import Store, quotas
from connector.store.claims import Claimed
from tests.support.faketarget import FakeTarget
from tests.support.states import State, numbers, wanted_row

SECONDS = 300
LIMITS = {"writes": Quota("group", 4, SECONDS, reserve=1), "comments": Quota("group", 1, SECONDS)}


def price(delivery: Delivery) -> Mapping[str, int]:
    """One write, and one operation for each note."""
    return {"writes": 1, "comments": len(delivery.notes)}


@pytest.fixture
async def state(tmp_path: Path) -> AsyncIterator[State]:
    made = State(f"sqlite:///{tmp_path / 'state.db'}")
    await made.open()
    yield made
    await made.close()


@pytest.fixture
def store(state: State) -> Store:
    return state.opened[0]


@pytest.fixture
def target() -> FakeTarget:
    return FakeTarget(quotas=LIMITS, price=price)


def claimed(state: State, number: int, *, notes: int = 0, priority: int = 5) -> Claimed:
    carried = tuple(NoteInHand(f"n{number}-{each}", "text") for each in range(notes))
    row = wanted_row(number, id=number, priority=priority)
    return Claimed(row, None, carried, in_doubt=False, same_content=True, at=state.clock())


async def grant(
    store: Store, target: FakeTarget, rows: Sequence[Claimed]
) -> tuple[list[str], datetime | None]:
    granted, free_at = await store.write(lambda tx: affordable(tx, target, rows))
    return numbers(granted), free_at


async def spent(store: Store, op_class: str) -> int:
    quota = LIMITS[op_class]
    room, _ = await store.write(lambda tx: quotas.room(tx, quota.group, op_class, quota.limit, quota.seconds))
    return quota.limit - room


async def test_row_that_does_not_fit_is_charged_nothing_and_lets_others_pass(
    state: State, store: Store, target: FakeTarget
) -> None:
    rows = [claimed(state, 1, notes=1), claimed(state, 2, notes=1), claimed(state, 3)]
    assert await grant(store, target, rows) == (["1", "3"], None)
    assert (await spent(store, "writes"), await spent(store, "comments")) == (2, 1)


async def test_reserve_is_kept_for_what_awaits_the_customer(
    state: State, store: Store, target: FakeTarget
) -> None:
    ordinary = [claimed(state, number) for number in range(1, 6)]
    assert (await grant(store, target, ordinary))[0] == ["1", "2", "3"]
    urgent = [claimed(state, 7, priority=0), claimed(state, 8, priority=0)]
    assert (await grant(store, target, urgent))[0] == ["7"]


async def test_when_nothing_fits_it_is_told_when_there_is_room_again(
    state: State, store: Store, target: FakeTarget
) -> None:
    rows = [claimed(state, number) for number in range(1, 4)]
    await grant(store, target, rows)
    _, free_at = await grant(store, target, [claimed(state, 4)])
    assert free_at is not None
    state.clock.turn(seconds=(free_at - state.clock()).total_seconds())
    assert (await grant(store, target, [claimed(state, 4)]))[0] == ["4"]


async def test_row_that_needs_more_than_the_whole_limit_goes_alone(
    state: State, store: Store, target: FakeTarget
) -> None:
    assert (await grant(store, target, [claimed(state, 1, notes=3), claimed(state, 2, notes=1)]))[0] == ["1"]


@pytest.mark.parametrize(
    ("sent_nothing", "error", "left"),
    [
        (True, None, 0),
        (True, TransientError("the look-up failed"), 0),
        (False, NotThereYetError("not there"), 0),
        (False, TransientError("503"), 1),
        (False, RejectedError("no"), 1),
    ],
)
async def test_only_what_was_written_stays_charged(
    state: State, store: Store, target: FakeTarget, sent_nothing: bool, error: Exception | None, left: int
) -> None:
    row = claimed(state, 1)
    await grant(store, target, [row])
    answer = Answered(row, row.at, row.at, error=error, sent_nothing=sent_nothing)
    await store.write(lambda tx: refund(tx, target, [answer]))
    assert await spent(store, "writes") == left


async def test_what_is_given_back_late_makes_room_only_once(
    state: State, store: Store, target: FakeTarget
) -> None:
    rows = [claimed(state, number) for number in range(1, 4)]
    await grant(store, target, rows)
    state.clock.turn(seconds=60)
    unsent = [Answered(row, row.at, state.clock(), sent_nothing=True) for row in rows]
    await store.write(lambda tx: refund(tx, target, unsent))
    state.clock.turn(
        seconds=SECONDS - 30
    )  # the charge has left the window, what was given back late would not have
    again = [claimed(state, number) for number in range(11, 21)]
    assert (await grant(store, target, again[:3]))[0] == ["11", "12", "13"]
    assert (await grant(store, target, again[3:]))[0] == []
