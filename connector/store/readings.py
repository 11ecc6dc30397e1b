"""Whether each source can be read: when it last was, or since when and why it cannot.

Kept among the heartbeats: a position stands still in a quiet tenant, too, and tells nothing of the source's health.
"""

from dataclasses import dataclass
from datetime import datetime

from connector.model import JSON
from connector.store import heartbeats
from connector.store.tx import Tx

_PREFIX = "source:"


@dataclass(frozen=True, slots=True)
class Reading:
    """`last_read` is when a sweep last came to its end; `failing_since` is None while the last one did."""

    last_read: datetime | None = None
    failing_since: datetime | None = None
    reason: str = ""


def succeeded(tx: Tx, source: str) -> None:
    """A sweep came to its end."""
    heartbeats.beat(tx, _PREFIX + source, tx.now, _data(Reading(tx.now)))


def failed(tx: Tx, source: str, reason: str) -> None:
    """A sweep was cut short; the first of several in a row says since when."""
    before = every(tx).get(source, Reading())
    now = Reading(before.last_read, before.failing_since or tx.now, reason)
    heartbeats.beat(tx, _PREFIX + source, tx.now, _data(now))


def every(tx: Tx) -> dict[str, Reading]:
    """What is known of each source that was ever asked."""
    return {
        name.removeprefix(_PREFIX): _reading(beat.data)
        for name, beat in heartbeats.every(tx).items()
        if name.startswith(_PREFIX)
    }


def _data(reading: Reading) -> dict[str, JSON]:
    return {
        "last_read": reading.last_read and reading.last_read.isoformat(),
        "failing_since": reading.failing_since and reading.failing_since.isoformat(),
        "reason": reading.reason,
    }


def _reading(data: JSON) -> Reading:
    return Reading(_moment(data["last_read"]), _moment(data["failing_since"]), data["reason"])


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
