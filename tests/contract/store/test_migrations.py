"""The steps build the tables the code expects; a state from a newer program is refused."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from alembic import command
from sqlalchemy import Connection, create_engine, inspect, make_url, text

from connector.errors import StateError
from connector.store import Store, holds, migrate, wanted
from connector.store.tables import metadata
from tests.support.states import START, State, wanted_row

TABLES = sorted(metadata.tables)


def shape(connection: Connection) -> dict[str, Any]:
    """Everything that a database tells about the tables, except the order of columns that nobody sees."""
    found = inspect(connection)
    return {
        table: {
            "columns": [
                (column["name"], str(column["type"]), column["nullable"], column["default"] is not None)
                for column in found.get_columns(table)
            ],
            "key": found.get_pk_constraint(table),
            "unique": found.get_unique_constraints(table),
            "indexes": [{**index, "dialect_options": _plain(index)} for index in found.get_indexes(table)],
        }
        for table in TABLES
    }


def _plain(index: Any) -> dict[str, str]:
    return {name: str(value) for name, value in index.get("dialect_options", {}).items()}


def made_at_once(url: str) -> dict[str, Any]:
    address = make_url(url)
    if address.get_backend_name() == "postgresql":
        address = address.set(drivername="postgresql+psycopg")
    engine = create_engine(address)
    try:
        with engine.begin() as connection:
            metadata.create_all(connection)
            made = shape(connection)
            metadata.drop_all(connection)
            return made
    finally:
        engine.dispose()


async def test_the_steps_and_the_tables_agree(url: str, state: State) -> None:
    expected = made_at_once(url)
    store = await state.open()
    assert await store.read(lambda tx: shape(tx.connection)) == expected
    names = await store.read(lambda tx: sorted(inspect(tx.connection).get_table_names()))
    assert names == sorted([*TABLES, "alembic_version"])


async def test_ids_on_sqlite_are_never_used_again(sqlite_url: str) -> None:
    state = State(sqlite_url)
    store = await state.open()
    query = "SELECT sql FROM sqlite_master WHERE name = 'wanted'"
    words = await store.read(lambda tx: tx.connection.exec_driver_sql(query).scalar())
    assert "PRIMARY KEY AUTOINCREMENT" in str(words)
    await state.close()


async def test_opening_again_changes_nothing(state: State) -> None:
    before = await (await state.open()).read(lambda tx: shape(tx.connection))
    await state.close()
    assert await (await state.open()).read(lambda tx: shape(tx.connection)) == before


def say_version(version: str) -> Callable[[Store], Any]:
    statement = text("UPDATE alembic_version SET version_num = :version").bindparams(version=version)
    return lambda store: store.write(lambda tx: tx.connection.execute(statement))


@pytest.mark.parametrize("readonly", [False, True])
async def test_a_state_from_a_newer_program_is_refused(state: State, *, readonly: bool) -> None:
    await say_version("0999")(await state.open())
    await state.close()
    with pytest.raises(StateError, match=r"has version 0999, and this program knows versions up to 0002"):
        await state.open(readonly=readonly)
    await state.close()


async def test_rows_held_in_an_older_state_are_held_since_they_wait(state: State) -> None:
    store = await state.open()
    state.clock.turn(hours=1)
    await store.write(lambda tx: wanted.put(tx, [wanted_row()]))
    await store.write(lambda tx: holds.hold(tx, [1], "brake"))
    held = await store.read(lambda tx: wanted.backlog(tx, "snow"))
    assert held.held_since == START + timedelta(hours=1)
    await store.write(lambda tx: migrated_back(tx.connection, "0001"))
    await state.close()
    brought_up = await state.open()
    assert (await brought_up.read(lambda tx: wanted.backlog(tx, "snow"))).held_since == START


def migrated_back(connection: Connection, to: str) -> None:
    config = migrate._config()
    config.attributes["connection"] = connection
    command.downgrade(config, to)


async def test_looking_on_does_not_bring_an_older_state_up(state: State) -> None:
    store = await state.open()
    await store.write(lambda tx: tx.connection.exec_driver_sql("DELETE FROM alembic_version"))
    await state.close()
    with pytest.raises(StateError, match="start the service once"):
        await state.open(readonly=True)
    await state.close()
