"""The audit as it is stored: chained, readable, erasable, and every change to it found."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from connector.audit import AuditEntry, AuditKind, Head, Outcome, SealedRow
from connector.store import Store, Tx, audits
from tests.support.states import START, State, key


def decided(number: int, **changes: Any) -> AuditEntry:
    values: dict[str, Any] = {
        "kind": AuditKind.DECIDED,
        "at": START,
        "outcome": Outcome.CREATED,
        "route": "soc",
        "tenant": "tenant-a",
        "incident": str(number),
        "private": {"owner": f"person {number}", "title": {"said": ["ä"]}},
    }
    return AuditEntry(**{**values, **changes})


async def fill(store: Store, entries: Sequence[AuditEntry]) -> None:
    await store.write(lambda tx: tx.audit(*entries))


async def run(store: Store, statement: str) -> None:
    await store.write(lambda tx: tx.connection.exec_driver_sql(statement))


async def test_a_new_state_has_an_empty_chain(store: Store) -> None:
    assert await store.read(lambda tx: (audits.head(tx), audits.count(tx))) == (Head(), 0)
    assert (await store.read(audits.verify)).ok


async def test_rows_come_back_as_they_were_sealed(store: Store) -> None:
    await fill(store, [decided(1), AuditEntry(AuditKind.STARTED, START)])
    newest, oldest = await store.read(audits.read)
    assert (oldest.seq, oldest.kind, oldest.outcome, oldest.incident) == (1, "decided", "created", "1")
    assert oldest.private == {"owner": "person 1", "title": {"said": ["ä"]}}
    assert len(oldest.salt) == 16
    assert (newest.seq, newest.kind, newest.private, newest.salt) == (2, "started", {}, b"")
    assert newest.said()["previous"] == oldest.hash
    assert await store.read(audits.head) == Head(2, newest.hash)
    assert await store.read(lambda tx: [audits.hash_at(tx, 1), audits.hash_at(tx, 3)]) == [oldest.hash, None]


async def test_the_chain_goes_on_after_reopening(state: State) -> None:
    for number in range(3):
        store = await state.open()
        await fill(store, [decided(number)])
        await store.close()
    found = await (await state.open()).read(audits.verify)
    assert (found.ok, found.checked) == (True, 3)


@pytest.mark.parametrize(
    ("conditions", "seqs"),
    [
        ({}, [6, 5, 4, 3, 2, 1]),
        ({"newest_first": False, "limit": 2}, [1, 2]),
        ({"since_seq": 4, "newest_first": False}, [5, 6]),
        ({"limit": None, "incident": key(1)}, [2, 1]),
        ({"incident": key(1, "tenant-b")}, [3]),
        ({"number": "1"}, [3, 2, 1]),
        ({"route": "dev"}, [4]),
        ({"kind": AuditKind.POLL}, [6]),
        ({"outcome": Outcome.PARKED}, [5]),
        ({"outcome": Outcome.CREATED, "route": "soc", "incident": key(1), "limit": 1}, [2]),
        ({"kind": AuditKind.PAUSED}, []),
    ],
)
async def test_rows_are_found_by_every_condition(
    store: Store, conditions: dict[str, Any], seqs: list[int]
) -> None:
    rows = [decided(1), decided(1), decided(1, tenant="tenant-b"), decided(2, route="dev")]
    rows += [decided(3, outcome=Outcome.PARKED), AuditEntry(AuditKind.POLL, START, source="a")]
    await fill(store, rows)
    found = await store.read(lambda tx: audits.read(tx, **conditions))
    assert [row.seq for row in found] == seqs


async def test_a_long_chain_is_read_in_portions(store: Store) -> None:
    await fill(store, [decided(number) for number in range(2500)])

    def seqs(tx: Tx) -> list[int]:
        return [row.seq for row in audits.stream(tx, since_seq=10)]

    assert await store.read(seqs) == list(range(11, 2501))
    found = await store.read(audits.verify)
    assert (found.ok, found.checked, found.erased) == (True, 2500, 0)


async def test_erasing_personal_values_leaves_the_chain_sound_and_the_digests_dumb(store: Store) -> None:
    await fill(store, [decided(1), decided(2), decided(1), decided(1, tenant="tenant-b")])
    assert await store.write(lambda tx: audits.erase_private(tx, key(1))) == 4
    assert (await store.read(lambda tx: audits.private(tx, [1, 2, 3, 4]))).keys() == {2, 4}
    gone: SealedRow = (await store.read(audits.read))[-1]
    assert (gone.private, gone.salt) == ({}, b""), "without its salt a digest cannot be guessed"
    found = await store.read(audits.verify)
    assert (found.ok, found.erased) == (True, 4)


@pytest.mark.parametrize(
    ("damage", "what"),
    [
        ("UPDATE audits SET hash = '0' WHERE seq = 2", "the bytes do not have the hash"),
        ("UPDATE audits SET incident = '9' WHERE seq = 2", "the column incident"),
        ("UPDATE audits SET at = at + 1 WHERE seq = 2", "the column at"),
        (
            "UPDATE audits SET body = (SELECT body FROM audits WHERE seq = 1) WHERE seq = 2",
            "the bytes do not",
        ),
        ("DELETE FROM audits WHERE seq = 2", "row 2 should stand here"),
        ("DELETE FROM audits WHERE seq = 3", "the chain ends at row 2"),
        ("UPDATE audit_head SET seq = 2", "the head names another end"),
        ('UPDATE audit_private SET readable = \'{"owner":"else"}\' WHERE seq = 2', "'owner' is not"),
        ('UPDATE audit_private SET readable = \'{"owner2":""}\' WHERE seq = 2', "'owner2' is not"),
        (
            "UPDATE audit_private SET salt = (SELECT salt FROM audit_private WHERE seq = 1) WHERE seq = 2",
            "'owner' is not",
        ),
    ],
)
async def test_every_change_behind_our_back_is_found(store: Store, damage: str, what: str) -> None:
    await fill(store, [decided(number) for number in range(1, 4)])
    await run(store, damage)
    found = await store.read(audits.verify)
    assert not found.ok
    assert any(what in each.what for each in found.breaks), found.breaks


async def test_writers_that_meet_never_fork_the_chain(state: State) -> None:
    store = await state.open()

    def work(number: int) -> Any:
        return store.write(lambda tx: tx.audit(decided(number), decided(number)))

    await asyncio.gather(*(work(number) for number in range(20)))
    found = await store.read(audits.verify)
    assert (found.ok, found.checked) == (True, 40)


async def test_a_body_that_became_text_is_found(state: State) -> None:
    store = await state.open()
    await fill(store, [decided(1), decided(2)])
    if not await store.read(lambda tx: tx.on_sqlite):
        return  # PostgreSQL keeps bytes in a column of bytes
    await run(store, "UPDATE audits SET body = replace(body, 'decided', 'delivered') WHERE seq = 1")
    found = await store.read(audits.verify)
    assert any(each.seq == 1 for each in found.breaks)
