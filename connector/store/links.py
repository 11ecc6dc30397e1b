"""What was delivered: the record on the target and the values that we last applied to it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select

from connector.model import IncidentKey, Link, as_json, from_json
from connector.store.tables import links
from connector.store.tx import Fetched, Tx, about, chunks, upsert


@dataclass(frozen=True, slots=True)
class Linked:
    """A link and what it belongs to."""

    route: str
    key: IncidentKey
    target: str
    link: Link


def get(tx: Tx, route: str, keys: Sequence[IncidentKey]) -> dict[IncidentKey, Link]:
    """The link of each incident that the route has delivered."""
    found = {}
    for some in chunks(keys):
        query = select(links).where(links.c.route == route, about(links, some))
        for row in tx.connection.execute(query):
            found[IncidentKey(row.tenant, row.incident)] = link_of(row)
    return found


def of_incident(tx: Tx, key: IncidentKey) -> list[Linked]:
    """Every record that any route keeps for an incident, by route."""
    query = select(links).where(about(links, [key])).order_by(links.c.route)
    return [Linked(row.route, key, row.target, link_of(row)) for row in tx.connection.execute(query)]


def put(tx: Tx, rows: Sequence[Linked]) -> None:
    """Store links, in place of older ones."""
    upsert(tx, links, [_row(tx, each) for each in rows], key=["route", "tenant", "incident"])


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
        tags=tuple(row.tags),
        version=row.version,
        remote=row.remote,
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
        "tags": list(link.tags),
        "version": link.version,
        "remote": link.remote,
        "stale": link.stale,
        "generation": link.generation,
        "written_at": tx.now,
    }
