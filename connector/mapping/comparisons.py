"""Comparison: what `==`, `in` and `>=` mean for each kind of value.

Words of an enum are compared as members, whatever their spelling, and a word that is no member is refused while the
mapping is checked. Owners and the items of lists are compared without regard to case, because people typed them.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from connector.mapping.expr import Expr, ExpressionError, Run, constant
from connector.mapping.text import show
from connector.mapping.view import View
from connector.mapping.vocabulary import Kind, Vocabulary
from connector.model import Revision
from connector.yamlsource import nearest

_ARTICLES = MappingProxyType({Kind.ENUM: "an", Kind.OWNER: "an"})
Test = Callable[[Any, Any], bool]

_ORDER: Mapping[str, Test] = MappingProxyType(
    {
        "gt": lambda left, right: bool(left > right),
        "gteq": lambda left, right: bool(left >= right),
        "lt": lambda left, right: bool(left < right),
        "lteq": lambda left, right: bool(left <= right),
    }
)


def compare(operator: str, left: Expr, right: Expr) -> Run:
    """The closure for `left operator right`, the operator named as Jinja2's parser names it.

    Raises ExpressionError where the two cannot be compared.
    """
    if operator in _ORDER:
        return _ordered(_ORDER[operator], left, right)
    run = _contained(left, right) if operator in {"in", "notin"} else _equal(left, right)
    if operator in {"ne", "notin"}:
        return lambda view: not run(view)
    return run


def member_of(vocabulary: Vocabulary, word: Any) -> str:
    """The member that a word in a mapping stands for. Raises ExpressionError for any other word."""
    member = vocabulary.member(word)
    if member is None:
        what = f"`{show(word) or 'null'}` is not a word of {vocabulary.name}"
        raise ExpressionError((what, nearest(show(word), vocabulary.members)))
    return member


def same(left: Any, right: Any) -> bool:
    """Equality of plain values: numbers and their text are equal, true is not 1, null equals only null."""
    if left is None or right is None or isinstance(left, bool) or isinstance(right, bool):
        return left is right
    return bool(left == right) or show(left) == show(right)


def fold(value: Any) -> str | None:
    """A text for comparison without regard to case and surrounding space; null stays null."""
    if isinstance(value, str):
        return value.strip().casefold()
    return None if value is None else show(value).strip().casefold()


def fold_owner(value: Any) -> str | None:
    """An owner for comparison: as `fold`, with Unassigned and "" as null."""
    folded = fold(value)
    return None if folded in {None, "", "unassigned"} else folded


def _equal(left: Expr, right: Expr) -> Run:
    if not {left.kind, right.kind}.isdisjoint({Kind.TEXTS, Kind.COMMENTS, Kind.COMMENT}):
        raise ExpressionError(("a list is never equal to one value", "use `in`, or the filter `count`"))
    normal = _normal(left, right)
    if normal is None:
        return lambda view: same(left.run(view), right.run(view))
    first, second = normal(left), normal(right)
    return (
        _equals(first, second.value) if second.constant else lambda view: first.run(view) == second.run(view)
    )


def _equals(found: Expr, wanted: Any) -> Run:
    run = found.run
    return lambda view: run(view) == wanted


def _normal(left: Expr, right: Expr) -> Callable[[Expr], Expr] | None:
    """How both sides are brought to a form in which `==` decides; None for plain values."""
    for side in (left, right):
        if side.kind is Kind.ENUM and side.vocabulary is not None:
            vocabulary = side.vocabulary
            nullable = left.nullable or right.nullable
            return lambda expr: _as_member(expr, vocabulary, nullable=nullable)
    return _as_owner if Kind.OWNER in {left.kind, right.kind} else None


def _as_member(expr: Expr, vocabulary: Vocabulary, *, nullable: bool) -> Expr:
    if expr.constant:
        return expr if expr.value is None and nullable else constant(member_of(vocabulary, expr.value))
    if expr.kind is Kind.ENUM:
        return expr
    return Expr(lambda view: vocabulary.member(expr.run(view)))


def _as_owner(expr: Expr) -> Expr:
    if expr.constant:
        return constant(fold_owner(expr.value))
    return Expr(lambda view: fold_owner(expr.run(view)))


def _contained(left: Expr, right: Expr) -> Run:
    if right.kind in {Kind.TEXTS, Kind.TEXT}:
        return lambda view: _has(right.run(view), left.run(view))
    if not (right.constant and isinstance(right.value, list)):
        if right.kind is not Kind.ANY:
            raise ExpressionError(
                (
                    f"`in` does not look into {_ARTICLES.get(right.kind, 'a')} {right.kind}",
                    "use a list, or a text",
                )
            )
        return lambda view: _has(right.run(view), left.run(view))
    if left.kind is Kind.ENUM and left.vocabulary is not None:
        members, run = frozenset(member_of(left.vocabulary, word) for word in right.value), left.run
        return lambda view: run(view) in members
    if left.kind is Kind.OWNER:
        owners = frozenset(fold_owner(word) for word in right.value)
        return lambda view: fold_owner(left.run(view)) in owners
    return lambda view: any(same(left.run(view), item) for item in right.value)


def _has(container: Any, value: Any) -> bool:
    wanted = fold(value)
    if wanted is None or container is None:
        return False
    if isinstance(container, list | tuple):
        return any(fold(item) == wanted for item in container)
    return wanted in show(container).casefold()


def _ordered(test: Test, left: Expr, right: Expr) -> Run:
    for side in (left, right):
        if side.kind is Kind.ENUM and side.vocabulary is not None:
            return _by_rank(test, left, right, side.vocabulary)
    measure = _ticks if Kind.TIME in {left.kind, right.kind} else _number
    comparable = {Kind.TIME, Kind.TEXT, Kind.ANY} if measure is _ticks else {Kind.NUMBER, Kind.ANY}
    for side in (left, right):
        if side.kind not in comparable or (side.constant and measure(side.value) is None):
            what = "`<` and `>` compare severities, whole numbers, and times"
            raise ExpressionError((what, "use `==` or `in`, or write the time as 2024-01-31T00:00:00Z"))

    def run(view: View) -> bool:
        first, second = measure(left.run(view)), measure(right.run(view))
        return first is not None and second is not None and test(first, second)

    return run


def _by_rank(test: Test, left: Expr, right: Expr, vocabulary: Vocabulary) -> Run:
    if not vocabulary.ordered:
        what = f"{vocabulary.name} has no order"
        raise ExpressionError((what, "compare with `==` or `in`"))
    ranks = {member: rank for rank, member in enumerate(vocabulary.members)}
    first = _as_member(left, vocabulary, nullable=False).run
    second = _as_member(right, vocabulary, nullable=False).run

    def run(view: View) -> bool:
        low, high = ranks.get(first(view)), ranks.get(second(view))
        return low is not None and high is not None and test(low, high)

    return run


def _number(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _ticks(value: Any) -> int | None:
    try:
        return Revision.parse(value).ticks if isinstance(value, str) else None
    except (ValueError, OverflowError):
        return None
