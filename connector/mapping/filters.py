"""The filters: a closed list. Each takes the compiled value and arguments and gives a compiled value.

Arguments that shape the work (a format, a length, a zone) must be known before any incident is seen, so a literal
or a var: then a mistake in them is a complaint about the mapping and never about an incident.
"""

import re
import zoneinfo
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, timedelta, tzinfo
from types import MappingProxyType
from typing import Any

from connector.mapping import text as texts
from connector.mapping.expr import BROKEN, Expr, ExpressionError, Run
from connector.mapping.html import plain
from connector.mapping.view import View
from connector.mapping.vocabulary import Kind, Vocabulary
from connector.model import Revision

_DURATION = re.compile(r"(\d{1,9})([smhd])")
_UNITS = MappingProxyType({"s": "seconds", "m": "minutes", "h": "hours", "d": "days"})
_FORMAT_LETTERS = MappingProxyType(
    {"yyyy": "{0:04}", "MM": "{1:02}", "dd": "{2:02}", "HH": "{3:02}", "mm": "{4:02}", "ss": "{5:02}"}
)


@dataclass(frozen=True, slots=True)
class Filter:
    """How many arguments a filter takes, at least and at most, how it is built, and how it is written with some."""

    build: Callable[[Expr, Sequence[Expr]], Expr]
    least: int = 0
    most: int = 0
    example: str = ""

    @property
    def takes(self) -> str:
        """How many arguments it takes, in words."""
        if self.least < self.most:
            return f"{self.least} to {self.most} arguments"
        return f"{self.least or 'no'} argument{'s' if self.least != 1 else ''}"


def _derive(subject: Expr, run: Run, kind: Kind, *others: Expr, vocabulary: Vocabulary | None = None) -> Expr:
    reads = subject.reads.union(*(other.reads for other in others))
    return Expr(run, kind, vocabulary, reads=reads)


def _simple(change: Callable[[Any], Any], kind: Kind) -> Filter:
    def build(subject: Expr, _: Sequence[Expr]) -> Expr:
        run = subject.run
        return _derive(subject, lambda view: change(run(view)), kind)

    return Filter(build)


def _lettered(name: str, change: Callable[[Any], str]) -> Filter:
    """A filter that changes the letters of a text and makes no time of what is none."""

    def build(subject: Expr, _: Sequence[Expr]) -> Expr:
        if subject.kind is Kind.NUMBER:
            raise ExpressionError((f"`{name}` has nothing to do in a number", "remove it"))
        run = subject.run
        return replace(_derive(subject, lambda view: change(run(view)), Kind.TEXT), worded=subject.worded)

    return Filter(build)


# A text may be a time that somebody wrote.
_TIMELY = frozenset({Kind.TIME, Kind.TEXT, Kind.OWNER, Kind.ANY})


def _check_time(subject: Expr, name: str) -> None:
    """Raise ExpressionError for what is never a time."""
    if (
        subject.kind not in _TIMELY
        or subject.worded
        or (subject.constant and isinstance(subject.value, list))
    ):
        raise ExpressionError(
            (f"`{name}` takes a time, which this never is", "use it on createdDateTime, say")
        )


def _known(argument: Expr, what: str, remedy: str) -> str:
    if argument is BROKEN:
        raise ExpressionError
    if not argument.constant or not isinstance(argument.value, str):
        raise ExpressionError((f"{what} must be a text known beforehand", remedy))
    return argument.value


def _date(subject: Expr, arguments: Sequence[Expr]) -> Expr:
    _check_time(subject, "date")
    form = _format(_known(arguments[0], "the format of `date`", "write it in quotes, or use a var"))
    zone = (
        _zone(_known(arguments[1], "the zone of `date`", "name it in quotes, or use a var"))
        if arguments[1:]
        else UTC
    )

    def run(view: View) -> str | None:
        revision = _revision(subject.run(view))
        try:
            return None if revision is None else form.format(*revision.moment().astimezone(zone).timetuple())
        except (ValueError, OverflowError):  # the zone's offset leads before year 1 or after 9999
            return None

    return _derive(subject, run, Kind.TEXT)


def _zone(name: str) -> tzinfo:
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError) as error:
        remedy = "use an IANA name such as Europe/Zurich"
        raise ExpressionError((f"`{name}` is not a known time zone", remedy)) from error


def _format(pattern: str) -> str:
    form = ""
    for part in re.findall(r"[A-Za-z]+|[^A-Za-z]+", pattern):
        pieces = re.findall("yyyy|MM|dd|HH|mm|ss|T|Z", part) if part.isalpha() else []
        if "".join(pieces) != part and part.isalpha():
            raise ExpressionError((f"`{part}` is not a part of a date", "use yyyy, MM, dd, HH, mm and ss"))
        literal = part.replace("{", "{{").replace("}", "}}")
        form += "".join(_FORMAT_LETTERS.get(piece, piece) for piece in pieces) if pieces else literal
    return form


def _revision(value: Any) -> Revision | None:
    try:
        return Revision.parse(value) if isinstance(value, str) else None
    except (ValueError, OverflowError):
        return None


def _plus(subject: Expr, arguments: Sequence[Expr]) -> Expr:
    _check_time(subject, "plus")
    written = _known(arguments[0], "a duration", "write it as '90s', '15m', '4h' or '2d'")
    match = _DURATION.fullmatch(written)
    if match is None:
        raise ExpressionError((f"`{written}` is not a duration", "write it as '90s', '15m', '4h' or '2d'"))
    later = timedelta(**{_UNITS[match[2]]: int(match[1])})

    def run(view: View) -> str | None:
        revision = _revision(subject.run(view))
        try:
            return None if revision is None else revision.earlier(-later).raw
        except OverflowError:  # after the year 9999
            return None

    return _derive(subject, run, Kind.TIME)


def _cut(subject: Expr, arguments: Sequence[Expr]) -> Expr:
    if arguments[0] is BROKEN:
        return BROKEN
    limit = arguments[0].value if arguments[0].constant else None
    if isinstance(limit, bool) or not isinstance(limit, int) or limit < 1:
        raise ExpressionError(("`cut` takes a positive whole number", "write it as cut(80)"))
    return _derive(subject, lambda view: texts.cut(texts.show(subject.run(view)), limit), Kind.TEXT)


def _join(subject: Expr, arguments: Sequence[Expr]) -> Expr:
    separator = _known(arguments[0], "the separator of `join`", "write it in quotes") if arguments else ", "

    def run(view: View) -> str:
        items = _items(subject.run(view))
        return separator.join([item if isinstance(item, str) else texts.show(item) for item in items])[
            : texts.MAX_TEXT
        ]

    return _derive(subject, run, Kind.TEXT)


def _default(subject: Expr, arguments: Sequence[Expr]) -> Expr:
    other = arguments[0]

    def run(view: View) -> Any:
        value = subject.run(view)
        return other.run(view) if value is None or value in ("", []) else value

    return _derive(subject, run, Kind.ANY, other)


def _words(subject: Expr, _: Sequence[Expr]) -> Expr:
    vocabulary = subject.vocabulary
    if vocabulary is None:
        return _derive(subject, lambda view: texts.show(subject.run(view)), Kind.TEXT)

    read, words = subject.run, vocabulary.words

    def run(view: View) -> Any:
        value = read(view)
        if isinstance(value, list):
            return [words.get(item) or _word(vocabulary, item) for item in value]
        return words.get(value) or _word(vocabulary, value)

    if subject.kind is Kind.TEXTS:
        return _derive(subject, run, Kind.TEXTS)
    return replace(_derive(subject, run, Kind.TEXT), worded=subject.kind is Kind.ENUM)


def _word(vocabulary: Vocabulary, value: Any) -> str:
    return vocabulary.words.get(vocabulary.member(value) or "", texts.show(value))


def _items(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list | tuple) else [] if value is None else [value]


def _unique(subject: Expr, _: Sequence[Expr]) -> Expr:
    def run(view: View) -> list[Any]:
        found: dict[str, Any] = {}
        for item in _items(subject.run(view)):
            found.setdefault(texts.show(item), item)
        return list(found.values())

    return _derive(subject, run, Kind.TEXTS, vocabulary=subject.vocabulary)


def _first(subject: Expr, _: Sequence[Expr]) -> Expr:
    kind = Kind.TEXT if subject.kind is Kind.TEXTS else Kind.ANY

    def run(view: View) -> Any:
        return next(iter(_items(subject.run(view))), None)

    return _derive(subject, run, kind, vocabulary=subject.vocabulary)


FILTERS: Mapping[str, Filter] = MappingProxyType(
    {
        "date": Filter(_date, 1, 2, "date('yyyy-MM-dd')"),
        "plus": Filter(_plus, 1, 1, "plus('4h')"),
        "join": Filter(_join, 0, 1, "join(', ')"),
        "unique": Filter(_unique),
        "first": Filter(_first),
        "count": _simple(lambda value: len(_items(value)), Kind.NUMBER),
        "upper": _lettered("upper", lambda value: texts.show(value).upper()),
        "lower": _lettered("lower", lambda value: texts.show(value).lower()),
        "cut": Filter(_cut, 1, 1, "cut(80)"),
        "text": Filter(_words),
        "plain": _lettered("plain", plain),
        "json": _simple(texts.as_json, Kind.TEXT),
        "default": Filter(_default, 1, 1, "default('none')"),
    }
)
