"""Targets that are waiting as a whole, and why."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select

from connector.store.prepared import Upsert
from connector.store.tables import pauses
from connector.store.tx import Fetched, Tx

_PUT = Upsert(pauses, ("target",), changes=lambda new: {"reason": new.reason, "until": new.until})


@dataclass(frozen=True, slots=True)
class Pause:
    """A target's pause; without `until` it ends when an operator, or a probe that succeeds, ends it."""

    target: str
    reason: str
    since: datetime
    until: datetime | None = None


def get(tx: Tx, target: str) -> Pause | None:
    """The target's pause, if it has one."""
    row = tx.connection.execute(select(pauses).where(pauses.c.target == target)).one_or_none()
    return _pause(row) if row else None


def every(tx: Tx) -> list[Pause]:
    """All pauses, by target."""
    return [_pause(row) for row in tx.connection.execute(select(pauses).order_by(pauses.c.target))]


def put(tx: Tx, pause: Pause) -> None:
    """Pause a target, or change its pause's reason and end; the pause there keeps its beginning."""
    row = {"target": pause.target, "reason": pause.reason, "since": pause.since, "until": pause.until}
    _PUT(tx, [row])


def clear(tx: Tx, target: str) -> bool:
    """End a target's pause; whether there was one."""
    return tx.connection.execute(delete(pauses).where(pauses.c.target == target)).rowcount > 0


def _pause(row: Fetched) -> Pause:
    return Pause(row.target, row.reason, row.since, row.until)
