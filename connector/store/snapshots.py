"""What mappings saw of an incident: the latest revision and a bounded number of earlier ones."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, delete, func, select

from connector.model import Incident, IncidentKey, Revision, Snapshot
from connector.store.tables import snapshots
from connector.store.tx import Fetched, Tx, about, chunks, insert

_OLDER = delete(snapshots).where(
    snapshots.c.tenant == bindparam("of_tenant"),
    snapshots.c.incident == bindparam("of_incident"),
    snapshots.c.n <= bindparam("up_to"),
)


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
    return {IncidentKey(row.tenant, row.incident): _stored(row) for row in _newest(tx, keys, snapshots.c)}


def history(tx: Tx, key: IncidentKey) -> list[Stored]:
    """Every stored revision of an incident, oldest first."""
    query = select(snapshots).where(about(snapshots, [key])).order_by(snapshots.c.n)
    return [_stored(row) for row in tx.connection.execute(query)]


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
    insert(tx, snapshots, rows)
    old = [
        {"of_tenant": row["tenant"], "of_incident": row["incident"], "up_to": row["n"] - keep - 1}
        for row in rows
        if row["n"] > keep + 1
    ]
    if old:
        tx.connection.execute(_OLDER, old)


def erase(tx: Tx, key: IncidentKey) -> int:
    """Forget every stored revision of an incident; how many there were."""
    return tx.connection.execute(delete(snapshots).where(about(snapshots, [key]))).rowcount


def _standing(tx: Tx, keys: Sequence[IncidentKey]) -> dict[IncidentKey, _Latest]:
    columns = [snapshots.c[name] for name in ("tenant", "incident", "n", "ticks", "content")]
    return {
        IncidentKey(row.tenant, row.incident): _Latest(row.n, row.ticks, row.content)
        for row in _newest(tx, keys, columns)
    }


def _newest(tx: Tx, keys: Sequence[IncidentKey], columns: Iterable[Any]) -> Iterable[Fetched]:
    other = snapshots.alias()
    same = (other.c.tenant == snapshots.c.tenant, other.c.incident == snapshots.c.incident)
    highest = select(func.max(other.c.n)).where(*same).correlate(snapshots).scalar_subquery()
    for some in chunks(keys):
        query = select(*columns).where(about(snapshots, some), snapshots.c.n == highest)
        yield from tx.connection.execute(query)


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
