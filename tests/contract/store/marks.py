"""Something to write into a state, and to find there again."""

from pathlib import Path

from connector.audit import AuditEntry, AuditKind
from connector.model import Position, Revision
from connector.store import Tx, audits, positions

HERE = Position(Revision.parse("2026-03-04T09:00:00Z"))


def move(tx: Tx) -> None:
    positions.put(tx, "a", HERE)
    tx.audit(AuditEntry(AuditKind.POLL, tx.now, source="a"))


def standing(tx: Tx) -> tuple[Position | None, int]:
    return positions.get(tx, "a"), audits.count(tx)


def make_folder(path: Path) -> None:
    path.mkdir()
