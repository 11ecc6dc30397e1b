"""Who asks, when, and in which time zone; and the instance's two ways of writing a moment.

Stored values are UTC, `YYYY-MM-DD HH:MM:SS`, whole seconds, no zone marker. A literal in a query and every
display value are in the *user's* zone: the trap that makes clients lose or repeat records.
Source: ServiceNow docs, page "Table API" (dates), and the Ansible collection servicenow.itsm, issue 516.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from connector.mocks.kernel import Grant

_FORMAT = "%Y-%m-%d %H:%M:%S"
_LITERAL = re.compile(r"\d{4}-\d{2}-\d{2}( \d{2}:\d{2}:\d{2})?")
_CALL = re.compile(r"javascript:\s*gs\.(\w+)\((.*)\);?")


@dataclass(frozen=True)
class Session:
    """One caller at one moment; `now` is aware, in UTC."""

    user: Grant
    zone: tzinfo
    now: datetime

    @property
    def stamp(self) -> str:
        """The moment as a stored value."""
        return stored(self.now)


def zone_named(name: str) -> tzinfo:
    """Return a zone; GMT for the empty name and for one that does not exist."""
    try:
        return UTC if name in {"", "GMT", "UTC"} else ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return UTC


def stored(moment: datetime) -> str:
    """Write an aware moment as the instance stores it."""
    return moment.astimezone(UTC).strftime(_FORMAT)


def shown(value: str, zone: tzinfo) -> str:
    """Write a stored date as a user in `zone` sees it; what is no date stays as it is."""
    moment = _parsed(value, UTC)
    return moment.astimezone(zone).strftime(_FORMAT) if moment else value


def meant(literal: str, zone: tzinfo) -> str | None:
    """Read a literal date in the user's zone and return the stored form; None when it is no date."""
    moment = _parsed(literal, zone)
    return stored(moment) if moment else None


def evaluated(expression: str, session: Session) -> str | None:
    """Work out a `javascript:gs.…` value; None for a function the mock does not know or bad arguments."""
    match = _CALL.fullmatch(expression.strip())
    if not match:
        return None
    arguments = [part.strip().strip("'\"") for part in match[2].split(",")] if match[2].strip() else []
    return _function(match[1], arguments, session)


def _function(name: str, arguments: list[str], session: Session) -> str | None:
    simple = {
        "now": session.stamp,
        "nowDateTime": session.stamp,
        "getUserID": session.user.object_id,
        "getUserName": session.user.user,
        "beginningOfToday": _day_edge(session, 0, end=False),
        "endOfToday": _day_edge(session, 0, end=True),
    }
    if not arguments:
        return simple.get(name)
    if name == "dateGenerate":
        return meant(" ".join(arguments), session.zone)
    if not re.fullmatch(r"-?\d{1,6}", arguments[0]):
        return None
    return _ago(name, int(arguments[0]), session)


def _ago(name: str, count: int, session: Session) -> str | None:
    units = {"daysAgo": "days", "hoursAgo": "hours", "minutesAgo": "minutes"}
    if name in units:
        return stored(session.now - timedelta(**{units[name]: count}))
    if name in {"daysAgoStart", "daysAgoEnd"}:
        return _day_edge(session, count, end=name == "daysAgoEnd")
    return None


def _day_edge(session: Session, days_ago: int, *, end: bool) -> str:
    day = session.now.astimezone(session.zone) - timedelta(days=days_ago)
    edge = time(23, 59, 59) if end else time(0, 0, 0)
    return stored(datetime.combine(day, edge, session.zone))


def _parsed(text: str, zone: tzinfo) -> datetime | None:
    if not _LITERAL.fullmatch(text):
        return None
    try:
        return datetime.fromisoformat(text).replace(tzinfo=zone)
    except ValueError:
        return None
