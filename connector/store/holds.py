"""Rows that a brake holds: not delivered until an operator releases them.

A hold is about one version of a row. A newer version is judged afresh; a released one is not judged again.
"""

from collections.abc import Sequence

from sqlalchemy import bindparam, select, update

from connector.store.among import among
from connector.store.tables import wanted
from connector.store.tx import Tx
from connector.store.wanted import Wanted, not_held, wanted_of

_CHOSEN = among(wanted.c.id, "ids")
_HOLD = update(wanted).where(_CHOSEN).values(held=bindparam("reason"), held_at=bindparam("now"))
_RELEASE = update(wanted).where(_CHOSEN, ~not_held()).values(held="", due=bindparam("now"))
_HELD = select(wanted).where(wanted.c.parked.is_(None), ~not_held()).order_by(wanted.c.since, wanted.c.id)


def hold(tx: Tx, ids: Sequence[int], reason: str) -> None:
    """Let these rows stay until somebody releases them."""
    if ids:
        tx.connection.execute(_HOLD, {"ids": ids, "reason": reason, "now": tx.now})


def every(
    tx: Tx, target: str | None = None, route: str | None = None, incident: str | None = None
) -> list[Wanted]:
    """The rows held, the longest waiting first: all of them, or those of a target, a route, an incident's number."""
    query = _HELD
    for column, value in ((wanted.c.target, target), (wanted.c.route, route), (wanted.c.incident, incident)):
        if value is not None:
            query = query.where(column == value)
    return [wanted_of(row) for row in tx.connection.execute(query)]


def release(tx: Tx, ids: Sequence[int]) -> int:
    """Make held rows due now, whatever the brakes say of this version; how many were held."""
    return tx.connection.execute(_RELEASE, {"ids": ids, "now": tx.now}).rowcount if ids else 0
