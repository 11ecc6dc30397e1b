"""What XDR says: incidents, their identity and their order."""

import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

JSON = Any
Snapshot = Mapping[str, JSON]

_TICKS_PER_SECOND = 10_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TIME = re.compile(r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(?:\.(\d+))?(Z|z|[+-]\d\d:\d\d)?")
# Decided once, never changed: every identifier we choose on a target is derived from this namespace.
_NAMESPACE = uuid.UUID("6f1a2c0e-52a7-5d0b-9a59-7d1c0b8f4e33")


@dataclass(frozen=True, slots=True, order=True)
class IncidentKey:
    """Identity of an incident: the tenant's id and the incident's number as the vendor writes it (text)."""

    tenant: str
    incident: str

    def on_target(self, generation: int = 0) -> str:
        """The key that target records carry, e.g. `mdxdr:<tenant>:<incident>`; never empty, never changed."""
        suffix = f":{generation}" if generation else ""
        return f"mdxdr:{self.tenant}:{self.incident}{suffix}"

    def chosen_id(self, *, target: str, table: str, purpose: str, generation: int = 0) -> uuid.UUID:
        """The UUIDv5 that we choose for something of ours on a target, the same in every process, for ever."""
        name = "\x1f".join((self.tenant, self.incident, target, table, purpose, str(generation)))
        return uuid.uuid5(_NAMESPACE, name)

    def __str__(self) -> str:
        return f"{self.tenant}/{self.incident}"


@dataclass(frozen=True, slots=True)
class Revision:
    """A `lastUpdateDateTime`: the raw string, and ticks of 100 ns since 1970-01-01T00:00:00Z.

    Revisions are ordered by ticks, never by text: `44.2333333Z` is later than `44.23Z` but sorts before it.
    """

    raw: str
    ticks: int

    @classmethod
    def parse(cls, raw: str) -> "Revision":
        """Read an ISO 8601 time with up to seven fractional digits (more are cut); no zone means UTC.

        Raises ValueError when the text is no such time.
        """
        match = _TIME.fullmatch(raw.strip())
        if match is None:
            raise ValueError(f"not an ISO 8601 time: {raw!r}")
        day, clock, fraction, zone = match.groups()
        offset = "+00:00" if zone in (None, "Z", "z") else zone
        whole = datetime.fromisoformat(f"{day}T{clock}{offset}")
        seconds = (whole - _EPOCH) // timedelta(seconds=1)
        return cls(raw, seconds * _TICKS_PER_SECOND + int(((fraction or "") + "0000000")[:7]))

    @classmethod
    def at(cls, ticks: int) -> "Revision":
        """The revision at a tick count, written as the vendor writes it: trailing zeros trimmed, `Z`."""
        seconds, fraction = divmod(ticks, _TICKS_PER_SECOND)
        text = (_EPOCH + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S")
        tail = f".{fraction:07d}".rstrip("0").rstrip(".")
        return cls(f"{text}{tail}Z", ticks)

    @classmethod
    def of(cls, moment: datetime) -> "Revision":
        """The revision of an aware datetime."""
        return cls.at((moment - _EPOCH) // timedelta(microseconds=1) * 10)

    def earlier(self, by: timedelta) -> "Revision":
        """The revision `by` before this one, for an overlap."""
        return Revision.at(self.ticks - by // timedelta(microseconds=1) * 10)

    def moment(self) -> datetime:
        """The aware UTC datetime, cut to microseconds: for people and arithmetic, never for a cursor."""
        return _EPOCH + timedelta(microseconds=self.ticks // 10)


@dataclass(frozen=True, slots=True)
class Incident:
    """One incident as read from a source.

    `snapshot` holds the vendor's properties under the vendor's names (without raw alerts and evidence) and the
    derived facts (`alertCount`, `devices`, ...). `content` is the digest of the snapshot. `repaired` names the
    places where characters that no target can store were replaced by U+FFFD, or a value was given its proper form.
    """

    key: IncidentKey
    revision: Revision
    snapshot: Snapshot
    content: str
    repaired: tuple[str, ...] = ()
