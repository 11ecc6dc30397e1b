"""How a decision table finds its row: each finite column narrows the rows down by one look-up.

The rows are the bits of a number, the first row the lowest, so that what a column says of all rows at once is one
number, and what all columns say together is their `and`. Only in columns whose values cannot be listed is a cell
asked, and then only those of the rows that are left.
"""

import operator
from collections.abc import Callable, Sequence
from typing import Any

from connector.mapping.cells import Cell
from connector.mapping.expr import Expr
from connector.mapping.view import View

Accepts = Callable[[Any], bool]
# Narrows rows down by a column's value.
Narrow = Callable[[int, Any], int]


def matcher(rows: Sequence[Sequence[Cell]]) -> Callable[[Sequence[Any]], int]:
    """A function from the values of all columns to the number of the first row that accepts them; -1: none does."""
    narrows = [_narrow(column) for column in zip(*rows, strict=True)]
    every = (1 << len(rows)) - 1

    def match(values: Sequence[Any]) -> int:
        left = every
        for narrow, value in zip(narrows, values, strict=True):
            left = narrow(left, value)
        return (left & -left).bit_length() - 1

    return match


def reader_of(columns: Sequence[Expr]) -> Callable[[View], Sequence[Any]]:
    """A function from a view to the values of all columns, read in their order."""
    names, reads = [column.name for column in columns], [column.run for column in columns]
    if len(names) < 2 or not all(names):
        return lambda view: [read(view) for read in reads]
    values = operator.itemgetter(*names)
    return lambda view: values(view.values)


def _narrow(column: Sequence[Cell]) -> Narrow:
    if all(cell.members is not None for cell in column):
        return _by_member(column)
    tests = [(1 << row, cell.accepts) for row, cell in enumerate(column) if cell.accepts is not None]
    return lambda left, value: _tested(left, value, tests)


def _by_member(column: Sequence[Cell]) -> Narrow:
    anything = sum(1 << row for row, cell in enumerate(column) if cell.accepts is None)
    members = frozenset[Any]().union(*(cell.members or () for cell in column))
    rows = {member: _rows(column, member) for member in members}
    return lambda left, value: left & rows.get(value, anything)


def _rows(column: Sequence[Cell], member: Any) -> int:
    return sum(1 << row for row, cell in enumerate(column) if cell.accepts is None or cell.accepts(member))


def _tested(left: int, value: Any, tests: Sequence[tuple[int, Accepts]]) -> int:
    for row, accepts in tests:
        if left & row and not accepts(value):
            left ^= row
    return left
