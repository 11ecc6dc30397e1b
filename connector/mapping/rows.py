"""The rows of a decision table held against one another: which can never match, and what no row covers.

A cell that is wrong accepts what its author probably meant, or anything: what is told of the other rows is right
however it is mended.
"""

import difflib
import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from connector.mapping.cells import Cell, cell, finite
from connector.mapping.document import Decision
from connector.mapping.expr import Expr
from connector.mapping.report import Report
from connector.mapping.text import show
from connector.yamlsource import Path

# Rows times combinations times the ways in which each can be taken: so much is looked at of a table, in about a second.
_MOST_STEPS = 2_000_000
_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Supposed:
    """The cells of a row; `sure`: each is as it was written."""

    path: Path
    cells: tuple[Cell, ...]
    sure: bool = True

    @property
    def accepts_nothing(self) -> bool:
        """Whether a cell of it accepts no value at all."""
        return any(part.members is not None and not part.members for part in self.cells)


def supposed(written: Any, column: Expr) -> Cell:
    """What is probably meant by a cell that is wrong: the word that is nearly the same, or else anything."""
    vocabulary = column.vocabulary
    if isinstance(written, str) and vocabulary is not None and finite(column) is not None:
        folded = {word.casefold(): word for word in vocabulary.members}
        near = difflib.get_close_matches(written.casefold(), folded, n=1)
        if near:
            return cell(folded[near[0]], column)
    return cell("any", column)


class RowChecker:
    """Checks the rows of the table `rule`, which stands at `at`."""

    def __init__(self, rule: Decision, at: Path, columns: Sequence[Expr], report: Report) -> None:
        self._rule = rule
        self._at = (*at, "rows")
        self._columns = columns
        self._domains = [finite(column) for column in columns]
        self._report = report

    def check(self, rows: Sequence[Supposed]) -> None:
        """Complain about rows that can never match, and about what no row covers."""
        if _steps(self._domains, len(rows)) > _MOST_STEPS:
            what = f"{len(rows)} rows over {', '.join(self._rule.given)} are too many to check"
            self._report.add(self._at, what, "make two tables of it", at_key=True)
            return
        taken, perhaps = _Coverage(self._domains), _Coverage(self._domains)
        for row in rows:
            perhaps.take(self._anything(row) if row.accepts_nothing else row.cells)
            if row.accepts_nothing:
                what = "this row can never match: a cell accepts nothing"
                self._report.add(row.path, what, "correct the cell")
            elif row.sure and not taken.take(row.cells):
                what = "this row can never match: rows above it match first"
                self._report.add(row.path, what, "remove or move it")
        if self._rule.otherwise is None:
            self._check_covered(perhaps.uncovered())

    def _anything(self, row: Supposed) -> tuple[Cell, ...]:
        cells = zip(row.cells, self._columns, strict=True)
        return tuple(cell("any", column) if part.members == frozenset() else part for part, column in cells)

    def _check_covered(self, uncovered: Sequence[tuple[Any, ...]]) -> None:
        if uncovered:
            shown = "; ".join(
                _combination(self._rule.given, self._domains, each) for each in uncovered[:_SHOWN]
            )
            more = f" and {len(uncovered) - _SHOWN} more" if len(uncovered) > _SHOWN else ""
            remedy = "add rows, or `otherwise`"
            self._report.add(self._at, f"no row covers {shown}{more}", remedy, at_key=True)


class _Coverage:
    """Which combinations of a table's finite columns the rows so far take, and under which other conditions."""

    def __init__(self, domains: Sequence[frozenset[Any] | None]) -> None:
        ordered = [sorted(domain, key=show) for domain in domains if domain is not None]
        # For each combination: the forms of the other cells under which it is taken already.
        self._taken: dict[tuple[Any, ...], set[tuple[str, ...]]] = {
            each: set() for each in itertools.product(*ordered)
        }

    def take(self, cells: Sequence[Cell]) -> bool:
        """Whether a row gets any combination that no earlier row takes for sure; then it has them."""
        members = [part.members for part in cells if part.members is not None]
        rest = tuple(part.form if part.accepts else "" for part in cells if part.members is None)
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
