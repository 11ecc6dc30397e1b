"""Incidents that were merged into another one under a route whose mapping looks at the record of that one.

When that record comes into being, or gets another number, they are mapped again. A row stays: what it says stays true,
and mapping again without a reason changes nothing.
"""

from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import bindparam, select

from connector.model import IncidentKey
from connector.store.among import among
from connector.store.prepared import Upsert
from connector.store.tables import awaits
from connector.store.tx import Tx, by_tenant

_PUT = Upsert(awaits, ("route", "tenant", "awaited", "incident"), keep_old=True)
_OF = select(awaits.c.tenant, awaits.c.incident).where(
    awaits.c.route == bindparam("of_route"),
    awaits.c.tenant == bindparam("of_tenant"),
    among(awaits.c.awaited, "incidents"),
)


def put(tx: Tx, route: str, merged: Mapping[IncidentKey, IncidentKey]) -> None:
    """Remember into which incident others were merged; both belong to one tenant."""
    rows = [
        {"route": route, "tenant": key.tenant, "awaited": into.incident, "incident": key.incident}
        for key, into in merged.items()
    ]
    _PUT(tx, rows)


def of(tx: Tx, route: str, keys: Iterable[IncidentKey]) -> Sequence[IncidentKey]:
    """The incidents that were merged into one of these."""
    return [
        IncidentKey(*row)
        for incidents in by_tenant(keys)
        for row in tx.connection.execute(_OF, {**incidents, "of_route": route})
    ]
