"""One transaction, as the verbs see it, and the few statements that the two engines spell differently."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from operator import itemgetter
from typing import Any, TypeVar

from sqlalchemy import (
    ColumnElement,
    Connection,
    Delete,
    Row,
    Select,
    Table,
    Update,
    bindparam,
    func,
    select,
    tuple_,
)
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


class Upsert:
    """An insert that meets a row with the same key, prepared once for both engines: preparing costs more than running.

    `changes` says what becomes of the row there; by default it takes every column, and with `keep_old` it
    stays. Rows are written in the order of their keys, so that two transactions never wait for each other in
    a circle; with `order`, by those columns only, and otherwise as they come.
    """

    def __init__(
        self,
        table: Table,
        key: Sequence[str],
        *,
        changes: Changes | None = None,
        keep_old: bool = False,
        order: Sequence[str] = (),
    ) -> None:
        others = [column.name for column in table.columns if column.name not in key]
        changed: Changes = changes or (lambda new: {name: new[name] for name in others})
        self._key = itemgetter(*(order or key))
        self._sqlite = _on_conflict(sqlite.insert(table), key, None if keep_old else changed)
        self._postgres = _on_conflict(postgresql.insert(table), key, None if keep_old else changed)

    def __call__(self, tx: Tx, rows: Sequence[Values]) -> None:
        """Write the rows; nothing to do for none."""
        if rows:
            statement = self._sqlite if tx.on_sqlite else self._postgres
            tx.connection.execute(statement, sorted(rows, key=self._key))


def insert(tx: Tx, table: Table, rows: Sequence[Values]) -> None:
    """Insert rows; nothing to do for none."""
    if rows:
        tx.connection.execute(table.insert(), list(rows))


def update_each(tx: Tx, statement: Update | Delete, rows: Sequence[Values]) -> None:
    """Run an update, or a delete, once for every row of parameters; nothing to do for none."""
    if rows:
        tx.connection.execute(statement, list(rows))


def about(table: Table) -> ColumnElement[bool]:
    """The condition that a row is about one of the incidents that `for_incidents` asks for."""
    return tuple_(table.c.tenant, table.c.incident).in_(bindparam("incidents", expanding=True))


def for_incidents(
    tx: Tx, query: Select[*tuple[Any, ...]], keys: Sequence[IncidentKey], **parameters: Any
) -> Iterator[Fetched]:
    """Run a query with the condition `about`, for as many incidents at a time as one statement can carry."""
    for some in chunks(keys):
        incidents = [(key.tenant, key.incident) for key in some]
        yield from tx.connection.execute(query, {"incidents": incidents, **parameters})


def one_incident(key: IncidentKey) -> dict[str, Any]:
    """The parameters of a statement with the condition `about`, for one incident."""
    return {"incidents": [(key.tenant, key.incident)]}


def chunks(values: Sequence[T]) -> Iterator[Sequence[T]]:
    """The values in portions that one statement can carry."""
    for start in range(0, len(values), _CHUNK):
        yield values[start : start + _CHUNK]


def _on_conflict(statement: Any, key: Sequence[str], changes: Changes | None) -> Any:
    """Both engines' inserts have the same methods here, but share no type."""
    if changes is None:
        return statement.on_conflict_do_nothing(index_elements=list(key))
    return statement.on_conflict_do_update(index_elements=list(key), set_=changes(statement.excluded))
