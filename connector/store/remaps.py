"""Incidents to map again from what is stored, because something else that a mapping looks at has changed.

A row is taken away in the transaction that evaluates its incident, so that a process may die before or after it.
"""

from collections.abc import Iterable, Sequence

from sqlalchemy import bindparam, delete, func, select, tuple_

from connector.model import IncidentKey
from connector.store.prepared import Each, Upsert
from connector.store.tables import remaps
from connector.store.tx import Tx

_KEY = ("route", "tenant", "incident")
_ADD = Upsert(remaps, _KEY, keep_old=True)
_DONE = Each(delete(remaps).where(*(remaps.c[name] == bindparam(f"of_{name}") for name in _KEY)))
_PLACE = tuple_(remaps.c.tenant, remaps.c.incident)
_TAKE = (
    select(remaps.c.tenant, remaps.c.incident)
    .where(remaps.c.route == bindparam("of_route"))
    .order_by(remaps.c.tenant, remaps.c.incident)
    .limit(bindparam("at_most"))
)
_TAKE_ON = _TAKE.where(tuple_(bindparam("tenant"), bindparam("incident")) < _PLACE)


def add(tx: Tx, rows: Iterable[tuple[str, IncidentKey]]) -> None:
    """Let routes map incidents again; what is to be mapped again already stays so."""
    meant = dict.fromkeys(rows)
    _ADD(tx, [{**_row(route, key), "since": tx.now} for route, key in meant])


def take(tx: Tx, route: str, limit: int, after: IncidentKey | None = None) -> list[IncidentKey]:
    """The first incidents to map again under a route, in the order of their keys; with `after`, those that follow."""
    values = {"of_route": route, "at_most": limit}
    if after is None:
        return [IncidentKey(*row) for row in tx.connection.execute(_TAKE, values)]
    place = {"tenant": after.tenant, "incident": after.incident}
    return [IncidentKey(*row) for row in tx.connection.execute(_TAKE_ON, {**values, **place})]


def done(tx: Tx, route: str, keys: Sequence[IncidentKey]) -> None:
    """Forget that a route is to map incidents again."""
    _DONE(tx, [{f"of_{name}": value for name, value in _row(route, key).items()} for key in keys])


def count(tx: Tx) -> dict[str, int]:
    """How many incidents are to be mapped again, by route; a route without any is not named."""
    query = select(remaps.c.route, func.count().label("rows")).group_by(remaps.c.route)
    return {row.route: row.rows for row in tx.connection.execute(query.order_by(remaps.c.route))}


def _row(route: str, key: IncidentKey) -> dict[str, str]:
    return {"route": route, "tenant": key.tenant, "incident": key.incident}
