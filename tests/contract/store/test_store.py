"""Opening, transactions, the lock, looking on, and trouble with the disk."""

import asyncio
import json
import os
import sqlite3
import stat
import sys
import threading
from pathlib import Path

import pytest

from connector.audit import AuditEntry, AuditKind
from connector.errors import StateError, TransientError
from connector.model import Position, Revision
from connector.store import Store, Tx, audits, positions
from tests.support.states import START, State

HERE = Position(Revision.parse("2026-03-04T09:00:00Z"))


def move(tx: Tx) -> None:
    positions.put(tx, "a", HERE)
    tx.audit(AuditEntry(AuditKind.POLL, tx.now, source="a"))


def standing(tx: Tx) -> tuple[Position | None, int]:
    return positions.get(tx, "a"), audits.count(tx)


def contents(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def write_letter(path: Path) -> None:
    path.write_bytes(b"hello, this is a letter " * 100)


def make_folder(path: Path) -> None:
    path.mkdir()


def damage(path: Path) -> None:
    with path.open("r+b") as file:
        file.seek(100)
        file.write(b"\xff" * (path.stat().st_size - 100))


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


class TestTrouble:
    """Each is one line for a person, with a remedy, and leaves nothing behind that blocks the next start."""

    @pytest.fixture
    def path(self, tmp_path: Path) -> Path:
        return tmp_path / "state.db"

    async def refusal(self, address: str) -> str:
        state = State(address)
        with pytest.raises(StateError) as refused:
            await state.open()
        assert "\n" not in str(refused.value)
        assert refused.value.remedy
        return str(refused.value)

    async def test_a_file_of_another_kind(self, path: Path) -> None:
        write_letter(path)
        assert "is not a state file" in await self.refusal(f"sqlite:///{path}")
        assert "is not a state file" in await self.refusal(f"sqlite:///{path}"), "and not: in use"

    async def test_a_folder_in_the_files_place(self, path: Path) -> None:
        make_folder(path)
        assert "cannot be opened" in await self.refusal(f"sqlite:///{path}")

    async def test_a_file_in_the_folders_place(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("")
        assert "cannot be made" in await self.refusal(f"sqlite:///{tmp_path}/file/state.db")

    async def test_a_full_disk(self, path: Path) -> None:
        state = State(f"sqlite:///{path}")
        store = await state.open()

        def fill(tx: Tx) -> None:
            pages = tx.connection.exec_driver_sql("PRAGMA page_count").scalar()
            tx.connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
            for number in range(10_000):
                positions.put(tx, f"source {number}", HERE)

        with pytest.raises(StateError, match=r"the disk that holds .*state.db is full; free some space"):
            await store.write(fill)
        await state.close()

    async def test_a_file_that_may_not_be_written(self, path: Path) -> None:
        state = State(f"sqlite:///{path}")
        store = await state.open()

        def forbidden(tx: Tx) -> None:
            tx.connection.exec_driver_sql("PRAGMA query_only = ON")
            move(tx)

        with pytest.raises(StateError, match="cannot be written; make the file"):
            await store.write(forbidden)
        await state.close()

    async def test_a_damaged_file(self, path: Path) -> None:
        state = State(f"sqlite:///{path}")
        await (await state.open()).close()
        damage(path)
        assert "damaged" in await self.refusal(f"sqlite:///{path}")

    async def test_another_program_in_the_middle_of_a_write(self, path: Path) -> None:
        state = State(f"sqlite:///{path}")
        store = await state.open()
        await store.write(lambda tx: tx.connection.exec_driver_sql("PRAGMA busy_timeout = 1"))
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StateError, match="held by another program"):
            await store.write(move)
        other.close()
        await store.write(move)
        await state.close()

    @pytest.mark.parametrize(
        "address", ["", "nonsense", "mysql://me:hush@host/db", "sqlite+nonsense", "http://me:hush@host"]
    )
    async def test_an_address_we_do_not_know(self, address: str) -> None:
        words = await self.refusal(address)
        assert "sqlite:///path" in words
        assert "hush" not in words

    async def test_a_server_that_is_not_there(self) -> None:
        words = await self.refusal("postgresql://me:hush@127.0.0.1:1/state")
        assert "database state on 127.0.0.1 cannot be used" in words
        assert "hush" not in words

    async def test_a_driver_that_is_not_installed(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "psycopg", None)
        assert "install xdr-connector[postgres]" in await self.refusal("postgresql://host/state")

    async def test_a_connection_that_breaks_is_waited_for(self, postgres_url: str) -> None:
        state = State(postgres_url)
        store = await state.open()

        def die(tx: Tx) -> None:
            tx.connection.exec_driver_sql("SELECT pg_terminate_backend(pg_backend_pid())")

        with pytest.raises(TransientError, match="did not complete the work"):
            await store.write(die)
        await store.write(move)
        assert await store.read(standing) == (HERE, 1)
        await state.close()

    async def test_a_mistake_of_ours_is_not_explained_away(self, store: Store) -> None:
        with pytest.raises(Exception, match="no_such_table") as raised:
            await store.read(lambda tx: tx.connection.exec_driver_sql("SELECT * FROM no_such_table"))
        assert not isinstance(raised.value, StateError | TransientError)
