"""What a mapping says of an incident, in the words that examples use: `leave`, `clear`, or the value."""

from collections.abc import Iterable, Mapping

from connector.mapping.compiled import CompiledMapping
from connector.mapping.text import show
from connector.model import FieldValue, Lookup, Mapped

LEAVE_WORD, CLEAR_WORD = "leave", "clear"


def written(fields: Mapping[str, FieldValue], name: str) -> str:
    """A field: `leave` when it is not touched, `clear` when it is emptied, of a look-up what is looked up."""
    if name not in fields:
        return LEAVE_WORD
    value = fields[name]
    if value is None:
        return CLEAR_WORD
    return value.value if isinstance(value, Lookup) else show(value)


def covered_by(mapping: CompiledMapping) -> tuple[str, ...]:
    """The names of the fields that a mapping writes, in its order."""
    return tuple(name for writer in mapping.writers for name in writer.fields)


def said(mapped: Mapped, fields: Iterable[str]) -> dict[str, str]:
    """The outcome of an incident by name: the fields, then `tags`, `create` and `excluded`."""
    return {
        **{name: written(mapped.record.fields, name) for name in fields},
        "tags": ", ".join(mapped.record.tags),
        "create": show(mapped.may_create),
        "excluded": mapped.excluded.id if mapped.excluded else "",
    }
