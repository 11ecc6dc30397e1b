"""The shape of a mapping file: which keys exist and what sort of value each takes.

Only the shape. What a name, a word or a cell means needs the vocabulary, the target's catalogue and the route's
vars, and is judged in `compile` and `check`. Models are strict: YAML has already said what is text and what is not.
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, model_validator

Scalar = str | int | bool
ModeWord = Literal["initial", "follow", "unless_edited", "enforce"]
OnLookup = Literal["leave", "clear"]

# Parts of the language that this version has not; they are refused by name instead of as unknown keys.
LATER_KEYS = frozenset({"when_record", "tasks", "links"})
_ELSE = "`else` needs `when`; say when the rule holds"


class Shape(BaseModel):
    """Base of every part of a mapping file: no unknown keys, no silent conversions."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class LookupSpec(Shape):
    """A value that the target resolves to the row of `table` where one of the columns `by` equals it."""

    table: str
    by: list[str] | None = Field(default=None, min_length=1)
    value: Scalar | None = None
    on_missing: OnLookup = "leave"
    on_many: OnLookup = "leave"


class ValueSpec(Shape):
    """A value that needs more than a word: a template, a look-up, or a text that looks like one of our words."""

    template: str | None = None
    lookup: LookupSpec | None = None
    literal: Scalar | None = None

    @model_validator(mode="after")
    def _one(self) -> "ValueSpec":
        if sum(part is not None for part in (self.template, self.lookup, self.literal)) != 1:
            raise ValueError("a value has one of `template`, `lookup` and `literal`; keep one")
        return self


def _value_tag(value: Any) -> str:
    return "<mapping>" if isinstance(value, dict | ValueSpec) else "<scalar>"


Value = Annotated[
    Annotated[ValueSpec, Tag("<mapping>")] | Annotated[Scalar, Tag("<scalar>")], Discriminator(_value_tag)
]


class FieldSpecification(Shape):
    """How one field gets its value: a table over `from`, a template, a look-up, or the same value always."""

    from_: str | None = Field(default=None, alias="from")
    values: dict[str | int | bool | None, Value] | None = None
    otherwise: Value | None = None
    template: str | None = None
    lookup: LookupSpec | None = None
    value: Value | None = None
    when: str | bool | None = None
    else_: Value = Field(default="leave", alias="else")
    mode: ModeWord = "follow"

    @model_validator(mode="after")
    def _one(self) -> "FieldSpecification":
        table = self.values is not None or self.otherwise is not None
        ways = (table, self.template is not None, self.lookup is not None, self.value is not None)
        if sum(ways) != 1:
            raise ValueError("a field has one of `values`, `template`, `lookup` and `value`; keep one")
        if table and self.from_ is None:
            raise ValueError("a table of `values` needs `from`; name the property it looks at")
        if self.template is not None and self.from_ is not None:
            raise ValueError("a template has no use for `from`; remove it")
        if "else_" in self.model_fields_set and self.when is None:
            raise ValueError(_ELSE)
        return self


def _field_tag(value: Any) -> str:
    return "<mapping>" if isinstance(value, dict | FieldSpecification) else "<scalar>"


FieldRule = Annotated[
    Annotated[FieldSpecification, Tag("<mapping>")] | Annotated[Scalar, Tag("<scalar>")],
    Discriminator(_field_tag),
]


class ScopeRule(Shape):
    """Incidents that this route is not about."""

    id: str = Field(min_length=1)
    exclude_when: str | bool
    reason: str = ""


class Decision(Shape):
    """A decision table: the first row that matches sets the fields."""

    id: str = Field(min_length=1)
    given: list[str] = Field(min_length=1)
    set_: list[str] = Field(alias="set", min_length=1)
    rows: list[list[Any]] = Field(min_length=1)
    otherwise: list[Any] | None = None
    when: str | bool | None = None
    else_: list[Any] | None = Field(default=None, alias="else")
    mode: ModeWord = "follow"

    @model_validator(mode="after")
    def _when_else(self) -> "Decision":
        if self.else_ is not None and self.when is None:
            raise ValueError(_ELSE)
        return self


class TagRule(Shape):
    """One tag, or one for each item of a list."""

    tag: str
    each: str | None = None
    when: str | bool | None = None


class TagRules(Shape):
    """The tags of a record, and where they go if the target has none of its own."""

    into: str | None = None
    add: list[TagRule] = Field(default_factory=list)


class NoteRule(Shape):
    """Something said once for each item of a list, or for each revision in which a property changed."""

    name: str = Field(min_length=1)
    each: str | None = None
    changed: list[str] | None = None
    text: str
    when: str | bool | None = None
    backfill: bool = False

    @model_validator(mode="after")
    def _one(self) -> "NoteRule":
        if (self.each is None) is (self.changed is None):
            raise ValueError("a note has either `each` or `changed`; keep one")
        return self


class Expectation(Shape):
    """What an example must come out as; what is not named is not compared."""

    fields: dict[str, Scalar | None] = Field(default_factory=dict)
    tags: list[str] | None = None
    notes: list[str] | None = None
    create: bool | None = None
    excluded: str | None = None
    undecided: list[str] | None = None


class Example(Shape):
    """An incident, perhaps with its previous revision, and what becomes of it."""

    name: str = Field(min_length=1)
    incident: dict[str, Any]
    old: dict[str, Any] | None = None
    expect: Expectation


class MappingFile(Shape):
    """A whole mapping file."""

    version: Literal[1]
    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$")
    target: str
    extends: str | None = Field(default=None, min_length=1)
    description: str = ""
    accepts_flow_back: bool = False
    # Each may call on the one before it, so their number is the depth of a call.
    let: dict[str, Scalar] = Field(default_factory=dict, max_length=100)
    scope: list[ScopeRule] = Field(default_factory=list)
    create_when: str | bool = True
    fields: dict[str, FieldRule] = Field(default_factory=dict)
    decisions: list[Decision] = Field(default_factory=list)
    tags: TagRules = Field(default_factory=TagRules)
    notes: list[NoteRule] = Field(default_factory=list)
    examples: list[Example] = Field(default_factory=list)
