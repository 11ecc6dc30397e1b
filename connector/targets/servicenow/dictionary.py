"""Reading what an instance says of its tables: a request for each system table, for all that is asked about.

An account without rights to a system table gets an empty list, or is refused: then nothing is known, and nothing is
claimed. A column that a table has from one that it extends stands in the dictionary under that one.

Source: ServiceNow docs, "System dictionary", "Choice lists", "Table API".
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from connector.errors import AuthError, RejectedError
from connector.targets.servicenow.calls import Calls
from connector.targets.servicenow.row import Row
from connector.targets.servicenow.structure import Ancestry, Choices, Column

_MOST = 5000
_AT_ONCE = 150  # names in one condition: a longer address would be refused
_LEVELS = 9
_COLUMN = ("name", "element", "max_length", "internal_type", "reference", "read_only")


@dataclass(slots=True)
class Dictionary:
    """The system tables of one instance, as far as the account may read them."""

    calls: Calls
    columns: dict[str, dict[str, Column]] = field(default_factory=dict)
    """The columns that were asked for, by table and name, those of the tables that it extends included."""
    _chains: dict[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def ancestry(self) -> Ancestry:
        """Which table extends which, as far as it was asked for."""
        return Ancestry(self._chains)

    async def rows(self, table: str, query: str, fields: Iterable[str], limit: int) -> list[Row] | None:
        """Rows of a system table; None where the account may not ask."""
        try:
            return await self.calls.rows(query, ("sys_id", *fields), limit=limit, table=table)
        except (AuthError, RejectedError):  # the target itself let us in: this table is closed to the account
            return None

    async def learn_tables(self, tables: Iterable[str]) -> None:
        """Read what these tables extend; one that is unknown afterwards does not exist or was not shown."""
        wanted = sorted(set(tables) - self._chains.keys())
        steps = [".".join([*["super_class"] * level, "name"]) for level in range(_LEVELS + 1)]
        for names in _parts(wanted):
            rows = await self.rows("sys_db_object", f"nameIN{','.join(names)}", steps, _MOST) or ()
            chains = {row.text("name"): tuple(filter(None, map(row.text, steps))) for row in rows}
            self._chains |= {name: chain for name, chain in chains.items() if name in names}

    async def learn_columns(self, tables: Collection[str], elements: Iterable[str]) -> None:
        """Read these columns of these tables."""
        owners = sorted({name for table in tables for name in self.ancestry.of(table)})
        found: dict[str, dict[str, Column]] = {}
        for names in _parts(sorted(elements)):
            query = f"nameIN{','.join(owners)}^elementIN{','.join(names)}"
            for row in await self.rows("sys_dictionary", query, _COLUMN, _MOST) or ():
                found.setdefault(row.text("name"), {})[row.text("element")] = Column.of(row)
        for table in tables:
            columns = self.columns.setdefault(table, {})
            for owner in reversed(self.ancestry.of(table)):
                columns |= found.get(owner, {})

    async def choices(self, table: str, elements: Iterable[str]) -> Choices:
        """Labels by value, by field: the table's own or, where it has none, those of the table that it extends."""
        chain = self.ancestry.of(table)
        own: dict[str, dict[str, dict[str, str]]] = {}
        for names in _parts(sorted(elements)):
            for row in await self._choices(chain, names):
                lists = own.setdefault(row.text("name"), {})
                lists.setdefault(row.text("element"), {})[row.text("value")] = row.text("label")
        found: dict[str, Mapping[str, str]] = {}
        for owner in reversed(chain):
            found |= own.get(owner, {})
        return found

    async def _choices(self, chain: Iterable[str], names: list[str]) -> list[Row]:
        """The choices of some fields, asked for in halves where they are too many: they come in every language."""
        query = f"nameIN{','.join(chain)}^elementIN{','.join(names)}^inactive=false"
        rows = await self.rows("sys_choice", query, ("name", "element", "value", "label"), _MOST) or []
        if len(rows) < _MOST or len(names) < 2:
            return rows
        middle = len(names) // 2
        return [*await self._choices(chain, names[:middle]), *await self._choices(chain, names[middle:])]


def _parts(names: list[str]) -> Iterator[list[str]]:
    for start in range(0, len(names), _AT_ONCE):
        yield names[start : start + _AT_ONCE]
