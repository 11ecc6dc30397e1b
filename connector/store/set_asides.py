"""Incidents that could not be read: shown, and tried again at every poll."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select

from connector.model import SetAside
from connector.store.prepared import Upsert
from connector.store.tables import set_asides
from connector.store.tx import Tx, chunks

_PUT = Upsert(
    set_asides,
    ("source", "incident"),
    changes=lambda new: {"reason": new.reason, "revision": new.revision},
)


@dataclass(frozen=True, slots=True)
class Kept:
    """An incident set aside, its source, and since when."""

    source: str
    set_aside: SetAside
    since: datetime


def every(tx: Tx, source: str | None = None) -> list[Kept]:
    """What is set aside, longest first, of one source or of all."""
    query = select(set_asides).order_by(set_asides.c.since, set_asides.c.source, set_asides.c.incident)
    if source is not None:
        query = query.where(set_asides.c.source == source)
    return [
        Kept(row.source, SetAside(row.incident, row.reason, row.revision), row.since)
        for row in tx.connection.execute(query)
    ]


def put(tx: Tx, source: str, rows: Sequence[SetAside]) -> None:
    """Set incidents aside; one that is already keeps its beginning and gets the new reason."""
    values = [
        {
            "source": source,
            "incident": row.incident,
            "reason": row.reason,
            "revision": row.revision,
            "since": tx.now,
        }
        for row in rows
    ]
    _PUT(tx, values)


def clear(tx: Tx, source: str, incidents: Sequence[str]) -> int:
    """Forget incidents that could be read, or that an operator gave up; how many were set aside."""
    forgotten = 0
    for some in chunks(incidents):
        chosen = delete(set_asides).where(set_asides.c.source == source, set_asides.c.incident.in_(some))
        forgotten += tx.connection.execute(chosen).rowcount
    return forgotten
