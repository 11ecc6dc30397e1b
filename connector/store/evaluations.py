"""What a route last decided for an incident, so that reading a revision again costs one look-up."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import bindparam, func, literal, select, tuple_

from connector.model import IncidentKey
from connector.store.prepared import Upsert
from connector.store.tables import evaluations
from connector.store.tx import Tx, about, for_incidents

_GET = select(evaluations).where(evaluations.c.route == bindparam("of_route"), about(evaluations))
_PUT = Upsert(evaluations, ("route", "tenant", "incident"))


@dataclass(frozen=True, slots=True)
class Evaluation:
    """A decision: the revision's ticks and content, the mapping's hash, and the outcome, as text."""

    ticks: int
    content: str
    mapping: str
    outcome: str


def get(tx: Tx, route: str, keys: Sequence[IncidentKey]) -> dict[IncidentKey, Evaluation]:
    """The last evaluation of each incident that the route has seen."""
    return {
        IncidentKey(row.tenant, row.incident): Evaluation(row.ticks, row.content, row.mapping, row.outcome)
        for row in for_incidents(tx, _GET, keys, of_route=route)
    }


def mappings(tx: Tx, route: str) -> Iterator[tuple[IncidentKey, str]]:
    """Every incident that the route has decided on, with the hash of the mapping that it was decided with."""
    query = select(evaluations.c.tenant, evaluations.c.incident, evaluations.c.mapping)
    for row in tx.connection.execute(query.where(evaluations.c.route == route)):
        yield IncidentKey(row.tenant, row.incident), row.mapping


def keys(tx: Tx, route: str) -> list[IncidentKey]:
    """Every incident that the route has decided on."""
    return [key for key, _ in mappings(tx, route)]


def count(tx: Tx, route: str) -> dict[str, int]:
    """How many incidents the route has decided on, by the hash of the mapping."""
    query = select(evaluations.c.mapping, func.count().label("rows")).where(evaluations.c.route == route)
    return {row.mapping: row.rows for row in tx.connection.execute(query.group_by(evaluations.c.mapping))}


def portion(tx: Tx, route: str, limit: int, after: IncidentKey | None = None) -> list[IncidentKey]:
    """The first incidents that the route has decided on, in the order of their keys, or those after one of them."""
    place = tuple_(evaluations.c.tenant, evaluations.c.incident)
    query = select(evaluations.c.tenant, evaluations.c.incident).where(evaluations.c.route == route)
    if after is not None:
        query = query.where(tuple_(literal(after.tenant), literal(after.incident)) < place)
    found = tx.connection.execute(query.order_by(evaluations.c.tenant, evaluations.c.incident).limit(limit))
    return [IncidentKey(*row) for row in found]


def put(tx: Tx, route: str, rows: Mapping[IncidentKey, Evaluation]) -> None:
    """Store the route's newest evaluation of each incident."""
    values = [
        {
            "route": route,
            "tenant": key.tenant,
            "incident": key.incident,
            "ticks": row.ticks,
            "content": row.content,
            "mapping": row.mapping,
            "outcome": row.outcome,
        }
        for key, row in rows.items()
    ]
    _PUT(tx, values)
