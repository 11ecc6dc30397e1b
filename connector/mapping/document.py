"""The shape of a mapping file: which keys exist and what sort of value each takes.

Only the shape. What a name, a word or a cell means needs the vocabulary, the target's catalogue and the route's
vars, and is judged in `compile` and `check`. Models are strict: YAML has already said what is text and what is not.
"""

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag, model_validator

from connector.mapping.example_shape import Example
from connector.mapping.strict import Scalar, Shape

ModeWord = Literal["initial", "follow", "unless_edited", "enforce"]
OnLookup = Literal["leave", "clear"]

# Each state that an incident can be in is tried on every rule; these many are tried in seconds.
MAX_RULES = 300
MAX_ROWS = 1000

_WHEN = "An expression that says when the rule holds; always, if it is not there."
_MODE = (
    "When it is written: `initial` at creation, `follow` whenever the wanted value changes, `unless_edited` while "
    "nobody else has changed it, `enforce` (in this version) as `follow`."
)
# What is wrong, and what to do.
Complaint = tuple[str, str]
_ELSE: Complaint = ("`else` needs `when`", "say when the rule holds")


class LookupSpec(Shape):
    """A value that the target resolves to the row of `table` where one of the columns `by` equals it."""

    table: str = Field(description="The table to look in.", examples=["sys_user", "sys_user_group"])
    by: list[str] | None = Field(
        default=None, min_length=1, description="Columns that may hold the value, tried in this order."
    )
    value: Scalar | None = Field(default=None, description="What to look up; in a table, what `from` holds.")
    on_missing: OnLookup = Field(default="leave", description="What becomes of the field if no row is found.")
    on_many: OnLookup = Field(default="leave", description="What becomes of the field if several rows are.")


class ValueSpec(Shape):
    """A value that needs more than a word: a template, a look-up, or a text that looks like one of our words."""

    template: str | None = Field(default=None, description="A text with `{{ ... }}` in it.")
    lookup: LookupSpec | None = Field(default=None, description="A row of another table.")
    literal: Scalar | None = Field(default=None, description="The word itself, such as `leave` or `drop`.")

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

    from_: str | None = Field(
        default=None, alias="from", description="The property, or an expression, that a table looks at."
    )
    values: dict[str | int | bool | None, Value] | None = Field(
        default=None, max_length=2000, description="What each word of `from` gives."
    )
    otherwise: Value | None = Field(default=None, description="What every other known word gives.")
    template: str | None = Field(default=None, description="A text with `{{ ... }}` in it.")
    lookup: LookupSpec | None = Field(default=None, description="A row of another table.")
    value: Value | None = Field(default=None, description="The same for every incident.")
    when: str | bool | None = Field(default=None, description=_WHEN)
    else_: Value = Field(default="leave", alias="else", description="The value where `when` does not hold.")
    mode: ModeWord = Field(default="follow", description=_MODE)

    def contradictions(self) -> Iterator[Complaint]:
        """What is wrong with its keys together, though each is right by itself."""
        ways = (self.has_table, self.template is not None, self.lookup is not None, self.value is not None)
        if sum(ways) != 1:
            yield "a field has one of `values`, `template`, `lookup` and `value`", "keep one"
        if self.has_table and self.from_ is None:
            yield "a table of `values` needs `from`", "name the property it looks at"
        if self.template is not None and self.from_ is not None:
            yield "a template has no use for `from`", "remove it"
        if "else_" in self.model_fields_set and self.when is None:
            yield _ELSE

    @property
    def has_table(self) -> bool:
        """Whether values are looked up."""
        return self.values is not None or self.otherwise is not None


def _field_tag(value: Any) -> str:
    return "<mapping>" if isinstance(value, dict | FieldSpecification) else "<scalar>"


FieldRule = Annotated[
    Annotated[FieldSpecification, Tag("<mapping>")] | Annotated[Scalar, Tag("<scalar>")],
    Discriminator(_field_tag),
]


class ScopeRule(Shape):
    """Incidents that this route is not about."""

    id: str = Field(min_length=1, description="What the audit log calls it.")
    exclude_when: str | bool = Field(
        description="An expression that says which.", examples=["severity == 'informational'"]
    )
    reason: str = Field(default="", description="Why, for whoever asks later.")


class Decision(Shape):
    """A decision table: the first row that matches sets the fields."""

    id: str = Field(min_length=1, description="What explanations and complaints call it.")
    given: list[str] = Field(
        min_length=1, max_length=10, description="The properties, or expressions, that the rows look at."
    )
    set_: list[str] = Field(
        alias="set", min_length=1, max_length=50, description="The fields that the rows give values to."
    )
    rows: list[list[Any]] = Field(
        min_length=1,
        max_length=MAX_ROWS,
        description="In each row a cell for each of `given`, then a value for each of `set`.",
    )
    otherwise: list[Any] | None = Field(default=None, description="The values where no row matches.")
    when: str | bool | None = Field(default=None, description=_WHEN)
    else_: list[Any] | None = Field(
        default=None, alias="else", description="The values where `when` does not hold."
    )
    mode: ModeWord = Field(default="follow", description=_MODE)

    def contradictions(self) -> Iterator[Complaint]:
        """What is wrong with its keys together, though each is right by itself."""
        if self.else_ is not None and self.when is None:
            yield _ELSE


class TagRule(Shape):
    """One tag, or one for each item of a list."""

    tag: str = Field(description="The tag, or a template of it.", examples=["{{ item }}"])
    each: str | None = Field(default=None, description="A list; each `item` of it gives a tag.")
    when: str | bool | None = Field(default=None, description=_WHEN)


class TagRules(Shape):
    """The tags of a record, and where they go if the target has none of its own."""

    into: str | None = Field(
        default=None, description="Where tags go on a target that has none: a field, or `note`."
    )
    add: list[TagRule] = Field(
        default_factory=list, max_length=MAX_RULES, description="The tags; they go when no rule gives them."
    )


class NoteRule(Shape):
    """Something said once for each item of a list, or for each revision in which a property changed."""

    name: str = Field(min_length=1, description="Part of a note's identity: a new name posts again.")
    each: str | None = Field(default=None, description="A list; each `item` of it gives a note.")
    changed: list[str] | None = Field(
        default=None, description="Properties; each revision in which one of them changed gives a note."
    )
    text: str = Field(description="The note, or a template of it.")
    when: str | bool | None = Field(default=None, description=_WHEN)
    backfill: bool = Field(default=False, description="Whether a new rule is for what is past, too.")

    def contradictions(self) -> Iterator[Complaint]:
        """What is wrong with its keys together, though each is right by itself."""
        if (self.each is None) is (self.changed is None):
            yield "a note has either `each` or `changed`", "keep one"


class TaskRule(Shape):
    """Something to do, asked for once for each item of a list, or once for an incident."""

    name: str = Field(min_length=1, description="Part of a task's identity: a new name asks again.")
    title: str = Field(min_length=1, description="The task in a line, or a template of it.")
    text: str = Field(default="", description="What there is to know, or a template of it.")
    each: str | None = Field(default=None, description="A list; each `item` of it gives a task.")
    when: str | bool | None = Field(default=None, description=_WHEN)
    backfill: bool = Field(default=False, description="Whether a new rule is for what is past, too.")


class MappingFile(Shape):
    """A whole mapping file."""

    version: Literal[1] = Field(description="The version of the language.")
    name: str = Field(
        pattern=r"^[a-z0-9][a-z0-9-]*$", description="Its name: small letters, digits and hyphens."
    )
    target: str = Field(description="The type of target that it is for.")
    extends: str | None = Field(
        default=None,
        min_length=1,
        description="A mapping whose rules this one takes over: a file relative to this one, or `shipped:FILE`.",
    )
    description: str = Field(default="", description="What it is for.")
    accepts_flow_back: bool = Field(
        default=False,
        description="Allows writing what Microsoft's own connector carries back into Defender XDR.",
    )
    # Each may call on the one before it, so their number is the depth of a call.
    let: dict[str, Scalar] = Field(
        default_factory=dict,
        max_length=100,
        description="Names for expressions; each may use those above it.",
    )
    scope: list[ScopeRule] = Field(
        default_factory=list, max_length=100, description="Incidents that the route is not about."
    )
    create_when: str | bool = Field(
        default=True,
        description="An expression that says which incidents get a record; those that have one are kept up to date.",
    )
    when_record: dict[str, str] = Field(
        default_factory=dict,
        description="What to do when the record's own state is in the way: an action by state.",
        examples=[{"resolved": "reopen", "closed": "follow_up", "canceled": "note", "deleted": "report"}],
    )
    fields: dict[str, FieldRule] = Field(
        default_factory=dict, max_length=MAX_RULES, description="The rules of the record's fields, by field."
    )
    decisions: list[Decision] = Field(
        default_factory=list, max_length=100, description="Tables that set several fields together."
    )
    tags: TagRules = Field(default_factory=TagRules, description="The tags of the record.")
    notes: list[NoteRule] = Field(
        default_factory=list, max_length=100, description="What is appended to the record, once each."
    )
    tasks: list[TaskRule] = Field(
        default_factory=list, max_length=100, description="What there is to do, asked for once each."
    )
    examples: list[Example] = Field(
        default_factory=list, max_length=1000, description="Incidents and what must become of them."
    )

    @model_validator(mode="after")
    def _rows(self) -> "MappingFile":
        rows = sum(len(decision.rows) for decision in self.decisions)
        if rows > 2 * MAX_ROWS:
            raise ValueError(f"{rows} rows in all decisions; at most {2 * MAX_ROWS} are read")
        return self
