"""What an instance says of its tables: columns, choices, and which table extends which. Pure.

Source: ServiceNow docs, "System dictionary", "Choice lists", "Table extension and classes".
"""

from collections.abc import Mapping
from dataclasses import dataclass

from connector.targets.servicenow.row import Row

_TEXTS = frozenset({"string", "html", "translated_text", "translated_field", "string_full_utf8", ""})

# By field, the labels by value.
Choices = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table, as the dictionary has it. `length` is in characters, 0 if it is not said."""

    kind: str
    length: int
    reference: str
    read_only: bool

    @property
    def is_text(self) -> bool:
        """Whether the length is one of characters that people see."""
        return self.kind in _TEXTS

    @classmethod
    def of(cls, row: Row) -> "Column":
        """The column that a row of the dictionary is about."""
        length = row.text("max_length")
        return cls(
            row.text("internal_type"),
            int(length) if length.isdecimal() else 0,
            row.text("reference"),
            row.text("read_only") == "true",
        )


@dataclass(frozen=True, slots=True)
class Ancestry:
    """By table: itself, the table that it extends, the one that this extends, and so on; only tables that were read."""

    chains: Mapping[str, tuple[str, ...]]

    def of(self, table: str) -> tuple[str, ...]:
        """The table and those that it extends, as far as that was read."""
        return self.chains.get(table, (table,))

    def are_strangers(self, table: str, other: str) -> bool:
        """Whether no row of one table can be a row of the other; False where that was not read."""
        if table not in self.chains or other not in self.chains:
            return False
        return table not in self.chains[other] and other not in self.chains[table]


@dataclass(frozen=True, slots=True)
class Table:
    """What an instance says of a table that is written to."""

    columns: Mapping[str, Column]
    choices: Choices
    ancestry: Ancestry
