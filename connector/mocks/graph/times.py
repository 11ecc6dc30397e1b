"""Graph's timestamps as counts of 100 ns since 1970.

Incident times sit on a grid of 1/300 s and are written with up to seven decimals, trailing zeros
trimmed; both are visible in every published sample. Integers compare as the service compares, raw
strings do not.
"""

import re
from datetime import UTC, datetime, timedelta

PER_SECOND = 10_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TIME = re.compile(
    r"(\d{4}-\d\d-\d\dT\d\d:\d\d)(?::(\d\d)(?:\.(\d{1,12}))?)?(Z|[+-]\d\d:\d\d)", re.IGNORECASE
)


def ticks_of(moment: datetime) -> int:
    """Return the 100 ns ticks of an aware moment."""
    return (moment - _EPOCH) // timedelta(microseconds=1) * 10


def on_grid(ticks: int) -> int:
    """Return the last multiple of 1/300 s, itself rounded to 100 ns, that is not after `ticks`."""
    steps = (ticks * 300 + 100) // PER_SECOND  # the 100 makes a time that is on the grid stay where it is
    return (steps * PER_SECOND + 150) // 300


def text_of(ticks: int) -> str:
    """Return the wire form, e.g. `2026-01-31T10:00:00.2333333Z`."""
    seconds, fraction = divmod(ticks, PER_SECOND)
    base = (_EPOCH + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S")
    decimals = f"{fraction:07d}".rstrip("0")
    return f"{base}.{decimals}Z" if decimals else f"{base}Z"


def parse_ticks(text: str) -> int:
    """Return the ticks of a wire time with its zone; raise ValueError for anything else."""
    match = _TIME.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is no date-time with a time zone")
    minutes, seconds, fraction, zone = match.groups()
    offset = "+00:00" if zone in "Zz" else zone
    moment = datetime.fromisoformat(f"{minutes}:{seconds or '00'}{offset}")
    return ticks_of(moment) + int((fraction or "0").ljust(7, "0")[:7])
