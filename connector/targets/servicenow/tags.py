"""Tags in a text field: a comma-separated list that people may write to as well. Pure.

The platform's own tags need rights that an integration account should not have, so tags go where the mapping's
`tags.into` says: into a field, or into a note, which then travels as one. Source: ServiceNow docs, "Tags".
"""

from collections.abc import Iterable

from connector.model import Record

NOTE = "note"


def tags_field(record: Record) -> str:
    """The field that the record's tags go into; "" when they go into notes."""
    return "" if record.tags_into == NOTE else record.tags_into


def touched(record: Record) -> frozenset[str]:
    """Every field of the target that the record has to do with."""
    field = tags_field(record)
    return frozenset(record.fields) | ({field} if field else set())


def merged(held: str, add: Iterable[str], remove: Iterable[str]) -> str:
    """The list with our tags added and taken away; entries of others stay as they are."""
    taken_away = {_entry(tag).casefold() for tag in remove}
    entries = [entry for part in held.split(",") if (entry := part.strip())]
    kept = [entry for entry in entries if entry.casefold() not in taken_away]
    there = {entry.casefold() for entry in kept}
    return ", ".join([*kept, *(entry for tag in add if (entry := _entry(tag)).casefold() not in there)])


def _entry(tag: str) -> str:
    """A tag as an entry: a comma in it would make two."""
    return tag.replace(",", ";").strip()
