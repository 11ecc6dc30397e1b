"""Opening, transactions, the lock, and looking on."""

import asyncio
import json
import os
import stat
import threading
from pathlib import Path

import pytest

from connector.audit import AuditEntry, AuditKind
from connector.errors import StateError
from connector.store import Store, Tx, audits
from tests.contract.store.marks import HERE, make_folder, move, standing
from tests.support.states import START, State


def contents(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


class TestTransactions:
    async def test_what_was_written_is_there_after_reopening(self, state: State) -> None:
        store = await state.open()
        await store.write(move)
        await store.close()
        again = await state.open()
        assert await again.read(standing) == (HERE, 1)

    async def test_a_failure_takes_everything_back(self, store: Store) -> None:
        def fail(tx: Tx) -> None:
            move(tx)
            raise KeyError("ours")

        with pytest.raises(KeyError, match="ours"):
            await store.write(fail)
        assert await store.read(standing) == (None, 0)
        await store.write(move)
        assert (await store.read(audits.verify)).ok

    async def test_an_audit_entry_that_cannot_be_sealed_takes_everything_back(self, store: Store) -> None:
        def fail(tx: Tx) -> None:
            move(tx)
            tx.audit(AuditEntry(AuditKind.POLL, tx.now, data={"seconds": 0.5}))

        with pytest.raises(TypeError):
            await store.write(fail)
        assert await store.read(standing) == (None, 0)

    async def test_the_time_of_a_transaction_does_not_pass(self, store: Store, state: State) -> None:
        def work(tx: Tx) -> bool:
            state.clock.turn(seconds=1)
            return tx.now == START

        assert await store.write(work)

    async def test_reading_cannot_append_to_the_audit(self, store: Store) -> None:
        with pytest.raises(RuntimeError, match="reading"):
            await store.read(move)
        assert await store.read(standing) == (None, 0)

    async def test_a_cancelled_caller_leaves_no_half_transaction(self, store: Store) -> None:
        begun, go_on = threading.Event(), threading.Event()

        def slow(tx: Tx) -> None:
            begun.set()
            assert go_on.wait(10)
            move(tx)

        task = asyncio.create_task(store.write(slow))
        await asyncio.to_thread(begun.wait, 10)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        go_on.set()
        await store.close()

    async def test_a_transaction_whose_caller_left_is_whole(self, state: State) -> None:
        store = await state.open()
        await self.test_a_cancelled_caller_leaves_no_half_transaction(store)
        assert await (await state.open()).read(standing) == (HERE, 1)

    async def test_many_writers_make_one_chain(self, store: Store) -> None:
        await asyncio.gather(*(store.write(move) for _ in range(30)))
        found = await store.read(audits.verify)
        assert (found.ok, found.checked) == (True, 30)

    async def test_closing_twice_does_no_harm(self, store: Store) -> None:
        await store.close()
        await store.close()


class TestLookingOn:
    async def test_a_reader_sees_what_a_running_daemon_stored(self, state: State) -> None:
        daemon = await state.open("daemon")
        reader = await state.open("status", readonly=True)
        await daemon.write(move)
        assert await reader.read(standing) == (HERE, 1)
        assert (await reader.read(audits.verify)).ok

    async def test_a_reader_works_without_a_daemon(self, state: State) -> None:
        daemon = await state.open()
        await daemon.write(move)
        await daemon.close()
        assert await (await state.open(readonly=True)).read(standing) == (HERE, 1)
        await (await state.open()).write(move)

    async def test_a_reader_cannot_write(self, state: State) -> None:
        await state.open()
        reader = await state.open(readonly=True)
        with pytest.raises(StateError, match="opened for reading only"):
            await reader.write(move)

    async def test_a_reader_makes_nothing(self, state: State, tmp_path: Path) -> None:
        with pytest.raises(StateError, match="start the service once"):
            await state.open(readonly=True)
        assert contents(tmp_path) == []

    async def test_a_reader_sees_one_state_of_things(self, url: str, state: State) -> None:
        daemon, reader = await state.open("daemon"), await state.open(readonly=True)
        await daemon.write(move)
        looked, written = threading.Event(), threading.Event()

        def look_twice(tx: Tx) -> tuple[int, int]:
            first = audits.count(tx)
            looked.set()
            assert written.wait(10)
            return first, audits.count(tx)

        looking = asyncio.create_task(reader.read(look_twice))
        await asyncio.to_thread(looked.wait, 10)
        await daemon.write(move)
        written.set()
        assert await looking == (1, 1)


class TestHolding:
    async def test_a_second_daemon_is_refused_and_told_who_holds_the_state(self, sqlite_url: str) -> None:
        state = State(sqlite_url)
        await state.open("xdr-connector on pluto")
        with pytest.raises(StateError) as refused:
            await state.open("second")
        words = str(refused.value)
        for part in ("xdr-connector on pluto", str(os.getpid()), "2026-03-04T09:10:05", "stop that process"):
            assert part in words
        await state.close()

    async def test_the_state_is_free_again_after_closing(self, sqlite_url: str, tmp_path: Path) -> None:
        state = State(sqlite_url)
        await (await state.open()).close()
        assert (tmp_path / "state.db.lock").read_bytes() == b""
        await state.open()
        said = json.loads((tmp_path / "state.db.lock").read_text())
        assert said.keys() == {"pid", "host", "since", "holder"}
        await state.close()

    async def test_a_lock_without_words_still_holds(self, sqlite_url: str, tmp_path: Path) -> None:
        state = State(sqlite_url)
        await state.open()
        (tmp_path / "state.db.lock").write_text("[]")
        with pytest.raises(StateError, match="in use by another process"):
            await state.open()
        await state.close()

    async def test_a_lock_that_cannot_be_made(self, sqlite_url: str, tmp_path: Path) -> None:
        make_folder(tmp_path / "state.db.lock")
        with pytest.raises(
            StateError, match="cannot be locked: Is a directory; use a local, writable folder"
        ):
            await State(sqlite_url).open()

    async def test_replicas_share_a_server(self, postgres_url: str) -> None:
        state = State(postgres_url)
        one, two = await state.open("one"), await state.open("two")
        await asyncio.gather(one.write(move), two.write(move))
        assert (await one.read(audits.verify)).checked == 2
        await state.close()


class TestFiles:
    async def test_a_missing_folder_is_made_for_its_owner_alone(self, tmp_path: Path) -> None:
        state = State(f"sqlite:///{tmp_path}/deep/er/state.db")
        await (await state.open()).write(move)
        modes = {
            path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "deep" / "er").iterdir()
        }
        assert set(modes.values()) == {0o600}
        assert modes.keys() >= {"state.db", "state.db-wal", "state.db.lock"}
        assert stat.S_IMODE((tmp_path / "deep" / "er").stat().st_mode) == 0o700
        await state.close()

    async def test_commits_survive_a_power_cut(self, sqlite_url: str) -> None:
        state = State(sqlite_url)
        store = await state.open()

        def pragmas(tx: Tx) -> list[object]:
            names = ("journal_mode", "synchronous", "foreign_keys", "secure_delete")
            return [tx.connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in names]

        assert await store.read(pragmas) == ["wal", 2, 1, 1]
        await state.close()

    async def test_a_state_in_memory_needs_no_file(self) -> None:
        state = State("sqlite://")
        store = await state.open()
        await store.write(move)
        assert await store.read(standing) == (HERE, 1)
        await state.close()

    async def test_odd_characters_in_a_path_are_only_characters(self, tmp_path: Path) -> None:
        state = State(f"sqlite:///{tmp_path}/50% of #1/state.db")
        await (await state.open()).write(move)
        assert (tmp_path / "50% of #1" / "state.db").exists()
        assert await (await state.open(readonly=True)).read(standing) == (HERE, 1)
        await state.close()
