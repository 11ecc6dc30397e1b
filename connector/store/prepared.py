"""Statements made ready once, and run for many rows through the driver.

SQLAlchemy prepares each row's parameters by itself, which takes several times as long as SQLite takes to write the
row. Here the statement is compiled once for an engine, each column is converted in one go, and the rows are handed
over in the form in which the driver takes them.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import repeat
from operator import itemgetter
from typing import Any

from sqlalchemy import BindParameter, Delete, Dialect, Insert, Table, Update
from sqlalchemy.dialects import postgresql, sqlite

from connector.store.tx import Tx

Values = Mapping[str, Any]
# What a statement sets, given the row that could not be inserted.
Changes = Callable[[Any], Mapping[str, Any]]
_Column = Callable[[Sequence[Values]], Iterable[Any]]


@dataclass(frozen=True, slots=True)
class _Ready:
    """A statement's text for one driver, and how the values of each of its parameters are read from the rows."""

    text: str
    names: Sequence[str]
    columns: Sequence[_Column]
    positional: bool

    def parameters(self, rows: Sequence[Values]) -> list[Any]:
        """The rows as the driver takes them: tuples, or dictionaries by name."""
        converted = zip(*(column(rows) for column in self.columns), strict=True)
        if self.positional:
            return list(converted)
        return [dict(zip(self.names, row, strict=True)) for row in converted]


@dataclass(frozen=True, slots=True)
class Each:
    """An insert, update or delete that is run once for every row of parameters, named as in the statement.

    `postgres` is the statement as PostgreSQL has it, where the engines differ. The parameters must be plain: an
    expanding one has another text for every row.
    """

    statement: Insert | Update | Delete
    postgres: Insert | Update | Delete | None = None
    _ready: dict[tuple[str, ...], _Ready] = field(default_factory=dict)

    def __call__(self, tx: Tx, rows: Sequence[Values]) -> None:
        """Run it for rows that all name the same parameters; nothing to do for none."""
        if rows:
            ready = self._for(tx, rows[0])
            tx.connection.exec_driver_sql(ready.text, ready.parameters(rows))

    def _for(self, tx: Tx, row: Values) -> _Ready:
        dialect = tx.connection.dialect
        known = self._ready.get((dialect.name, *row))
        if known is None:
            statement = self.statement if tx.on_sqlite or self.postgres is None else self.postgres
            known = self._ready[dialect.name, *row] = _made_ready(statement, dialect, row)
        return known


class Upsert:
    """An insert that meets a row with the same key.

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
        self._each = Each(
            _on_conflict(sqlite.insert(table), key, None if keep_old else changed),
            _on_conflict(postgresql.insert(table), key, None if keep_old else changed),
        )

    def __call__(self, tx: Tx, rows: Sequence[Values]) -> None:
        """Write rows that all name the same columns; nothing to do for none."""
        self._each(tx, sorted(rows, key=self._key))


def _on_conflict(statement: Any, key: Sequence[str], changes: Changes | None) -> Any:
    """Both engines' inserts have the same methods here, but share no type."""
    if changes is None:
        return statement.on_conflict_do_nothing(index_elements=list(key))
    return statement.on_conflict_do_update(index_elements=list(key), set_=changes(statement.excluded))


def _made_ready(statement: Insert | Update | Delete, dialect: Dialect, row: Values) -> _Ready:
    if isinstance(statement, Insert):
        statement = statement.inline()  # nobody asks for the keys that the engine gives
    compiled: Any = statement.compile(dialect=dialect, column_keys=list(row))  # typed without its parameters
    parameters = {name: parameter for parameter, name in compiled.bind_names.items()}
    names = compiled.positiontup if compiled.positional else list(parameters)
    values = compiled.construct_params(row)  # those of the statement itself among them
    columns = [
        _given(name, parameters[name], dialect)
        if name in row
        else _constant(values[name], parameters[name], dialect)
        for name in names
    ]
    return _Ready(str(compiled), names, columns, compiled.positional)


def _given(name: str, parameter: BindParameter[Any], dialect: Dialect) -> _Column:
    convert = parameter.type.dialect_impl(dialect).bind_processor(dialect)
    if convert is None:
        return lambda rows: [row[name] for row in rows]
    return lambda rows: [convert(row[name]) for row in rows]


def _constant(value: Any, parameter: BindParameter[Any], dialect: Dialect) -> _Column:
    convert = parameter.type.dialect_impl(dialect).bind_processor(dialect)
    converted = value if convert is None else convert(value)
    return lambda rows: repeat(converted, len(rows))
