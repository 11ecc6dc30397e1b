"""The cells of a decision table: what each accepts, and, where a column has few values, exactly which.

A column is finite when its values can be listed: an enum, or true and false. Its cells are sets, which makes
matching a look-up and lets `check` say which rows can never match and which combinations no row covers.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NoReturn

from connector.mapping.comparisons import compare, fold, fold_owner, member_of, same
from connector.mapping.expr import Expr, ExpressionError, constant
from connector.mapping.futile import never_equal, unlike
from connector.mapping.text import as_json
from connector.mapping.view import View
from connector.mapping.vocabulary import Kind

_NOT = "not "
_NOTHING = ("this row can never match: the cell accepts nothing", "correct the cell")
_NUMBER = re.compile(r"[0-9]{1,15}")
_OPERATORS = ((">=", "gteq"), ("<=", "lteq"), (">", "gt"), ("<", "lt"))


@dataclass(frozen=True, slots=True)
class Cell:
    """`accepts` None: any value. `members`: all that it accepts, in a finite column. `form` tells cells apart."""

    accepts: Callable[[Any], bool] | None
    members: frozenset[Any] | None
    form: str


def finite(column: Expr) -> frozenset[Any] | None:
    """Every value of a column; None when they cannot be listed."""
    if column.kind is Kind.ENUM and column.vocabulary is not None:
        members: frozenset[Any] = frozenset(column.vocabulary.members)
        return members | {None} if column.nullable else members
    return frozenset({True, False}) if column.kind is Kind.BOOL else None


def cell(written: Any, column: Expr) -> Cell:
    """The compiled cell. Raises ExpressionError for one that means nothing in this column."""
    domain = finite(column)
    form = as_json(written)
    if written == "any":
        return Cell(None, domain, form)
    if domain is not None:
        members = _members(written, column, domain)
        return Cell(members.__contains__, members, form)
    return Cell(_accepts(written, column), None, form)


def _members(written: Any, column: Expr, domain: frozenset[Any]) -> frozenset[Any]:
    if isinstance(written, list):
        return frozenset[Any]().union(*(_members(part, column, domain) for part in written))
    if isinstance(written, str) and written.startswith(_NOT):
        return domain - _members(_negated(written), column, domain)
    if column.kind is Kind.BOOL:
        if not isinstance(written, bool):
            raise ExpressionError((f"`{as_json(written)}` is not true or false", "use true, false or any"))
        return frozenset({written})
    ordered = _ordered(written, column)
    if ordered is not None:
        return frozenset(member for member in domain if ordered(member))
    if written is None and None in domain:
        return frozenset({None})
    if not isinstance(written, str) or column.vocabulary is None:
        raise ExpressionError(
            (f"`{as_json(written)}` is not a word", "name a member, a list of them, or any")
        )
    return frozenset({member_of(column.vocabulary, written)})


def _negated(written: str) -> str | None:
    word = written.removeprefix(_NOT).strip()
    if word.startswith(_NOT):
        raise ExpressionError(("`not` twice", "write the word alone"))
    return None if word == "null" else word


def _ordered(written: Any, column: Expr) -> Callable[[Any], bool] | None:
    for sign, operator in _OPERATORS:
        if isinstance(written, str) and written.startswith(sign):
            word = written.removeprefix(sign).strip()
            bound = constant(int(word) if _NUMBER.fullmatch(word) else word)
            return _tester(operator, column, bound)
    return None


def _tester(operator: str, column: Expr, bound: Expr) -> Callable[[Any], bool]:
    run = compare(operator, Expr(lambda view: view.item, column.kind, column.vocabulary), bound)

    def accepts(found: Any) -> bool:
        view = View({})
        view.item = found
        return bool(run(view))

    return accepts


def _accepts(written: Any, column: Expr, *, negated: bool = False) -> Callable[[Any], bool]:
    """What a cell accepts in a column whose values cannot be listed."""
    if isinstance(written, list):
        parts = [_accepts(part, column) for part in written or _refuse(_NOTHING)]
        return lambda found: any(part(found) for part in parts)
    if isinstance(written, str) and written.startswith(_NOT):
        inner = _accepts(_negated(written), column, negated=True)
        return lambda found: not inner(found)
    if isinstance(written, dict):
        return _has(written, column)
    ordered = _ordered(written, column)
    if ordered is not None:
        return ordered
    if column.kind in {Kind.TEXTS, Kind.COMMENTS}:
        raise ExpressionError(("a list is never equal to one value", f"write {{has: {as_json(written)}}}"))
    if column.kind is Kind.OWNER:
        owner = fold_owner(written)
        return lambda found: fold_owner(found) == owner
    if never_equal(column, written) and not negated:
        raise ExpressionError(unlike(column, written))
    return lambda found: same(found, written)


def _refuse(complaint: tuple[str, str]) -> NoReturn:
    raise ExpressionError(complaint)


def _has(written: dict[Any, Any], column: Expr) -> Callable[[Any], bool]:
    if list(written) != ["has"]:
        raise ExpressionError(("a cell in braces is {has: ...}", "write {has: value}"))
    if column.kind not in {Kind.TEXTS, Kind.ANY}:
        raise ExpressionError(("`has` looks into lists", "write the value alone"))
    wanted = written["has"] if isinstance(written["has"], list) else [written["has"]]
    folded = frozenset(fold(value) for value in wanted if value is not None)
    if not folded:
        raise ExpressionError(_NOTHING)

    def accepts(found: Any) -> bool:
        return isinstance(found, list) and not folded.isdisjoint(map(fold, found))

    return accepts
