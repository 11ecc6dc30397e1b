"""A compiled expression: a closure with what is known about its value before any incident was seen."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from connector.mapping.view import View
from connector.mapping.vocabulary import Kind, Vocabulary

Run = Callable[[View], Any]
# What an expression may read and no incident has: it is constant on one route, and may be otherwise on another.
ROUTES = frozenset({"vars", "source"})


class ExpressionError(Exception):
    """Everything wrong with one expression: pairs of what is wrong and what to do; none where that is told already."""

    def __init__(self, *complaints: tuple[str, str]) -> None:
        super().__init__(complaints)
        self.complaints = complaints


@dataclass(frozen=True, slots=True)
class Expr:
    """`run` gives the value for a view. A constant's value is known at once (`value`).

    `vocabulary` belongs to an enum, or to the items of a list of words. `reads` names the incident properties that
    the value depends on, and those of ROUTES. `name` is that of the property, for an expression that is one and
    nothing else. `worded`: a text of words for people, which is never a time.
    """

    run: Run
    kind: Kind = Kind.ANY
    vocabulary: Vocabulary | None = None
    constant: bool = False
    value: Any = None
    nullable: bool = False
    reads: frozenset[str] = field(default_factory=frozenset)
    name: str = ""
    worded: bool = False


def constant(value: Any) -> Expr:
    """An expression that is always this value."""
    return Expr(lambda view: value, _kind_of(value), constant=True, value=value)  # noqa: ARG005  # a Run takes a view


# Stands for an expression that is wrong in another one that is to be judged all the same.
BROKEN: Final = Expr(lambda view: None, nullable=True)  # noqa: ARG005  # a Run takes a view


def _kind_of(value: Any) -> Kind:
    if isinstance(value, bool):
        return Kind.BOOL
    if isinstance(value, int):
        return Kind.NUMBER
    return Kind.TEXT if isinstance(value, str) else Kind.ANY


@dataclass(frozen=True, slots=True)
class Scope:
    """The names that an expression may use besides the incident's: vars, `let` names, the item of an `each`.

    `routes` are the names under which the records of other routes are known; None: any. `records` collects what of
    other records is read, so that a mapping can be asked again when one comes into being. `later` are `let` names that
    are defined further down. `partial`: names may be defined in a file that could not be read.
    """

    vars: Mapping[str, Any]
    source_name: str = ""
    lets: Mapping[str, Expr] = field(default_factory=dict)
    item: Expr | None = None
    routes: frozenset[str] | None = None
    records: set[str] = field(default_factory=set, compare=False)
    later: frozenset[str] = frozenset()
    partial: bool = False
