"""Rows whose records a target refused, counted by the mapping that made them."""

from sqlalchemy import func, select

from connector.store.tables import pauses, wanted
from connector.store.tx import Tx


def count(tx: Tx, route: str) -> dict[str, int]:
    """How many of a route's rows were refused, by the hash of the mapping.

    These are the rows that were given up, and what failed while the target is paused: where refusals are all alike the
    target pauses, and its rows are taken back.
    """
    paused = wanted.c.target.in_(select(pauses.c.target)) & wanted.c.last_error.is_not(None)
    query = select(wanted.c.mapping, func.count().label("rows")).where(
        wanted.c.route == route, wanted.c.parked.is_not(None) | paused
    )
    return {row.mapping: row.rows for row in tx.connection.execute(query.group_by(wanted.c.mapping))}
