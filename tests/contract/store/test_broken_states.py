"""Trouble with the disk and with what lies on it."""

import sqlite3
import sys
from pathlib import Path

import pytest

from connector.errors import StateError, TransientError
from connector.store import Store, Tx, positions
from tests.contract.store.marks import HERE, make_folder, move, standing
from tests.support.states import State


def write_letter(path: Path) -> None:
    path.write_bytes(b"hello, this is a letter " * 100)


def damage(path: Path) -> None:
    with path.open("r+b") as file:
        file.seek(100)
        file.write(b"\xff" * (path.stat().st_size - 100))


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
        with pytest.raises(TransientError, match="held by another program"):
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
