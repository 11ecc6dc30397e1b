"""Running a parsed query: which rows match, in which order.

A group that pins an indexed field (`sys_id`, `correlation_id`, `number`, …) by `=` or `IN` is answered
from the index, so that looking up keys costs the same in an empty and in a full instance; everything else
scans.
"""

from collections.abc import Callable, Iterable
from functools import partial

from connector.mocks.servicenow.database import Database, Row, Table
from connector.mocks.servicenow.fields import Column, column, displayed
from connector.mocks.servicenow.operators import (
    BETWEEN_FIELDS,
    BINARY,
    NAME_OPERATORS,
    RELATIVE,
    UNARY,
    at_least,
    at_most,
    relative_moment,
)
from connector.mocks.servicenow.query import FULL_TEXT, Group, Query, Term
from connector.mocks.servicenow.session import Session, evaluated, meant

Predicate = Callable[[Row], bool]


class Search:
    """Queries against one table, on behalf of one caller."""

    def __init__(self, database: Database, table: Table, session: Session) -> None:
        self._database = database
        self._table = table
        self._session = session

    def rows(self, query: Query, *, strict: bool = False) -> list[Row]:
        """Return matching rows in order; `strict`: a query with an invalid part matches nothing."""
        bound = [self._bind(group) for group in query.groups]
        if strict and (query.malformed or any(invalid for _, invalid in bound)):
            return []
        matches: dict[str, Row] = {}
        for group, (predicates, _) in zip(query.groups, bound, strict=True):
            for row in self._candidates(group):
                if all(predicate(row) for predicate in predicates):
                    matches[row["sys_id"]] = row
        return self._ordered(list(matches.values()), query.order)

    def _bind(self, group: Group) -> tuple[list[Predicate], bool]:
        """Return the group's predicates, and whether an invalid term was left out."""
        bound = [[self._predicate(term) for term in clause] for clause in group]
        usable = [[test for test in clause if test is not None] for clause in bound]
        invalid = any(len(kept) < len(clause) for kept, clause in zip(usable, bound, strict=True))
        return [_either(clause) for clause in usable if clause], invalid

    def _candidates(self, group: Group) -> Iterable[Row]:
        for clause in group:
            if clause and all(self._pinned(term) for term in clause):
                return [row for term in clause for row in self._table.having(term.field, _operands(term))]
        return list(self._table)

    def _pinned(self, term: Term) -> bool:
        literal = not term.value.startswith("javascript:")
        return literal and term.operator in {"=", "IN"} and term.field in self._table.schema.indexed

    def _predicate(self, term: Term) -> Predicate | None:
        if term.field == FULL_TEXT:
            return partial(_mentions, text=term.value)
        left = column(self._database, self._table.schema, term.field)
        if left is None:
            return None
        if term.operator in BETWEEN_FIELDS:
            return self._field_test(left, term)
        test = self._test(left, term)
        read = self._reader(left, term.operator)
        return (lambda row: test(read(row))) if test else None

    def _field_test(self, left: Column, term: Term) -> Predicate | None:
        right = column(self._database, self._table.schema, term.value)
        compare = BETWEEN_FIELDS[term.operator]
        return (lambda row: compare(left.raw(row), right.raw(row))) if right else None

    def _reader(self, left: Column, operator: str) -> Callable[[Row], str]:
        if left.field.kind != "reference" or operator not in NAME_OPERATORS:
            return left.raw

        def name(row: Row) -> str:
            holder = left.owner(row)
            return displayed(self._database, left.field, holder, self._session.zone) if holder else ""

        return name

    def _test(self, left: Column, term: Term) -> Callable[[str], bool] | None:
        """Return the test of one value, or None when the operand cannot be read."""
        if term.operator in UNARY:
            return UNARY[term.operator]
        if term.operator in RELATIVE:
            moment = relative_moment(term.value, self._session)
            return _against(RELATIVE[term.operator], moment)
        if term.operator in {"IN", "NOT IN"}:
            return self._membership(left, term)
        if term.operator in {"BETWEEN", "ON", "NOTON"}:
            return self._range(left, term)
        return _against(BINARY[term.operator], self._operand(left, term.value))

    def _membership(self, left: Column, term: Term) -> Callable[[str], bool]:
        values = frozenset(self._operand(left, value) for value in _operands(term))
        wanted = term.operator == "IN"
        return lambda value: (value in values) is wanted

    def _range(self, left: Column, term: Term) -> Callable[[str], bool] | None:
        bounds = [self._operand(left, part) for part in term.value.split("@")[-2:]]
        if len(bounds) != 2 or None in bounds:
            return None
        low, high = bounds[0] or "", bounds[1] or ""
        inside = term.operator != "NOTON"
        return lambda value: (at_least(value, low) and at_most(value, high)) is inside

    def _operand(self, left: Column, text: str) -> str | None:
        if text.startswith("javascript:"):
            return evaluated(text, self._session)
        if text in {"", "NULL"}:
            return ""
        return meant(text, self._session.zone) if left.field.kind == "datetime" else text

    def _ordered(self, rows: list[Row], order: list[tuple[str, bool]]) -> list[Row]:
        for name, descending in reversed(order):
            by = column(self._database, self._table.schema, name)
            if by is not None:
                rows.sort(key=self._sort_key(by), reverse=descending)
        return rows

    def _sort_key(self, by: Column) -> Callable[[Row], str | int]:
        if by.field.kind == "integer":
            return lambda row: int(by.raw(row) or 0)
        return self._reader(by, "LIKE") if by.field.kind == "reference" else by.raw


def _operands(term: Term) -> list[str]:
    values = term.value.split(",") if term.operator in {"IN", "NOT IN"} else [term.value]
    return ["" if value == "NULL" else value for value in values]


def _against(compare: Callable[[str, str], bool], operand: str | None) -> Callable[[str], bool] | None:
    return (lambda value: compare(value, operand)) if operand is not None else None


def _either(tests: list[Predicate]) -> Predicate:
    return tests[0] if len(tests) == 1 else lambda row: any(test(row) for test in tests)


def _mentions(row: Row, text: str) -> bool:
    return any(text.lower() in value.lower() for value in row.values())
