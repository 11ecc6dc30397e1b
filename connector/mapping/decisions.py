"""Decision tables: the first row whose cells all accept sets the fields.

What a table looks at is read before any row: a word that the vendor added later makes the whole table undecided,
whatever its cells say, because `any` is meant for the words that its author knew.
"""

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter, ValidationError

from connector.mapping.cells import Cell, cell, finite
from connector.mapping.document import Decision, Value
from connector.mapping.expr import Expr, ExpressionError, Scope
from connector.mapping.expressions import compile_expression
from connector.mapping.matching import matcher, reader_of
from connector.mapping.report import Report
from connector.mapping.text import show
from connector.mapping.values import LEAVE, Action, Always, action
from connector.mapping.view import View
from connector.mapping.writers import Results, Where, Writer, applied, condition, guarded, guarded_where
from connector.model import Catalogue, Mode
from connector.yamlsource import Path

# Rows times combinations times the ways in which each can be taken: so much is looked at of a table, in about a second.
_MOST_STEPS = 2_000_000
_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Row:
    """A compiled row: its cells, and what it does to each field."""

    cells: tuple[Cell, ...]
    actions: tuple[Action, ...]
    path: Path


class DecisionCompiler:
    """Compiles one decision table."""

    def __init__(
        self, rule: Decision, index: int, catalogue: Catalogue, scope: Scope, report: Report
    ) -> None:
        self._rule = rule
        self._path = ("decisions", index)
        self._specs = [catalogue.spec(name) for name in rule.set_]
        self._scope = scope
        self._report = report

    def compile(self) -> Writer | None:
        """The writer of the table's fields; None after a complaint."""
        rule, before = self._rule, len(self._report.problems)
        columns = [self._column(index, name) for index, name in enumerate(rule.given)]
        known = [column for column in columns if column is not None]
        if len(known) < len(columns):
            return None
        rows = [self._row(index, row, known) for index, row in enumerate(rule.rows)]
        otherwise = self._outcome("otherwise", rule.otherwise)
        fallback = self._outcome("else", rule.else_)
        when = self._report.attempt((*self._path, "when"), condition, rule.when, self._scope)
        if len(self._report.problems) > before:
            return None
        compiled = [row for row in rows if row is not None]
        self._check_rows(compiled, known)
        run = guarded(_decide(known, compiled, otherwise), when, applied(fallback))
        found_at = _deciding(known, compiled, (*self._path, "otherwise"))
        where = guarded_where(found_at, when, self._path, has_else=rule.else_ is not None)
        return Writer(f"decisions.{rule.id}", tuple(rule.set_), run, Mode(rule.mode), self._path, where)

    def _column(self, index: int, name: str) -> Expr | None:
        return self._report.attempt((*self._path, "given", index), compile_expression, name, self._scope)

    def _row(self, index: int, written: list[Any], columns: Sequence[Expr]) -> Row | None:
        path = (*self._path, "rows", index)
        wanted = len(columns) + len(self._specs)
        if len(written) != wanted:
            remedy = f"write {wanted}: {', '.join([*self._rule.given, *self._rule.set_])}"
            self._report.add(path, f"the row has {len(written)} cells", remedy)
            return None
        cells = [
            self._report.attempt((*path, place), cell, part, column)
            for place, (part, column) in enumerate(zip(written, columns, strict=False))
        ]
        values = written[len(columns) :]
        actions = [
            self._action((*path, len(columns) + place), value, place) for place, value in enumerate(values)
        ]
        if None in cells or None in actions:
            return None
        return Row(
            tuple(part for part in cells if part is not None),
            tuple(act for act in actions if act is not None),
            path,
        )

    def _action(self, path: Path, written: Any, place: int) -> Action | None:
        def make() -> Action:
            return action(_value(written), self._specs[place], self._scope)

        return self._report.attempt(path, make)

    def _outcome(self, key: str, written: list[Any] | None) -> tuple[Action, ...]:
        if written is None:
            return tuple(Always(LEAVE) for _ in self._specs)
        path = (*self._path, key)
        if len(written) != len(self._specs):
            remedy = f"write one for each of {', '.join(self._rule.set_)}"
            self._report.add(path, f"{len(written)} values", remedy)
            return ()
        actions = [self._action((*path, place), value, place) for place, value in enumerate(written)]
        return tuple(act for act in actions if act is not None)

    def _check_rows(self, rows: Sequence[Row], columns: Sequence[Expr]) -> None:
        domains = [finite(column) for column in columns]
        if _steps(domains, len(rows)) > _MOST_STEPS:
            what = f"{len(rows)} rows over {', '.join(self._rule.given)} are too many to check"
            self._report.add((*self._path, "rows"), what, "make two tables of it", at_key=True)
            return
        left = _Coverage(domains)
        for row in rows:
            if any(not part.members for part in row.cells if part.members is not None):
                self._report.add(
                    row.path, "this row can never match: a cell accepts nothing", "correct the cell"
                )
            elif not left.take(row):
                what = "this row can never match: rows above it match first"
                self._report.add(row.path, what, "remove or move it")
        uncovered = left.uncovered()
        if uncovered and self._rule.otherwise is None:
            shown = "; ".join(_combination(self._rule.given, domains, each) for each in uncovered[:_SHOWN])
            more = f" and {len(uncovered) - _SHOWN} more" if len(uncovered) > _SHOWN else ""
            remedy = "add rows, or `otherwise`"
            self._report.add((*self._path, "rows"), f"no row covers {shown}{more}", remedy, at_key=True)


class _Coverage:
    """Which combinations of a table's finite columns the rows so far take, and under which other conditions."""

    def __init__(self, domains: Sequence[frozenset[Any] | None]) -> None:
        ordered = [sorted(domain, key=show) for domain in domains if domain is not None]
        # For each combination: the forms of the other cells under which it is taken already.
        self._taken: dict[tuple[Any, ...], set[tuple[str, ...]]] = {
            each: set() for each in itertools.product(*ordered)
        }

    def take(self, row: Row) -> bool:
        """Whether the row gets any combination that no earlier row takes for sure; then it has them."""
        members = [part.members for part in row.cells if part.members is not None]
        rest = tuple(part.form if part.accepts else "" for part in row.cells if part.members is None)
        covering = _covering(rest)
        reached = False
        for each in itertools.product(*members):
            taken = self._taken[each]
            if taken.isdisjoint(covering):
                reached = True
                taken.add(rest)
        return reached

    def uncovered(self) -> list[tuple[Any, ...]]:
        """The combinations that are not taken under all conditions."""
        return [each for each, taken in self._taken.items() if not any(not any(rest) for rest in taken)]


def _covering(rest: tuple[str, ...]) -> list[tuple[str, ...]]:
    """The cells, in columns that are not finite, that accept at least what these do ("" accepts anything)."""
    return list(itertools.product(*(dict.fromkeys(("", form)) for form in rest)))


def _steps(domains: Sequence[frozenset[Any] | None], rows: int) -> int:
    return rows * math.prod(2 if domain is None else len(domain) for domain in domains)


def _combination(given: Sequence[str], domains: Sequence[Any], each: tuple[Any, ...]) -> str:
    names = [name for name, domain in zip(given, domains, strict=True) if domain is not None]
    return (
        " with ".join(f"{name} {show(value)}" for name, value in zip(names, each, strict=True))
        or "every incident"
    )


def _decide(
    columns: Sequence[Expr], rows: Sequence[Row], otherwise: tuple[Action, ...]
) -> Callable[[View], Results]:
    read, match = reader_of(columns), matcher([row.cells for row in rows])
    # The outcome of no row, which `match` calls -1, is the last.
    outcomes = [*(applied(row.actions) for row in rows), applied(otherwise)]

    def run(view: View) -> Results:
        return outcomes[match(read(view))](view)

    return run


def _deciding(columns: Sequence[Expr], rows: Sequence[Row], otherwise: Path) -> Where:
    def where(view: View) -> Path:
        values = [column.run(view) for column in columns]
        for row in rows:
            cells = zip(row.cells, values, strict=True)
            if all(part.accepts is None or part.accepts(value) for part, value in cells):
                return row.path
        return otherwise

    return where


_VALUE: TypeAdapter[Any] = TypeAdapter(Value)


def _value(written: Any) -> Any:
    """A cell's value, which sits in a list and so was not validated with the file."""
    try:
        return _VALUE.validate_python(written)
    except ValidationError as error:
        what = f"`{show(written)}` is not a value"
        raise ExpressionError((what, "write a text, a number, leave, clear, or {lookup: ...}")) from error
