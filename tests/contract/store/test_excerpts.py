"""What is copied from one state to another, on both engines; the copy is always SQLite."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from connector.model import Position, Revision
from connector.store import Store, Tx, claims, excerpts, links, notes, positions, snapshots, wanted
from connector.store.excerpts import COPIED, LEFT_OUT
from connector.store.links import Linked
from connector.store.tables import metadata
from tests.support.states import START, Clock, State, incident, key, link, note, wanted_row


@pytest.fixture
async def copy() -> AsyncIterator[Store]:
    store = await Store.open("sqlite://", now=Clock(), salt=lambda: b"", holder="copy")
    yield store
    await store.close()


def fill(tx: Tx) -> None:
    """Three incidents: one waits for tomorrow, one is being delivered, one was delivered."""
    tomorrow = START + timedelta(days=1)
    positions.put(tx, "tenant-a", Position(Revision.of(START)), start="2026-03-01T00:00:00Z")
    for second in range(3):
        snapshots.add(tx, [incident(1, second=second)], keep=5)
    wanted.put(tx, [wanted_row(2)])
    claims.claim(tx, "snow", 1, timedelta(hours=1), lambda: "token")
    wanted.put(tx, [wanted_row(1, due=tomorrow)])
    notes.add(tx, [note("b"), note("a"), note("c", 2)])
    notes.delay(tx, "soc", key(1), {"note-b": "busy"}, tomorrow)
    links.put(tx, [Linked("soc", key(3), "sentinel", link(3)), Linked("soc", key(1), "snow", link(1))])


async def copied(state: State, into: Store) -> None:
    real = await state.open()
    await real.write(fill)
    everything = await real.read(excerpts.of_all)
    keys = await real.read(excerpts.to_try)
    excerpt = await real.read(lambda tx: excerpts.of_incidents(tx, keys))
    await into.write(lambda tx: excerpts.put(tx, everything))
    await into.write(lambda tx: excerpts.put(tx, excerpt))


async def test_rows_are_free_and_due_in_the_copy_and_records_out_of_date(state: State, copy: Store) -> None:
    await copied(state, copy)
    taken = await copy.write(lambda tx: claims.claim(tx, "snow", 9, timedelta(hours=1), lambda: "another"))
    assert {each.wanted.key.incident: each.wanted.token for each in taken} == {"1": "another", "2": "token"}
    (one,) = (each for each in taken if each.wanted.key == key(1))
    assert [each.id for each in one.notes] == ["note-b", "note-a"]
    assert one.link is not None
    assert (one.link.external_id, one.link.stale) == ("sys1", True)
    known = await copy.read(lambda tx: links.get(tx, "soc", [key(3)]))
    assert known[key(3)].number == "INC3"  # somebody was delivered to the target before


async def test_positions_and_the_last_two_revisions_are_copied(state: State, copy: Store) -> None:
    await copied(state, copy)
    found = await copy.read(lambda tx: (positions.get(tx, "tenant-a"), snapshots.history(tx, key(1))))
    assert found[0] == Position(Revision.of(START))
    assert [each.revision for each in found[1]] == [
        Revision.of(START + timedelta(seconds=second)) for second in (1, 2)
    ]


async def test_only_rows_asked_for_are_claimed(state: State) -> None:
    store = await state.open()
    await store.write(lambda tx: wanted.put(tx, [wanted_row(number) for number in range(1, 5)]))
    ids = [row.id for row in (await store.read(lambda tx: wanted.get(tx, "soc", [key(2), key(4)]))).values()]
    due = await store.read(lambda tx: (wanted.next_due(tx, "snow", ids), wanted.next_due(tx, "snow", [])))
    assert due == (START, None)
    taken = await store.write(lambda tx: claims.claim(tx, "snow", 9, timedelta(1), lambda: "token", ids))
    assert {each.wanted.key for each in taken} == {key(2), key(4)}


def test_every_table_is_copied_or_left_out_on_purpose() -> None:
    assert {*COPIED, *LEFT_OUT} == set(metadata.tables.values())
