"""What was delivered: the record on the target and the values that we last applied to it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, func, select

from connector.model import IncidentKey, Link, RecordFacts, as_json, from_json
from connector.store.prepared import Upsert
from connector.store.tables import links
from connector.store.tx import Fetched, Tx, about, for_incidents, one_incident

_GET = select(links).where(links.c.route == bindparam("of_route"), about(links))
_APPLIED = select(*(column for column in links.c if column.name != "remote")).where(
    links.c.route == bindparam("of_route"), about(links)
)
_RECORDS = select(
    *(links.c[name] for name in ("route", "tenant", "incident", "target", "number", "url"))
).where(about(links))
_OF_INCIDENT = select(links).where(about(links)).order_by(links.c.route)
_PUT = Upsert(links, ("route", "tenant", "incident"))


@dataclass(frozen=True, slots=True)
class Linked:
    """A link and what it belongs to."""

    route: str
    key: IncidentKey
    target: str
    link: Link


def get(tx: Tx, route: str, keys: Sequence[IncidentKey]) -> dict[IncidentKey, Link]:
    """The link of each incident that the route has delivered."""
    rows = for_incidents(tx, _GET, keys, of_route=route)
    return {IncidentKey(row.tenant, row.incident): link_of(row) for row in rows}


def applied(
    tx: Tx, route: str, keys: Sequence[IncidentKey], target: str | None = None
) -> dict[IncidentKey, Link]:
    """As `get`, without what the target answered last: enough to decide by, and much smaller.

    With `target`, a record that the route keeps on another one, because the configuration was changed, counts as
    known but empty: nothing can be said of what this target holds.
    """
    rows = for_incidents(tx, _APPLIED, keys, of_route=route)
    return {
        IncidentKey(row.tenant, row.incident): link_of(row) if target in (None, row.target) else Link("")
        for row in rows
    }


def records(
    tx: Tx, targets: Mapping[str, str], keys: Sequence[IncidentKey]
) -> dict[tuple[str, IncidentKey], RecordFacts]:
    """How people know the records of incidents, by route and incident.

    `targets` gives the target by route: other routes, and records that a route keeps elsewhere, do not count.
    """
    return {
        (row.route, IncidentKey(row.tenant, row.incident)): RecordFacts(row.number, row.url)
        for row in for_incidents(tx, _RECORDS, keys)
        if targets.get(row.route) == row.target
    }


def of_incident(tx: Tx, key: IncidentKey) -> list[Linked]:
    """Every record that any route keeps for an incident, by route."""
    rows = tx.connection.execute(_OF_INCIDENT, one_incident(key))
    return [Linked(row.route, key, row.target, link_of(row)) for row in rows]


def put(tx: Tx, rows: Sequence[Linked]) -> None:
    """Store links, in place of older ones."""
    _PUT(tx, [_row(tx, each) for each in rows])


def any_for(tx: Tx, target: str) -> bool:
    """Whether anything was ever delivered to a target."""
    query = select(links.c.route).where(links.c.target == target).limit(1)
    return tx.connection.execute(query).first() is not None


def count(tx: Tx, target: str | None = None) -> int:
    """How many records are linked, on one target or on all."""
    query = select(func.count()).select_from(links)
    return tx.connection.scalar(query if target is None else query.where(links.c.target == target)) or 0


def link_of(row: Fetched) -> Link:
    """The link in a row that holds the columns of the table."""
    return Link(
        external_id=row.external_id,
        number=row.number,
        url=row.url,
        applied={name: from_json(value) for name, value in row.applied.items()},
        left={name: from_json(value) for name, value in row.left_alone.items()},
        tags=tuple(row.tags),
        version=row.version,
        remote=getattr(row, "remote", None),
        stale=row.stale,
        generation=row.generation,
    )


def _row(tx: Tx, each: Linked) -> dict[str, Any]:
    link = each.link
    return {
        "route": each.route,
        "tenant": each.key.tenant,
        "incident": each.key.incident,
        "target": each.target,
        "external_id": link.external_id,
        "number": link.number,
        "url": link.url,
        "applied": {name: as_json(value) for name, value in link.applied.items()},
        "left_alone": {name: as_json(value) for name, value in link.left.items()},
        "tags": list(link.tags),
        "version": link.version,
        "remote": link.remote,
        "stale": link.stale,
        "generation": link.generation,
        "written_at": tx.now,
    }
