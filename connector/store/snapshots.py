"""What mappings saw of an incident: the latest revision and a bounded number of earlier ones."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, delete, func, insert, select

from connector.model import Incident, IncidentKey, Revision, Snapshot
from connector.store.prepared import Each
from connector.store.tables import snapshots
from connector.store.tx import Fetched, Tx, about, for_incidents, one_incident

_ADD = Each(insert(snapshots))
_FORGET = Each(
    delete(snapshots).where(
        snapshots.c.tenant == bindparam("of_tenant"),
        snapshots.c.incident == bindparam("of_incident"),
        snapshots.c.n <= bindparam("up_to"),
    )
)

_OTHER = snapshots.alias()
# The number of an incident's latest revision.
HIGHEST = (
    select(func.max(_OTHER.c.n))
    .where(_OTHER.c.tenant == snapshots.c.tenant, _OTHER.c.incident == snapshots.c.incident)
    .correlate(snapshots)
    .scalar_subquery()
)
_LATEST = select(snapshots).where(about(snapshots), snapshots.c.n == HIGHEST)
_STANDING = _LATEST.with_only_columns(
    *(snapshots.c[name] for name in ("tenant", "incident", "n", "ticks", "content"))
)
RECENT = (
    select(snapshots).where(about(snapshots), snapshots.c.n >= HIGHEST - 1).order_by(snapshots.c.n.desc())
)
_HISTORY = select(snapshots).where(about(snapshots)).order_by(snapshots.c.n)


@dataclass(frozen=True, slots=True)
class Stored:
    """A stored revision: `content` is the digest of `body`."""

    revision: Revision
    content: str
    body: Snapshot
    stored_at: datetime


@dataclass(frozen=True, slots=True)
class _Latest:
    n: int = 0
    ticks: int = -1
    content: str = ""


def latest(tx: Tx, keys: Sequence[IncidentKey]) -> dict[IncidentKey, Stored]:
    """The latest stored revision of each incident that has one."""
    rows = for_incidents(tx, _LATEST, keys)
    return {IncidentKey(row.tenant, row.incident): _stored(row) for row in rows}


def contents(tx: Tx, keys: Sequence[IncidentKey]) -> dict[IncidentKey, str]:
    """The digest of the latest stored revision of each incident that has one."""
    return {key: each.content for key, each in _standing(tx, keys).items()}


def recent(tx: Tx, keys: Sequence[IncidentKey]) -> dict[IncidentKey, list[Stored]]:
    """The latest stored revision of each incident that has one, and the one before it if that is still there."""
    found: dict[IncidentKey, list[Stored]] = {}
    for row in for_incidents(tx, RECENT, keys):
        found.setdefault(IncidentKey(row.tenant, row.incident), []).append(_stored(row))
    return found


def history(tx: Tx, key: IncidentKey) -> list[Stored]:
    """Every stored revision of an incident, oldest first."""
    return [_stored(row) for row in tx.connection.execute(_HISTORY, one_incident(key))]


def add(tx: Tx, incidents: Sequence[Incident], keep: int) -> None:
    """Store revisions, and keep `keep` earlier ones of each incident.

    What is stored already, or older than the latest, is passed over.
    """
    rows, now = [], tx.now
    at = _standing(tx, [incident.key for incident in incidents])
    for incident in sorted(incidents, key=lambda each: each.revision.ticks):
        last = at.get(incident.key, _Latest())
        ticks, content = incident.revision.ticks, incident.content
        if ticks < last.ticks or (ticks, content) == (last.ticks, last.content):
            continue
        at[incident.key] = _Latest(last.n + 1, ticks, content)
        rows.append(_row(incident, last.n + 1, now))
    _ADD(tx, rows)
    old = [
        {"of_tenant": row["tenant"], "of_incident": row["incident"], "up_to": row["n"] - keep - 1}
        for row in rows
        if row["n"] > keep + 1
    ]
    _FORGET(tx, old)


def erase(tx: Tx, key: IncidentKey) -> int:
    """Forget every stored revision of an incident; how many there were."""
    return tx.connection.execute(delete(snapshots).where(about(snapshots)), one_incident(key)).rowcount


def _standing(tx: Tx, keys: Sequence[IncidentKey]) -> dict[IncidentKey, _Latest]:
    return {
        IncidentKey(row.tenant, row.incident): _Latest(row.n, row.ticks, row.content)
        for row in for_incidents(tx, _STANDING, keys)
    }


def _row(incident: Incident, n: int, now: datetime) -> dict[str, Any]:
    return {
        "tenant": incident.key.tenant,
        "incident": incident.key.incident,
        "n": n,
        "ticks": incident.revision.ticks,
        "raw": incident.revision.raw,
        "content": incident.content,
        "body": incident.snapshot,
        "stored_at": now,
    }


def _stored(row: Fetched) -> Stored:
    return Stored(Revision(row.raw, row.ticks), row.content, row.body, row.stored_at)
