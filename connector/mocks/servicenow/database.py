"""Rows in memory: one dictionary a table, with an index for each field that look-ups use.

A row is a flat dictionary of strings, as the instance's own values are; absent is the empty string.
"""

import random
from collections.abc import Iterable, Iterator, Mapping

from connector.mocks.servicenow.schema import SCHEMAS, Schema

Row = dict[str, str]

_FIRST_NUMBER = 10_001


class Table:
    """The rows of one table, in the order of their creation."""

    def __init__(self, schema: Schema) -> None:
        self.schema = schema
        self._rows: dict[str, Row] = {}
        self._indexes: dict[str, dict[str, dict[str, None]]] = {
            name: {} for name in schema.indexed if name != "sys_id"
        }

    def __iter__(self) -> Iterator[Row]:
        return iter(self._rows.values())

    def __len__(self) -> int:
        return len(self._rows)

    def get(self, sys_id: str) -> Row | None:
        """Return the row with this id; callers must not change it in place."""
        return self._rows.get(sys_id)

    def put(self, row: Row) -> None:
        """Add a row, or replace the one with the same sys_id."""
        sys_id = row["sys_id"]
        before = self._rows.get(sys_id)
        for name, index in self._indexes.items():
            if before is not None and before[name] != row[name]:
                del index[before[name]][sys_id]
            index.setdefault(row[name], {})[sys_id] = None
        self._rows[sys_id] = row

    def remove(self, sys_id: str) -> None:
        """Forget a row; raise KeyError when there is none."""
        row = self._rows.pop(sys_id)
        for name, index in self._indexes.items():
            del index[row[name]][sys_id]

    def having(self, name: str, values: Iterable[str]) -> Iterator[Row]:
        """Yield the rows whose indexed field equals one of the values."""
        if name == "sys_id":
            yield from (self._rows[value] for value in dict.fromkeys(values) if value in self._rows)
            return
        index = self._indexes[name]
        for value in dict.fromkeys(values):
            yield from (self._rows[sys_id] for sys_id in index.get(value, ()))


class Database:
    """All tables, the counter of record numbers, and the source of new ids (`seed` makes them repeatable)."""

    def __init__(self, seed: int) -> None:
        self.tables: Mapping[str, Table] = {name: Table(schema) for name, schema in SCHEMAS.items()}
        self._random = random.Random(seed)
        self._next_number = _FIRST_NUMBER

    def new_id(self) -> str:
        """Return a fresh sys_id: 32 hexadecimal digits."""
        return f"{self._random.getrandbits(128):032x}"

    def new_number(self, prefix: str) -> str:
        """Return the next record number, such as INC0010001."""
        number = self._next_number
        self._next_number += 1
        return f"{prefix}{number:07d}"
