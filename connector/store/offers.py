"""What a route's mapping file holds where that is not in force, and why it is not: told once, shown all the time."""

import enum
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select

from connector.store.prepared import Upsert
from connector.store.tables import offers
from connector.store.tx import Tx

_PUT = Upsert(offers, ("route",))


class Refusal(enum.StrEnum):
    """Why a file's mapping is not in force."""

    INVALID = "invalid"
    HELD = "held"  # it would change more records than the brake lets pass
    REVOKED = "revoked"  # it was rolled back, or failed its trial


@dataclass(frozen=True, slots=True)
class Offer:
    """A mapping that is not in force; `hash` tells one from the next, also where it could not be compiled."""

    route: str
    hash: str
    verdict: Refusal
    reason: str
    since: datetime


def get(tx: Tx, route: str) -> Offer | None:
    """What a route's file holds, as far as it is not in force."""
    row = tx.connection.execute(select(offers).where(offers.c.route == route)).one_or_none()
    return Offer(row.route, row.hash, Refusal(row.verdict), row.reason, row.since) if row else None


def every(tx: Tx) -> list[Offer]:
    """What is not in force, of all routes."""
    rows = tx.connection.execute(select(offers).order_by(offers.c.route))
    return [Offer(row.route, row.hash, Refusal(row.verdict), row.reason, row.since) for row in rows]


def put(tx: Tx, route: str, mapping_hash: str, verdict: Refusal, reason: str) -> bool:
    """Remember what a route's file holds; whether that is news."""
    known = get(tx, route)
    if known is not None and (known.hash, known.verdict) == (mapping_hash, verdict):
        return False
    row = {"route": route, "hash": mapping_hash, "verdict": str(verdict), "reason": reason, "since": tx.now}
    _PUT(tx, [row])
    return True


def clear(tx: Tx, route: str) -> None:
    """What the route's file holds is in force."""
    tx.connection.execute(delete(offers).where(offers.c.route == route))
