"""What can be written and never says anything: comparisons that never hold, conditions that no incident meets.

Only what is never of use, whatever comes, is refused: what is compared with a var may be otherwise on another route.
"""

import itertools
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

from connector.mapping.expr import ROUTES, Expr, ExpressionError
from connector.mapping.text import show
from connector.mapping.view import UndecidedError, View
from connector.mapping.vocabulary import PROPERTIES, Kind

_NUMBER = re.compile(r"-?\d+")
# So many incidents are tried on one condition: all that differ in status, severity, classification and determination.
_MOST = 1500
_ENUMS: Mapping[str, Sequence[str]] = {
    name: known.vocabulary.members
    for name, known in PROPERTIES.items()
    if known.kind is Kind.ENUM and known.vocabulary is not None
}


def check_comparison(operator: str, left: Expr, right: Expr, *, literals: Sequence[bool]) -> None:
    """Raise ExpressionError for a comparison that is never what was meant; `literals`: which sides are literals."""
    if operator in {"in", "notin"} and literals[1] and not left.constant:
        _check_in(operator, left, right.value)
    elif operator == "eq":
        for one, other, literal in ((left, right, literals[1]), (right, left, literals[0])):
            if literal and not one.constant and never_equal(one, other.value):
                raise ExpressionError(unlike(one, other.value))


def _check_in(operator: str, found: Expr, wanted: Any) -> None:
    if isinstance(wanted, str) and found.kind is Kind.ENUM:
        what = "`in` looks for a part of this text, and a word is whole"
        raise ExpressionError((what, f"write a list: ['{wanted}']"))
    if operator == "in" and isinstance(wanted, list) and all(never_equal(found, each) for each in wanted):
        raise ExpressionError(
            unlike(found, wanted[0]) if wanted else ("nothing is in an empty list", "write what may be in it")
        )


def never_equal(found: Expr, wanted: Any) -> bool:
    """Whether a value of this kind never equals a literal."""
    match found.kind:
        case Kind.BOOL:
            return not isinstance(wanted, bool)
        case Kind.NUMBER:
            return isinstance(wanted, bool) or (wanted is not None and not _NUMBER.fullmatch(show(wanted)))
        case Kind.TEXT | Kind.TIME:
            return isinstance(wanted, bool)
    return False


def unlike(found: Expr, wanted: Any) -> tuple[str, str]:
    """What is wrong with comparing the two, and what to do."""
    shown = "null" if wanted is None else f"`{show(wanted)}`"
    if found.kind is Kind.BOOL:
        return f"true or false is never {shown}", "compare with true or false, without quotes"
    if found.kind is Kind.NUMBER:
        return f"a number is never {shown}", "compare with a whole number"
    return f"a text is never {shown}", "put it in quotes"


def check_condition(condition: Expr, lets: Mapping[str, Expr]) -> None:
    """Raise ExpressionError for a condition that no incident meets, as far as the words of its enums tell."""
    if condition.constant or condition.reads.isdisjoint(_ENUMS) or not condition.reads.isdisjoint(ROUTES):
        return
    runs = {name: let.run for name, let in lets.items()}
    if not any(_may_hold(condition, words, runs) for words in _tried(condition.reads)):
        raise ExpressionError(("no incident meets this", "correct it; write `false` for never"))


def _tried(reads: Iterable[str]) -> Iterable[Mapping[str, str]]:
    """Words of the enums that are read, in every combination; of very many enums, of some of them."""
    names: list[str] = []
    for name in sorted(_ENUMS.keys() & set(reads), key=lambda name: len(_ENUMS[name])):
        if math.prod(len(_ENUMS[each]) for each in (*names, name)) <= _MOST:
            names.append(name)
    for words in itertools.product(*(_ENUMS[name] for name in names)):
        yield dict(zip(names, words, strict=True))


def _may_hold(condition: Expr, words: Mapping[str, str], lets: Mapping[str, Any]) -> bool:
    try:
        return bool(condition.run(cast("View", _Supposed(words, lets))))
    except UndecidedError:
        return True


class _Words(dict[str, Any]):
    """Properties of which only some are known; the others are undecided, as words that nobody knows."""

    def __missing__(self, name: str) -> Any:
        raise UndecidedError(name, "")


class _Supposed:
    """In a View's place: an incident of which nothing is known but some words."""

    lenient = False

    def __init__(self, words: Mapping[str, str], lets: Mapping[str, Any]) -> None:
        self.values = _Words(words)
        self._lets = lets

    def let(self, name: str) -> Any:
        """The value of a `let` name. Raises UndecidedError."""
        return self._lets[name](self)

    def __getattr__(self, name: str) -> Any:
        raise UndecidedError(name, "")
