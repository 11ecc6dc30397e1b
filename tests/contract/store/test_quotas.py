"""Within any window no more operations than the limit, whatever the clock, restarts and replicas do."""

import asyncio
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from connector.store import Store, Tx, quotas
from tests.support.states import START, Clock, State

LIMIT, SECONDS = 5, 10


def take(tx: Tx, n: int, limit: int = LIMIT) -> tuple[int, datetime]:
    """Book what fits of `n`, as the deliverer does."""
    room, free_at = quotas.room(tx, "arm", "write", limit, SECONDS)
    granted = min(n, room)
    quotas.charge(tx, "arm", "write", granted)
    return granted, free_at


async def test_what_fits_is_granted_and_the_rest_is_told_when(store: Store, state: State) -> None:
    assert await store.write(lambda tx: take(tx, 3)) == (3, START + timedelta(seconds=SECONDS + 1))
    state.clock.turn(seconds=4)
    assert await store.write(lambda tx: take(tx, 3)) == (2, START + timedelta(seconds=SECONDS + 1))
    state.clock.turn(seconds=6.9)
    assert (await store.write(lambda tx: take(tx, 3)))[0] == 0
    state.clock.turn(seconds=0.1)
    assert await store.write(lambda tx: take(tx, 9)) == (3, START + timedelta(seconds=4 + SECONDS + 1))


async def test_groups_and_classes_have_windows_of_their_own(store: Store) -> None:
    await store.write(lambda tx: quotas.charge(tx, "arm", "write", LIMIT))

    def rooms(tx: Tx) -> list[int]:
        names = [("arm", "write"), ("arm", "read"), ("snow", "write")]
        return [quotas.room(tx, *name, LIMIT, SECONDS)[0] for name in names]

    assert await store.write(rooms) == [0, LIMIT, LIMIT]


async def test_what_was_spent_beyond_the_grant_counts(store: Store) -> None:
    await store.write(lambda tx: quotas.charge(tx, "arm", "write", LIMIT + 3))
    await store.write(lambda tx: quotas.charge(tx, "arm", "write", 0))
    assert (await store.write(lambda tx: quotas.room(tx, "arm", "write", LIMIT, SECONDS)))[0] == 0


async def test_a_restart_forgets_nothing(state: State) -> None:
    await (await state.open()).write(lambda tx: take(tx, LIMIT))
    await state.close()
    assert (await (await state.open()).write(lambda tx: take(tx, 1)))[0] == 0


async def test_a_clock_set_back_grants_nothing_more(store: Store, state: State) -> None:
    await store.write(lambda tx: take(tx, LIMIT))
    state.clock.turn(hours=-1)
    assert (await store.write(lambda tx: take(tx, 1)))[0] == 0


async def test_old_seconds_are_forgotten(store: Store, state: State) -> None:
    for _ in range(20):
        await store.write(lambda tx: take(tx, 1))
        state.clock.turn(seconds=SECONDS)
    rows = await store.read(lambda tx: tx.connection.exec_driver_sql("SELECT count(*) FROM quotas").scalar())
    assert rows is not None
    assert rows <= 3


async def test_replicas_that_meet_share_the_limit(postgres_url: str) -> None:
    state = State(postgres_url)
    one, two = await state.open("one"), await state.open("two")
    granted = await asyncio.gather(*(store.write(lambda tx: take(tx, 1)) for store in [one, two] * 8))
    assert sum(count for count, _ in granted) == LIMIT
    await state.close()


Steps = st.lists(st.tuples(st.integers(0, 4_000), st.integers(1, 4)), max_size=40)


@given(Steps)
@settings(max_examples=30, deadline=None)
def test_no_window_ever_holds_more_than_the_limit(steps: list[tuple[int, int]]) -> None:
    """Steps: how many milliseconds pass, and how many operations are wanted then."""
    asyncio.run(_spend(steps))


async def _spend(steps: list[tuple[int, int]]) -> None:
    state = State("sqlite://", Clock(datetime(2026, 3, 4, 9, 10, 5, 987654, tzinfo=UTC)))
    store = await state.open()
    spent: list[datetime] = []
    for milliseconds, n in steps:
        state.clock.turn(milliseconds=milliseconds)
        granted, free_at = await store.write(lambda tx, n=n: take(tx, n))  # type: ignore[misc]  # a default binds the loop's value
        spent += [state.clock()] * granted
        if granted < n:
            assert state.clock() < free_at <= state.clock() + timedelta(seconds=SECONDS + 1)
    for last in spent:
        window = [each for each in spent if last - timedelta(seconds=SECONDS) <= each <= last]
        assert len(window) <= LIMIT
    await state.close()
