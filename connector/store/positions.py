"""How far each source has been read."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from connector.model import Position, Revision
from connector.store.prepared import Upsert
from connector.store.tables import positions
from connector.store.tx import Tx

_PUT = Upsert(
    positions,
    ("source",),
    changes=lambda new: {"ticks": new.ticks, "raw": new.raw, "moved_at": new.moved_at},
)


@dataclass(frozen=True, slots=True)
class SourcePosition:
    """A source's position, the configured start it grew from, and when it was last stored."""

    source: str
    position: Position
    start: str
    moved_at: datetime


def get(tx: Tx, source: str) -> Position | None:
    """The position of a source; None before its first page was stored."""
    row = tx.connection.execute(select(positions).where(positions.c.source == source)).one_or_none()
    return Position(Revision(row.raw, row.ticks)) if row else None


def every(tx: Tx) -> list[SourcePosition]:
    """The positions of all sources ever read, by name."""
    rows = tx.connection.execute(select(positions).order_by(positions.c.source))
    return [
        SourcePosition(row.source, Position(Revision(row.raw, row.ticks)), row.start, row.moved_at)
        for row in rows
    ]


def start(tx: Tx, source: str) -> Position | None:
    """Where a source's first poll began; None before it."""
    raw = tx.connection.scalar(select(positions.c.start).where(positions.c.source == source))
    return Position(Revision.parse(raw)) if raw else None


def put(tx: Tx, source: str, position: Position, start: str = "") -> None:
    """Store a source's position; `start`, where the first poll began, is kept from the first time it is given."""
    revision = position.revision
    row = {"source": source, "ticks": revision.ticks, "raw": revision.raw, "start": start, "moved_at": tx.now}
    _PUT(tx, [row])
