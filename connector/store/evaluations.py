"""What a route last decided for an incident, so that reading a revision again costs one look-up."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import bindparam, select

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
