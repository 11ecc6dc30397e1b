"""What a target type can hold, as data: fields, choices, limits, and the rules that join them."""

import enum
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from connector.model.record import FieldValue


class FieldKind(enum.StrEnum):
    """What sort of value a field takes."""

    TEXT = "text"
    CHOICE = "choice"
    NUMBER = "number"
    BOOLEAN = "boolean"
    DATETIME = "datetime"
    REFERENCE = "reference"


@dataclass(frozen=True, slots=True)
class FieldSpec:
    """One field of a target.

    `choices` empty: any value. `limit`: characters. `clearable`: may be empty. `table`: where the rows are that it
    refers to, e.g. sys_user. `custom`: the customer's own, of which no more than the name is known.
    """

    name: str
    kind: FieldKind = FieldKind.TEXT
    choices: tuple[str | int, ...] = ()
    limit: int | None = None
    table: str | None = None
    clearable: bool = True
    description: str = ""
    custom: bool = False


# Given the fields of one record (a field left alone is absent), every sentence that makes it illegal on the target.
JointRule = Callable[[Mapping[str, FieldValue]], list[str]]


def _no_joint_rule(fields: Mapping[str, FieldValue]) -> list[str]:  # noqa: ARG001  # the signature is the protocol
    return []


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Everything `check` and the delivery need to know about a target type without asking the target.

    `custom` matches names of fields that a customer may have added. `together` lists groups of fields that
    travel in one write. `required` are fields without which a record cannot be created. `tags_native` is false
    where the mapping must say into which field tags go. `note_limit`, `task_title_limit` and `task_text_limit` are in
    characters. `carried_by_microsoft` names the fields that Microsoft's own connector already writes (only Sentinel has
    any). `record_states` gives, for each state of a record that may stand in a write's way, what a mapping may say to
    do then: `Record.when_record`. `closed` gives the field, and its values, that say that a record is closed.
    """

    target: str
    fields: Mapping[str, FieldSpec]
    custom: re.Pattern[str] | None = None
    together: tuple[frozenset[str], ...] = ()
    required: frozenset[str] = frozenset()
    joint: JointRule = field(default=_no_joint_rule)
    tags_native: bool = True
    tag_fields: frozenset[str] = frozenset()
    note_limit: int = 30_000
    task_title_limit: int = 160
    task_text_limit: int = 4_000
    carried_by_microsoft: frozenset[str] = frozenset()
    record_states: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    closed: tuple[str, frozenset[FieldValue]] = ("", frozenset())

    def knows(self, name: str) -> bool:
        """Whether the target has, or may have, a field of this name."""
        return name in self.fields or (self.custom is not None and self.custom.fullmatch(name) is not None)

    def spec(self, name: str) -> FieldSpec:
        """The field's specification; a customer's own field is plain text."""
        return self.fields.get(name) or FieldSpec(name, custom=True)

    def personal(self, name: str) -> bool:
        """Whether the field's value may tell something about a person: everything that is not from a closed list."""
        return self.spec(name).kind in {FieldKind.TEXT, FieldKind.REFERENCE}

    def is_closed(self, fields: Mapping[str, FieldValue]) -> bool:
        """Whether these fields make a closed record."""
        name, values = self.closed
        return name in fields and fields[name] in values

    def group(self, name: str) -> frozenset[str]:
        """The fields that travel with this one, itself included."""
        for names in self.together:
            if name in names:
                return names
        return frozenset({name})
