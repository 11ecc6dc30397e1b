"""When a target may be written to: it asked us to wait, or it is paused and has to let one row in first."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from connector.deliver.attempt import Answered
from connector.deliver.gate import Gate
from connector.errors import AuthError, ConnectorError, TransientError
from connector.model import Event, EventKind, Link, Receipt
from connector.store import Store, pauses
from connector.store.claims import Claimed
from tests.support.states import START, State, wanted_row

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
CLAIMED = Claimed(wanted_row(), None, (), in_doubt=False, same_content=True, at=START)


def gate() -> Gate:
    return Gate("snow", MINUTE)


def failed(error: Exception) -> Answered:
    return Answered(CLAIMED, START, START, error=error)


def note_failed(error: ConnectorError) -> Answered:
    return Answered(CLAIMED, START, START, receipt=Receipt(Link("1"), note_errors={"n": error}))


@pytest.mark.parametrize(
    ("answered", "hold"),
    [
        (failed(TransientError("429", retry_after=120)), 2 * MINUTE),
        (failed(TransientError("429", retry_after=1e15)), HOUR),
        (failed(TransientError("429", retry_after=float("inf"))), HOUR),
        (failed(AuthError("401")), MINUTE),
        (note_failed(TransientError("429", retry_after=120)), 2 * MINUTE),
        (note_failed(AuthError("403")), MINUTE),
    ],
)
def test_answer_that_concerns_the_whole_target_shuts_it_at_once(answered: Answered, hold: timedelta) -> None:
    one = gate()
    one.heed(answered, START)
    assert one.shut(START + hold - timedelta(seconds=1))
    assert not one.shut(START + hold)


@pytest.mark.parametrize(
    "answered",
    [
        failed(TransientError("503")),
        failed(TransientError("429", retry_after=0)),
        failed(ValueError("our own mistake")),
        Answered(CLAIMED, START, START, receipt=Receipt(Link("1"))),
    ],
)
def test_answer_that_concerns_one_row_shuts_nothing(answered: Answered) -> None:
    one = gate()
    one.heed(answered, START)
    assert not one.shut(START)


def test_shorter_wait_does_not_shorten_a_longer_one() -> None:
    one = gate()
    for wait in (600, 5):
        one.heed(failed(TransientError("429", retry_after=wait)), START)
    assert one.shut(START + 9 * MINUTE)


def test_target_that_was_paused_is_asked_at_once_after_a_restart() -> None:
    one = gate()
    one.recall(pauses.Pause("snow", "401", START - HOUR, until=START + HOUR), START)
    assert one.paused
    assert not one.shut(START)


@pytest.fixture
async def state(tmp_path: Path) -> AsyncIterator[State]:
    made = State(f"sqlite:///{tmp_path / 'state.db'}")
    await made.open()
    yield made
    await made.close()


async def close_each_minute(
    store: Store, state: State, one: Gate, reasons: Sequence[str]
) -> list[list[Event]]:
    told = []
    for reason in reasons:
        told.append(await store.write(partial(one.close, reason=reason)))
        state.clock.turn(minutes=1)
    return told


async def test_pause_is_told_once_and_keeps_its_beginning(state: State) -> None:
    (store,), one = state.opened, gate()
    reasons = ["403 [request a1]", "403 [request b2]", "403"]
    assert await close_each_minute(store, state, one, reasons) == [
        [Event(EventKind.PAUSED, "snow", reason="403")],
        [],
        [],
    ]
    kept = await store.read(lambda tx: pauses.get(tx, "snow"))
    assert kept is not None
    assert kept == replace(kept, reason="403", since=START)


async def test_pause_with_another_reason_is_told_again(state: State) -> None:
    (store,), one = state.opened, gate()
    told = await close_each_minute(store, state, one, ["401", "403"])
    assert [event.reason for events in told for event in events] == ["401", "403"]


async def test_gate_that_is_open_has_nothing_to_say(state: State) -> None:
    (store,), one = state.opened, gate()
    assert await store.write(one.open) == []
    await store.write(lambda tx: one.close(tx, "401"))
    assert await store.write(one.open) == [Event(EventKind.RESUMED, "snow")]
    assert not one.paused
    assert await store.read(pauses.every) == []
