"""Durations as people write them: `90s`, `15m`, `4h`, `2d`.

One number and one unit, because that is what a reader takes in at a glance. A bare number is refused: nobody
remembers whether it meant seconds or minutes.
"""

import re
from datetime import timedelta
from typing import Annotated, Any

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_LONGEST = timedelta(days=36_525)  # added to any date of ours, it stays within the calendar
_FORM = re.compile(r"(\d{1,9})([smhd])")


def parse_duration(text: str) -> timedelta:
    """The length of `90s`, `15m`, `4h` or `2d`. Raises ValueError for any other form."""
    match = _FORM.fullmatch(text.strip())
    if match is None:
        raise ValueError("write a duration as a whole number and a unit: 90s, 15m, 4h or 2d")
    number, unit = match.groups()
    length = timedelta(**{_UNITS[unit]: int(number)})
    if length > _LONGEST:
        raise ValueError("a duration is at most a hundred years")
    return length


def format_duration(length: timedelta) -> str:
    """The shortest text that `parse_duration` reads back as `length`, to whole seconds."""
    seconds = length // timedelta(seconds=1)
    for unit, size in (("d", 86_400), ("h", 3_600), ("m", 60)):
        if seconds and seconds % size == 0:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"


def _read(value: Any) -> timedelta:
    if isinstance(value, timedelta):
        return value
    if not isinstance(value, str):
        raise ValueError("write a duration as text with a unit: 90s, 15m, 4h or 2d")  # noqa: TRY004  # pydantic collects ValueError only
    return parse_duration(value)


Duration = Annotated[
    timedelta,
    BeforeValidator(_read),
    PlainSerializer(format_duration, return_type=str),
    WithJsonSchema({"type": "string", "pattern": r"^\d{1,9}[smhd]$", "examples": ["90s", "15m", "4h", "2d"]}),
]
