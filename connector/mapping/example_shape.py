"""The shape of an example in a mapping file: an incident, the records that are there, and what must come out."""

from typing import Any

from pydantic import Field

from connector.mapping.strict import Scalar, Shape


class Expectation(Shape):
    """What an example must come out as; what is not named is not compared."""

    fields: dict[str, Scalar | None] = Field(
        default_factory=dict, description="Values of fields; `leave` and `clear` as in rules."
    )
    tags: list[str] | None = Field(default=None, description="All tags, in any order.")
    notes: list[str] | None = Field(default=None, description="The texts of all new notes.")
    tasks: list[str] | None = Field(default=None, description="The titles of all new tasks.")
    create: bool | None = Field(default=None, description="Whether a record would be created.")
    excluded: str | None = Field(default=None, description="The id of the scope rule; `nothing` if none.")
    undecided: list[str] | None = Field(
        default=None, description="The properties whose word no rule knows, without repetition."
    )


class ExampleRecord(Shape):
    """How people know a record."""

    number: str = Field(default="", description="Its number on the target.")
    url: str = Field(default="", description="Its address in a browser.")


class ExampleRecords(Shape):
    """The records that are there when an incident is mapped."""

    record: ExampleRecord | None = Field(default=None, description="What this route keeps: `record`.")
    links: dict[str, ExampleRecord] = Field(
        default_factory=dict, description="What other routes keep, by the name that `links` has for it."
    )
    merged: ExampleRecord | None = Field(
        default=None, description="What this route keeps for the incident that this one was merged into."
    )


class Example(Shape):
    """An incident, perhaps with its previous revision, and what becomes of it."""

    name: str = Field(min_length=1, description="What failures call it.")
    incident: dict[str, Any] = Field(description="What differs from a new incident that nobody has touched.")
    old: dict[str, Any] | None = Field(default=None, description="The same of the revision before.")
    records: ExampleRecords | None = Field(
        default=None,
        description="The records that are there; none, if it is not there.",
        examples=[{"links": {"servicenow": {"number": "INC0010001"}}}],
    )
    expect: Expectation = Field(description="What must come out; what is not named is not compared.")
