"""One transaction, as the verbs see it, and the few statements that the two engines spell differently."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Connection, Row, Table, Update, func, select, tuple_
from sqlalchemy.dialects import postgresql, sqlite

from connector.audit import AuditEntry
from connector.model import IncidentKey

T = TypeVar("T")
Values = Mapping[str, Any]
Fetched = Row[*tuple[Any, ...]]
# What a statement sets, given the row that could not be inserted.
Changes = Callable[[Any], Mapping[str, Any]]

_CHUNK = 400  # keys in one statement: far below either engine's limit on parameters


@dataclass(slots=True)
class Tx:
    """A transaction in progress. `now` was read once, when it began; `holder` names this process.

    Valid only inside the function handed to `Store.read` or `Store.write`, on that function's thread.
    """

    connection: Connection
    now: datetime
    holder: str
    writable: bool
    entries: list[AuditEntry] = field(default_factory=list)

    def audit(self, *entries: AuditEntry) -> None:
        """Append to the audit: the rows are sealed and written when the transaction ends, in this order."""
        if not self.writable:
            raise RuntimeError("a reading transaction cannot append to the audit")
        self.entries.extend(entries)

    @property
    def on_sqlite(self) -> bool:
        """Whether the state is an SQLite file, where a writing transaction is alone by itself."""
        return self.connection.dialect.name == "sqlite"

    def alone(self, name: str) -> None:
        """Wait until no other transaction is `alone` under this name; holds to the end of the transaction."""
        if not self.on_sqlite:
            self.connection.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(name, 0))))


def insert_into(tx: Tx, table: Table) -> sqlite.Insert | postgresql.Insert:
    """An insert that knows ON CONFLICT, in the engine's own words."""
    return sqlite.insert(table) if tx.on_sqlite else postgresql.insert(table)


def insert(tx: Tx, table: Table, rows: Sequence[Values]) -> None:
    """Insert rows; nothing to do for none."""
    if rows:
        tx.connection.execute(table.insert(), list(rows))


def insert_missing(tx: Tx, table: Table, rows: Sequence[Values]) -> None:
    """Insert the rows whose key is not there yet."""
    if rows:
        tx.connection.execute(insert_into(tx, table).on_conflict_do_nothing(), list(rows))


def upsert(
    tx: Tx, table: Table, rows: Sequence[Values], *, key: Sequence[str], changes: Changes | None = None
) -> None:
    """Insert rows, or change those whose key is there: every column given, or what `changes` says.

    Rows are written in the order of their keys, so that two transactions never wait for each other in a
    circle.
    """
    if not rows:
        return
    statement = insert_into(tx, table)
    changed = changes or (lambda new: {name: new[name] for name in rows[0] if name not in key})
    ordered = sorted(rows, key=lambda row: tuple(row[name] for name in key))
    tx.connection.execute(
        statement.on_conflict_do_update(index_elements=list(key), set_=changed(statement.excluded)), ordered
    )


def update_each(tx: Tx, statement: Update, rows: Sequence[Values]) -> None:
    """Run an update once for every row of parameters; nothing to do for none."""
    if rows:
        tx.connection.execute(statement, list(rows))


def about(table: Table, keys: Sequence[IncidentKey]) -> ColumnElement[bool]:
    """The condition that a row is about one of these incidents."""
    return tuple_(table.c.tenant, table.c.incident).in_([(key.tenant, key.incident) for key in keys])


def chunks(values: Sequence[T]) -> Iterator[Sequence[T]]:
    """The values in portions that one statement can carry."""
    for start in range(0, len(values), _CHUNK):
        yield values[start : start + _CHUNK]
