"""Decision tables: the first row whose cells all accept sets the fields.

What a table looks at is read before any row: a word that the vendor added later makes the whole table undecided,
whatever its cells say, because `any` is meant for the words that its author knew.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter, ValidationError

from connector.mapping.cells import Cell, cell
from connector.mapping.document import Decision, Value
from connector.mapping.expr import BROKEN, Expr, ExpressionError, Scope
from connector.mapping.expressions import compile_expression
from connector.mapping.matching import matcher, reader_of
from connector.mapping.report import Report
from connector.mapping.rows import RowChecker, Supposed, supposed
from connector.mapping.text import show
from connector.mapping.values import LEAVE, Action, Always, action
from connector.mapping.view import View
from connector.mapping.writers import (
    Results,
    Where,
    Writer,
    applied,
    check_keys,
    condition,
    guarded,
    guarded_where,
)
from connector.model import FieldSpec, Mode
from connector.yamlsource import Path


@dataclass(frozen=True, slots=True)
class _Row:
    """A compiled row: its cells, and what it does to each field."""

    cells: tuple[Cell, ...]
    actions: tuple[Action, ...]
    path: Path


class DecisionCompiler:
    """Compiles one decision table."""

    def __init__(
        self, rule: Decision, index: int, specs: Sequence[FieldSpec], scope: Scope, report: Report
    ) -> None:
        self._rule = rule
        self._path = ("decisions", index)
        self._specs = specs
        self._scope = scope
        self._report = report
        self._supposed: list[Supposed] = []

    def compile(self) -> Writer | None:
        """The writer of the table's fields; None after a complaint."""
        rule, before = self._rule, len(self._report.wrong)
        check_keys(self._path, rule, self._report)
        columns = [self._column(index, name) for index, name in enumerate(rule.given)]
        rows = [self._row(index, row, columns) for index, row in enumerate(rule.rows)]
        if BROKEN not in columns and self._are_known() and self._report.is_written((*self._path, "rows")):
            RowChecker(rule, self._path, columns, self._report).check(self._supposed)
        otherwise = self._outcome("otherwise", rule.otherwise)
        fallback = self._outcome("else", rule.else_)
        when = self._report.attempt((*self._path, "when"), condition, rule.when, self._scope)
        if self._report.fell_since(before, self._path):
            return None
        compiled = [row for row in rows if row is not None]
        run = guarded(_decide(columns, compiled, otherwise), when, applied(fallback))
        found_at = _deciding(columns, compiled, (*self._path, "otherwise"))
        where = guarded_where(found_at, when, self._path, has_else=rule.else_ is not None)
        return Writer(
            f"decisions.{rule.id}",
            tuple(spec.name for spec in self._specs),
            run,
            Mode(rule.mode),
            self._path,
            where,
        )

    def _column(self, index: int, name: str) -> Expr:
        path = (*self._path, "given", index)
        return self._report.attempt(path, compile_expression, name, self._scope) or BROKEN

    def _row(self, index: int, written: list[Any], columns: Sequence[Expr]) -> _Row | None:
        path = (*self._path, "rows", index)
        wanted = len(columns) + len(self._specs)
        if len(written) != wanted:
            if self._are_known():
                remedy = f"write {wanted}: {', '.join([*self._rule.given, *self._rule.set_])}"
                self._report.add(path, f"the row has {_many(len(written), 'cell')}", remedy)
            self._supposed.append(Supposed(path, tuple(cell("any", each) for each in columns), sure=False))
            return None
        cells = self._cells(path, written, columns)
        values = written[len(columns) :]
        actions = [
            self._action((*path, len(columns) + place), value, place) for place, value in enumerate(values)
        ]
        if cells is None or None in actions:
            return None
        return _Row(cells, tuple(act for act in actions if act is not None), path)

    def _cells(self, path: Path, written: list[Any], columns: Sequence[Expr]) -> tuple[Cell, ...] | None:
        """The cells of a row; None if one is wrong."""
        pairs = list(zip(written, columns, strict=False))
        cells = [
            None if column is BROKEN else self._report.attempt((*path, place), cell, part, column)
            for place, (part, column) in enumerate(pairs)
        ]
        whole = tuple(
            found or supposed(part, column) for found, (part, column) in zip(cells, pairs, strict=True)
        )
        self._supposed.append(Supposed(path, whole, sure=None not in cells))
        return None if None in cells else whole

    def _are_known(self) -> bool:
        """Whether what was written says which columns and fields there are."""
        return all(self._report.is_written((*self._path, key)) for key in ("given", "set"))

    def _action(self, path: Path, written: Any, place: int) -> Action | None:
        def make() -> Action:
            return action(_value(written), self._specs[place], self._scope)

        return self._report.attempt(path, make)

    def _outcome(self, key: str, written: list[Any] | None) -> tuple[Action, ...]:
        if written is None:
            return tuple(Always(LEAVE) for _ in self._specs)
        path = (*self._path, key)
        if len(written) != len(self._specs):
            if self._are_known():
                remedy = f"write one for each of {', '.join(self._rule.set_)}"
                self._report.add(path, _many(len(written), "value"), remedy)
            return ()
        actions = [self._action((*path, place), value, place) for place, value in enumerate(written)]
        return tuple(act for act in actions if act is not None)


def _many(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


def _decide(
    columns: Sequence[Expr], rows: Sequence[_Row], otherwise: tuple[Action, ...]
) -> Callable[[View], Results]:
    read, match = reader_of(columns), matcher([row.cells for row in rows])
    # The outcome of no row, which `match` calls -1, is the last.
    outcomes = [*(applied(row.actions) for row in rows), applied(otherwise)]

    def run(view: View) -> Results:
        return outcomes[match(read(view))](view)

    return run


def _deciding(columns: Sequence[Expr], rows: Sequence[_Row], otherwise: Path) -> Where:
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
