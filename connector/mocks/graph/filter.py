"""`$filter` of the incident list: a text becomes a test of one entry, and the time range it implies.

Only the seven documented properties are known ("List incidents", learn.microsoft.com). The range lets
the list start in the sorted index instead of testing every incident.
"""

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from connector.mocks.graph.errors import bad_request
from connector.mocks.graph.store import Entry
from connector.mocks.graph.times import parse_ticks
from connector.mocks.graph.words import ENUMS, TIMES, member

Test = Callable[[Entry], bool]
_TOKEN = re.compile(
    r"\s*(?:(?P<open>\()|(?P<close>\))|(?P<quoted>'(?:[^']|'')*')"
    r"|(?P<time>\d{4}-\d\d-\d\dT[0-9:.]+(?:Z|[+-]\d\d:\d\d))|(?P<word>[A-Za-z_@.][\w@./]*))",
    re.IGNORECASE,
)
_PROPERTIES = {"assignedTo", *TIMES, *ENUMS}
_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "gt": operator.gt,
    "ge": operator.ge,
    "lt": operator.lt,
    "le": operator.le,
}


@dataclass(frozen=True)
class Range:
    """Ticks from `low` to before `high` of one time property; None is open."""

    low: int | None = None
    high: int | None = None


@dataclass(frozen=True)
class Filter:
    """A compiled filter: `test` decides, `ranges` bound the times; if `exact` they are the whole test."""

    test: Test
    ranges: dict[str, Range]
    exact: bool


@dataclass(frozen=True)
class _Part:
    test: Test
    ranges: dict[str, Range]
    exact: bool = False


def parse_filter(text: str) -> Filter:
    """Return the filter that `text` states; raise a 400 GraphError for anything not understood."""
    parser = _Parser(_tokens(text))
    part = parser.disjunction()
    parser.end()
    return Filter(part.test, part.ranges, part.exact)


def _tokens(text: str) -> list[tuple[str, str]]:
    tokens: list[tuple[str, str]] = []
    position, stripped = 0, text.rstrip()
    while position < len(stripped):
        match = _TOKEN.match(stripped, position)
        if match is None or match.lastgroup is None:
            raise bad_request(f"Invalid filter clause: syntax error at position {position} in '{text}'.")
        tokens.append((match.lastgroup, match[match.lastgroup]))
        position = match.end()
    return tokens


class _Parser:
    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self._tokens = tokens
        self._at = 0

    def end(self) -> None:
        if self._at < len(self._tokens):
            raise bad_request(f"Invalid filter clause: unexpected '{self._tokens[self._at][1]}'.")

    def disjunction(self) -> _Part:
        part = self._conjunction()
        while self._took("or"):
            part = _either(part, self._conjunction())
        return part

    def _conjunction(self) -> _Part:
        part = self._negation()
        while self._took("and"):
            part = _both(part, self._negation())
        return part

    def _negation(self) -> _Part:
        if not self._took("not"):
            return self._primary()
        inner = self._negation().test
        return _Part(lambda entry: not inner(entry), {})

    def _primary(self) -> _Part:
        kind, text = self._next()
        if kind == "open":
            part = self.disjunction()
            if self._next()[0] != "close":
                raise bad_request("Invalid filter clause: a parenthesis is not closed.")
            return part
        if kind != "word" or text not in _PROPERTIES:
            raise bad_request(f"Invalid filter clause: '{text}' cannot be filtered on.")
        sign = self._next()[1].lower()
        if sign not in _OPERATORS:
            raise bad_request(f"Invalid filter clause: '{sign}' is not a comparison.")
        return _comparison(text, sign, *self._next())

    def _took(self, word: str) -> bool:
        if self._at < len(self._tokens) and self._tokens[self._at] in (
            ("word", word),
            ("word", word.upper()),
        ):
            self._at += 1
            return True
        return False

    def _next(self) -> tuple[str, str]:
        if self._at >= len(self._tokens):
            raise bad_request("Invalid filter clause: it ends too early.")
        self._at += 1
        return self._tokens[self._at - 1]


def _comparison(name: str, sign: str, kind: str, literal: str) -> _Part:
    if name in TIMES:
        return _time_comparison(name, sign, kind, literal)
    if kind == "word" and literal == "null":
        value = None
    elif kind == "quoted":
        value = literal[1:-1].replace("''", "'")
    else:
        raise bad_request(f"Invalid filter clause: '{literal}' is no text in quotes.")
    if sign not in ("eq", "ne") and (name in ENUMS or value is None):
        raise bad_request(f"Invalid filter clause: '{sign}' cannot compare '{name}'.")
    return _text_comparison(name, sign, value)


def _text_comparison(name: str, sign: str, value: str | None) -> _Part:
    if name in ENUMS and value is not None:
        known = member(name, value)
        if known is None:
            raise bad_request(f"Invalid filter clause: '{value}' is no member of '{name}'.")
        value = known
    compare = _OPERATORS[sign]

    def test(entry: Entry) -> bool:
        stored = entry.incident.get(name)
        return (
            compare(stored, value) if sign in ("eq", "ne") else stored is not None and compare(stored, value)
        )

    return _Part(test, {})


def _time_comparison(name: str, sign: str, kind: str, literal: str) -> _Part:
    if kind != "time":
        raise bad_request(f"Invalid filter clause: '{name}' is compared with a date-time without quotes.")
    try:
        ticks = parse_ticks(literal)
    except ValueError as error:
        raise bad_request(f"Invalid filter clause: {error}") from error
    compare, updated = _OPERATORS[sign], name == "lastUpdateDateTime"
    ranges = {
        "ge": Range(low=ticks),
        "gt": Range(low=ticks + 1),
        "le": Range(high=ticks + 1),
        "lt": Range(high=ticks),
        "eq": Range(ticks, ticks + 1),
    }
    found = {name: ranges[sign]} if sign in ranges else {}
    return _Part(
        lambda entry: compare(entry.updated if updated else entry.created, ticks), found, exact=bool(found)
    )


def _both(left: _Part, right: _Part) -> _Part:
    ranges = dict(left.ranges)
    for name, other in right.ranges.items():
        mine = ranges.get(name, Range())
        lows = [low for low in (mine.low, other.low) if low is not None]
        highs = [high for high in (mine.high, other.high) if high is not None]
        ranges[name] = Range(max(lows, default=None), min(highs, default=None))
    first, second = left.test, right.test
    return _Part(lambda entry: first(entry) and second(entry), ranges, left.exact and right.exact)


def _either(left: _Part, right: _Part) -> _Part:
    first, second = left.test, right.test
    return _Part(lambda entry: first(entry) or second(entry), {})
