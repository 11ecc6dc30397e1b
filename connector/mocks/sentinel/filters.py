"""`$filter` of the list operations: the OData forms seen in public code, and a clear 400 for everything else.

A filter becomes a small tree that tests one row. The tree stays readable so that `listing` can take time
bounds and equalities out of it for the indexes. Label names compare with regard to case.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Literal, NoReturn

from connector.mocks.sentinel.errors import bad_request

FieldType = Literal["time", "text", "number"]
Row = Callable[[str], Any]

_OPERATORS: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "eq": lambda left, right: left == right,
    "ne": lambda left, right: left != right,
    "gt": lambda left, right: left is not None and left > right,
    "ge": lambda left, right: left is not None and left >= right,
    "lt": lambda left, right: left is not None and left < right,
    "le": lambda left, right: left is not None and left <= right,
}
_LABEL_TEST: Final = (
    r"properties/labels/any\(\s*(?P<var>\w+)\s*:\s*(?P=var)/labelName\s+eq\s+'(?P<label>(?:[^']|'')*)'\s*\)"
)
_TOKEN: Final = re.compile(
    rf"\s*(?:(?P<any>{_LABEL_TEST})|(?P<paren>[()])|(?P<text>'(?:[^']|'')*')|(?P<word>[^\s()']+))"
)


@dataclass(frozen=True)
class Compare:
    """`field operator value`."""

    field: str
    operator: str
    value: Any

    def holds(self, row: Row) -> bool:
        """Return whether a row satisfies the test."""
        return _OPERATORS[self.operator](row(self.field), self.value)


@dataclass(frozen=True)
class HasLabel:
    """`properties/labels/any(i:i/labelName eq '…')`."""

    name: str

    def holds(self, row: Row) -> bool:
        """Return whether a row carries the label."""
        return self.name in row("properties/labels")


@dataclass(frozen=True)
class Both:
    """`left and right`."""

    left: "Test"
    right: "Test"

    def holds(self, row: Row) -> bool:
        """Return whether a row satisfies both sides."""
        return self.left.holds(row) and self.right.holds(row)


@dataclass(frozen=True)
class Either:
    """`left or right`."""

    left: "Test"
    right: "Test"

    def holds(self, row: Row) -> bool:
        """Return whether a row satisfies one side."""
        return self.left.holds(row) or self.right.holds(row)


@dataclass(frozen=True)
class Negated:
    """`not test`."""

    test: "Test"

    def holds(self, row: Row) -> bool:
        """Return whether a row fails the test."""
        return not self.test.holds(row)


Test = Compare | HasLabel | Both | Either | Negated


def parse(text: str, fields: Mapping[str, FieldType]) -> Test:
    """Return the filter's tree; raise `ArmError` 400 for a form or a field outside `fields`."""
    return _Parser(text, fields).whole()


def conjuncts(test: Test | None) -> list[Test]:
    """Return the tests that must all hold, top level first."""
    if test is None:
        return []
    return [*conjuncts(test.left), *conjuncts(test.right)] if isinstance(test, Both) else [test]


class _Parser:
    """Recursive descent over the tokens: or, and, not, parentheses, comparison, label test."""

    def __init__(self, text: str, fields: Mapping[str, FieldType]) -> None:
        self._text = text
        self._fields = fields
        self._tokens = self._split()
        self._at = 0

    def whole(self) -> Test:
        test = self._either()
        if self._at < len(self._tokens):
            self._refuse("unexpected text after the end")
        return test

    def _split(self) -> list[re.Match[str]]:
        tokens: list[re.Match[str]] = []
        at, end = 0, len(self._text.rstrip())
        while at < end:
            token = _TOKEN.match(self._text, at)
            if token is None:
                self._refuse("an unclosed quote")
            tokens.append(token)
            at = token.end()
        return tokens

    def _either(self) -> Test:
        test = self._both()
        while self._accept("or"):
            test = Either(test, self._both())
        return test

    def _both(self) -> Test:
        test = self._single()
        while self._accept("and"):
            test = Both(test, self._single())
        return test

    def _single(self) -> Test:
        if self._accept("not"):
            return Negated(self._single())
        if self._accept("("):
            test = self._either()
            if not self._accept(")"):
                self._refuse("a missing ')'")
            return test
        token = self._next()
        if token["any"]:
            self._known("properties/labels")
            return HasLabel(token["label"].replace("''", "'"))
        return self._comparison(token)

    def _comparison(self, token: re.Match[str]) -> Compare:
        field = self._known(token["word"] or token[0].strip())
        operator = self._next()["word"]
        if operator not in _OPERATORS:
            self._refuse(f"the operator '{operator}'")
        return Compare(field, operator, self._value(self._fields[field], self._next()))

    def _value(self, kind: FieldType, token: re.Match[str]) -> Any:
        if kind == "text" and token["text"]:
            return token["text"][1:-1].replace("''", "'")
        word = token["word"] or ""
        try:
            if kind == "time":
                return _moment(word)
            return int(word) if kind == "number" else self._refuse_literal(token, kind)
        except ValueError:
            self._refuse_literal(token, kind)

    def _refuse_literal(self, token: re.Match[str], kind: FieldType) -> NoReturn:
        self._refuse(f"the literal {token[0].strip()} (expected a {kind})")

    def _known(self, field: str) -> str:
        if field not in self._fields:
            self._refuse(f"the field '{field}'")
        return field

    def _next(self) -> re.Match[str]:
        if self._at >= len(self._tokens):
            self._refuse("an unexpected end")
        self._at += 1
        return self._tokens[self._at - 1]

    def _accept(self, word: str) -> bool:
        found = self._at < len(self._tokens) and self._tokens[self._at][0].strip() == word
        self._at += found
        return found

    def _refuse(self, what: str) -> NoReturn:
        raise bad_request(f"Invalid filter: {what} is not supported in '{self._text}'.")


def _moment(word: str) -> datetime:
    moment = datetime.fromisoformat(word)
    if moment.tzinfo is None or "T" not in word:
        raise ValueError(word)
    return moment.astimezone(UTC)
