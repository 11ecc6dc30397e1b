"""What a target should hold for an incident, as a mapping says it."""

import enum
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from connector.model.canonical import digest
from connector.model.incident import JSON

# Every note we write ends with this, so that it is recognised when another system copies it back to the source.
MARKER = re.compile(r"\[mdxdr:[0-9a-f]{12}\]")


class Mode(enum.StrEnum):
    """When a field is written."""

    INITIAL = "initial"  # only when the record is created
    FOLLOW = "follow"  # whenever the wanted value changed
    UNLESS_EDITED = "unless_edited"  # as follow, but only while the target still holds what we applied
    ENFORCE = "enforce"  # as follow, and repaired when somebody else changed it


@dataclass(frozen=True, slots=True)
class Lookup:
    """A value that the target resolves to a reference: the row of `table` where one of `by` equals `value`.

    `on_missing` and `on_many` say what becomes of the field when no row, or more than one, is found:
    `leave` it as it is or `clear` it.
    """

    table: str
    by: tuple[str, ...]
    value: str
    on_missing: str = "leave"
    on_many: str = "leave"


FieldValue = str | int | bool | Lookup | None  # None means: make the field empty


def as_json(value: FieldValue) -> JSON:
    """The JSON form of a field value, in which it is stored and fingerprinted."""
    if not isinstance(value, Lookup):
        return value
    return {
        "lookup": value.table,
        "by": list(value.by),
        "value": value.value,
        "on_missing": value.on_missing,
        "on_many": value.on_many,
    }


def from_json(value: JSON) -> FieldValue:
    """The inverse of `as_json`."""
    if not isinstance(value, dict):
        return value  # type: ignore[no-any-return]  # the store holds only what as_json wrote
    return Lookup(value["lookup"], tuple(value["by"]), value["value"], value["on_missing"], value["on_many"])


@dataclass(frozen=True, slots=True)
class Record:
    """Fields and tags that a target should hold. A field that the mapping leaves alone is absent.

    `modes` names only the fields that do not follow. `keep_tags` is set when a tag rule could not be decided:
    then tags are added but none is taken away. `tags_into` says where tags go on a target that has none of its own.
    `carried` names fields that the mapping leaves alone by now and that still have what was intended before.
    `when_record` says what to do when the target's record is in a state that stands in the way: by state (`resolved`,
    `closed`, `canceled`, `deleted`), one of `reopen`, `follow_up` (a new record), `note` (notes only), `report`.
    """

    fields: Mapping[str, FieldValue] = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    modes: Mapping[str, Mode] = field(default_factory=dict)
    keep_tags: bool = False
    tags_into: str = ""
    carried: frozenset[str] = frozenset()
    when_record: Mapping[str, str] = field(default_factory=dict)

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the RFC 8785 JSON of fields and tags."""
        fields = {name: as_json(value) for name, value in self.fields.items()}
        return digest({"fields": fields, "tags": sorted(self.tags)})


@dataclass(frozen=True, slots=True)
class Note:
    """Something said once about an incident. `item` identifies the source item or revision it came from.

    With a `title` it is a task: something to do, asked for once. `fresh` is false for what the previous revision read
    already led to: such a note is only wanted when the record is new to the route, or the rule asks for a backfill
    (`backfill`).
    """

    rule: str
    item: str
    text: str
    fresh: bool = True
    backfill: bool = False
    title: str = ""

    @property
    def stored_rule(self) -> str:
        """The rule as it stands in keys, in which a task's and a note's of one name must differ."""
        return f"task:{self.rule}" if self.title else self.rule


@dataclass(frozen=True, slots=True)
class Unmapped:
    """A value that the vendor added later, and the rule that could not be decided because of it."""

    rule: str
    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Exclusion:
    """The scope rule by which an incident does not concern a route."""

    id: str
    reason: str


@dataclass(frozen=True, slots=True)
class Mapped:
    """Everything a mapping says about one incident: a function of the incident, the previous revision and the vars.

    `may_create` is false when the mapping does not want a record created for the incident in this state.
    `cut` names the fields whose text was shortened to the target's limit.
    """

    record: Record
    notes: tuple[Note, ...] = ()
    may_create: bool = True
    excluded: Exclusion | None = None
    unmapped: tuple[Unmapped, ...] = ()
    cut: tuple[str, ...] = ()
