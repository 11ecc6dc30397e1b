"""The audit chain: what a row says, the bytes that are hashed, and how a chain is checked. Pure.

Each row keeps the very bytes that were hashed, so that checking a row needs no knowledge of how rows were
written when it was made, and a later form cannot break an older chain. A row's bytes hold the hash of the
row before it; the head (number and hash of the last row) stands apart, so that a cut tail shows too. Whoever
can rewrite every row *and* the head can still forge a chain: note the head elsewhere from time to time, and
hand it to `verify`.

Values that may be personal are not in the bytes: only a salted digest is. The value and the salt lie beside
the row and can be erased without breaking the chain; without its salt a digest cannot be guessed back.
"""

import enum
import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from connector.model import JSON, canonical

FORMAT = 1
GENESIS = "0" * 64
SALT_BYTES = 16
_PLAIN = frozenset((str, int, bool, type(None)))
_MOST_BREAKS = 1000  # a chain that is wrong everywhere is described by its first breaks


class AuditKind(enum.StrEnum):
    """What a row is about."""

    POLL = "poll"
    DECIDED = "decided"
    DELIVERED = "delivered"
    FAILED = "failed"
    PAUSED = "paused"
    RESUMED = "resumed"
    SET_ASIDE = "set_aside"
    RECOVERED = "recovered"
    STARTED = "started"
    STOPPED = "stopped"
    OPERATOR = "operator"
    HELD = "held"
    MAPPING = "mapping"  # put into force on a route, tried, taken back or refused


class Outcome(enum.StrEnum):
    """What became of one (route, incident, revision, content)."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    COALESCED = "coalesced"  # a newer revision took its place before it was delivered
    PARKED = "parked"
    HELD = "held"  # by a brake, until an operator releases it
    EXCLUDED = "excluded"
    UNMAPPED = "unmapped"
    DISCARDED = "discarded"  # given up by an operator before it had another outcome


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One row before it has a place in the chain. Empty text means: does not apply.

    `data` and `private` hold JSON without floating point numbers: times as UTC ISO text (`observed`,
    `decided`, `sent`, `acknowledged`), durations as integer milliseconds. `private` values can be erased
    later.
    """

    kind: AuditKind
    at: datetime
    outcome: Outcome | None = None
    source: str = ""
    route: str = ""
    target: str = ""
    tenant: str = ""
    incident: str = ""
    revision: str = ""
    content: str = ""
    mapping: str = ""
    data: Mapping[str, JSON] = field(default_factory=dict)
    private: Mapping[str, JSON] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SealedRow:
    """A row of the chain. `body` is what counts; the other columns repeat parts of it, for queries.

    `private` holds the readable values that are still there; `salt` is empty once they were erased.
    """

    seq: int
    at: datetime
    kind: str
    outcome: str
    source: str
    route: str
    target: str
    tenant: str
    incident: str
    body: bytes
    hash: str
    salt: bytes = b""
    private: Mapping[str, JSON] = field(default_factory=dict)

    def said(self) -> dict[str, JSON]:
        """The row's content as JSON; `private` maps names to digests. Raises ValueError if it is not JSON."""
        said = json.loads(self.body)
        if not isinstance(said, dict):
            raise ValueError("an audit row is not a JSON object")  # noqa: TRY004  # one error for every bad body
        return said


@dataclass(frozen=True, slots=True)
class Head:
    """Number and hash of a chain's last row."""

    seq: int = 0
    hash: str = GENESIS


@dataclass(frozen=True, slots=True)
class Break:
    """A place where the chain is wrong, and in which way."""

    seq: int
    what: str


@dataclass(frozen=True, slots=True)
class Verification:
    """The result of a check. `erased` counts private values that are gone, which is no fault."""

    ok: bool
    checked: int
    erased: int
    breaks: tuple[Break, ...]


def iso(moment: datetime) -> str:
    """UTC ISO 8601 with microseconds and `Z`: the form of every time in a row."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def private_digest(salt: bytes, name: str, value: JSON) -> str:
    """What stands in the bytes for a private value: SHA-256 of salt, name, NUL and canonical value."""
    return hashlib.sha256(salt + name.encode() + b"\0" + canonical(value)).hexdigest()


def seal(entry: AuditEntry, seq: int, previous_hash: str, salt: bytes) -> SealedRow:
    """Give an entry its place in the chain.

    Raises TypeError for a floating point number, which has no agreed canonical form here, and ValueError for
    a time without a zone.
    """
    if entry.at.tzinfo is None:
        raise ValueError("an audit entry needs a time with a zone")
    _refuse_floats(entry.data.values())
    _refuse_floats(entry.private.values())
    body = canonical(_body(entry, seq, previous_hash, salt))
    return SealedRow(
        seq=seq,
        at=entry.at,
        kind=entry.kind.value,
        outcome=_outcome(entry),
        source=entry.source,
        route=entry.route,
        target=entry.target,
        tenant=entry.tenant,
        incident=entry.incident,
        body=body,
        hash=hashlib.sha256(body).hexdigest(),
        salt=salt,
        private=dict(entry.private),
    )


def verify(rows: Iterable[SealedRow], head: Head, after: Head | None = None) -> Verification:
    """Check rows in the order given, from the one after `after` (default: the first) up to `head`.

    Finds altered bytes and columns, wrong hashes, missing, repeated and reordered rows, rows beyond the
    head, a cut tail, and private values that are not the ones recorded. Holds one row at a time.
    """
    last = after or Head()
    checked = erased = 0
    breaks: list[Break] = []
    for row in rows:
        breaks += (Break(row.seq, what) for what in _wrong_with(row, last))
        del breaks[_MOST_BREAKS:]
        last = Head(row.seq, row.hash)
        checked += 1
        erased += _erased(row)
    if last != head:
        breaks.append(Break(head.seq, f"the chain ends at row {last.seq}, the head names another end"))
    return Verification(not breaks, checked, erased, tuple(breaks))


def check_private(row: SealedRow) -> list[str]:
    """The names of private values beside the row that are not the values recorded in it.

    Raises ValueError if the row's bytes are not JSON.
    """
    recorded = _digests(row.said())
    return [
        name
        for name, value in row.private.items()
        if recorded.get(name) != private_digest(row.salt, name, value)
    ]


def _body(entry: AuditEntry, seq: int, previous_hash: str, salt: bytes) -> dict[str, JSON]:
    body: dict[str, JSON] = {
        "v": FORMAT,
        "seq": seq,
        "previous": previous_hash,
        "at": iso(entry.at),
        "kind": entry.kind.value,
        "outcome": _outcome(entry),
        "source": entry.source,
        "route": entry.route,
        "target": entry.target,
        "tenant": entry.tenant,
        "incident": entry.incident,
        "revision": entry.revision,
        "content": entry.content,
        "mapping": entry.mapping,
        "data": dict(entry.data),
        "private": {name: private_digest(salt, name, value) for name, value in entry.private.items()},
    }
    return {name: value for name, value in body.items() if value not in ("", {})}


def _outcome(entry: AuditEntry) -> str:
    return entry.outcome.value if entry.outcome else ""


def _refuse_floats(values: Iterable[JSON]) -> None:
    for value in values:
        if type(value) in _PLAIN:  # nearly all are: far cheaper than a call, or than asking an abstract class
            continue
        if isinstance(value, float):
            raise TypeError("a floating point number in an audit entry: use an integer or text")
        if isinstance(value, dict | Mapping):
            _refuse_floats(value.values())
        elif isinstance(value, list | tuple):
            _refuse_floats(value)


def _wrong_with(row: SealedRow, last: Head) -> Iterator[str]:
    if row.seq != last.seq + 1:
        yield f"row {last.seq + 1} should stand here: rows are missing, repeated or out of order"
    if hashlib.sha256(row.body).hexdigest() != row.hash:
        yield "the bytes do not have the hash beside them"
    try:
        said = row.said()
    except ValueError:
        yield "the bytes are not a JSON object"
        return
    if said.get("previous") != last.hash:
        yield "the row does not follow the one before it"
    yield from _columns_unlike(row, said)
    for name in check_private(row):
        yield f"the private value {name!r} is not the one recorded"


def _columns_unlike(row: SealedRow, said: Mapping[str, JSON]) -> Iterator[str]:
    columns = {
        "seq": row.seq,
        "at": iso(row.at),
        "kind": row.kind,
        "outcome": row.outcome,
        "source": row.source,
        "route": row.route,
        "target": row.target,
        "tenant": row.tenant,
        "incident": row.incident,
    }
    for name, value in columns.items():
        if said.get(name, "") != value:
            yield f"the column {name} says something else than the bytes"


def _erased(row: SealedRow) -> int:
    try:
        return len(_digests(row.said()).keys() - row.private.keys())
    except ValueError:
        return 0


def _digests(said: Mapping[str, JSON]) -> Mapping[str, JSON]:
    digests = said.get("private", {})
    return digests if isinstance(digests, dict) else {}
