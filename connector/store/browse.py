"""Every stored incident of a tenant, a portion at a time, so that any number of them needs little memory."""

from dataclasses import dataclass

from sqlalchemy import bindparam, func, select

from connector.model import IncidentKey, Snapshot
from connector.store.snapshots import HIGHEST
from connector.store.tables import snapshots
from connector.store.tx import Tx, about, for_incidents

_LAST_TWO = (
    select(snapshots.c.tenant, snapshots.c.incident, snapshots.c.body)
    .where(about(snapshots), snapshots.c.n >= HIGHEST - 1)
    .order_by(snapshots.c.n)
)
_IDS = (
    select(snapshots.c.incident)
    .where(snapshots.c.tenant == bindparam("of_tenant"), snapshots.c.incident > bindparam("behind"))
    .distinct()
    .order_by(snapshots.c.incident)
    .limit(bindparam("most"))
)
_COUNT = select(func.count(snapshots.c.incident.distinct())).where(
    snapshots.c.tenant == bindparam("of_tenant")
)


@dataclass(frozen=True, slots=True)
class Known:
    """An incident at the latest stored revision, and at the one before it if that is still stored."""

    key: IncidentKey
    snapshot: Snapshot
    old: Snapshot | None


def count(tx: Tx, tenant: str) -> int:
    """How many incidents of a tenant are stored."""
    return tx.connection.scalar(_COUNT, {"of_tenant": tenant}) or 0


def portion(tx: Tx, tenant: str, behind: str, most: int) -> list[Known]:
    """At most so many incidents of a tenant, in the order of their ids as text, from behind the id `behind` on."""
    ids = tx.connection.scalars(_IDS, {"of_tenant": tenant, "behind": behind, "most": most})
    keys = [IncidentKey(tenant, each) for each in ids]
    bodies: dict[IncidentKey, list[Snapshot]] = {key: [] for key in keys}
    for row in for_incidents(tx, _LAST_TWO, keys):
        bodies[IncidentKey(row.tenant, row.incident)].append(row.body)
    return [Known(key, each[-1], each[-2] if len(each) > 1 else None) for key, each in bodies.items()]
