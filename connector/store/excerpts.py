"""Parts of one state put into another, so that what would happen can be tried where nothing is lost.

What is stored of some incidents is everything that decides about them: what was read last, decided, intended,
delivered and said. For a trial, rows and notes are due at once unless they were given up, because what waits for its
time is meant, too; and links count as out of date, so that a record is read before it is written.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Table, bindparam, insert, select, update

from connector.model import IncidentKey
from connector.store.claims import FREE
from connector.store.notes import LEFT
from connector.store.prepared import Each
from connector.store.snapshots import RECENT
from connector.store.tables import (
    activations,
    audit_head,
    audit_private,
    audits,
    awaits,
    evaluations,
    heartbeats,
    links,
    mappings_seen,
    notes,
    offers,
    pauses,
    positions,
    quotas,
    remaps,
    set_asides,
    snapshots,
    wanted,
)
from connector.store.tx import Tx, about, for_incidents

Excerpt = Mapping[Table, Sequence[Mapping[str, Any]]]

# Rows get new numbers in the copy, and keep their order.
_ORDER = {wanted: wanted.c.id, notes: notes.c.row}
# Of the revisions read of an incident, the last one and the one before it.
_OF_INCIDENTS = {
    snapshots: RECENT,
    **{
        table: select(table).where(about(table)).order_by(_ORDER.get(table))
        for table in (evaluations, wanted, notes, links, remaps, awaits)
    },
}
_OF_ALL = {table: select(table) for table in (positions, set_asides, quotas, activations, offers)}
# The copy keeps an audit of its own. A target that is paused is asked anew.
LEFT_OUT = (audits, audit_private, audit_head, heartbeats, mappings_seen, pauses)
COPIED = (*_OF_INCIDENTS, *_OF_ALL)


def _place(table: Table) -> tuple[Any, ...]:
    return (
        table.c.route == bindparam("of_route"),
        table.c.tenant == bindparam("of_tenant"),
        table.c.incident == bindparam("of_incident"),
    )


_ROW_READY = Each(
    update(wanted).where(*_place(wanted), wanted.c.parked.is_(None)).values(due=bindparam("now"))
)
_NOTES_READY = Each(
    update(notes)
    .where(*_place(notes), notes.c.parked.is_(None), notes.c.delivered_at.is_(None))
    .values(due=bindparam("now"))
)
_LINK_READY = Each(update(links).where(*_place(links)).values(stale=True))


@dataclass(frozen=True, slots=True)
class Place:
    """An incident under a route."""

    route: str
    key: IncidentKey


def of_all(tx: Tx) -> Excerpt:
    """What is about no incident by itself: how far sources were read, what the brakes counted, mappings in force."""
    return {table: _values(tx.connection.execute(query)) for table, query in _OF_ALL.items()}


def of_incidents(tx: Tx, keys: Sequence[IncidentKey]) -> Excerpt:
    """What is stored of some incidents, under every route; of the revisions read the last two."""
    return {table: _values(for_incidents(tx, query, keys)) for table, query in _OF_INCIDENTS.items()}


def to_try(tx: Tx) -> list[IncidentKey]:
    """The incidents for which something waits or was given up, and one that was delivered for each target.

    What waits to be mapped again is something, too.
    """
    waits = select(wanted.c.tenant, wanted.c.incident)
    unsaid = select(notes.c.tenant, notes.c.incident).where(*LEFT)
    again = select(remaps.c.tenant, remaps.c.incident)
    found = {IncidentKey(*row) for row in tx.connection.execute(waits.union(unsaid, again))}
    for target in tx.connection.scalars(select(links.c.target).distinct()).all():
        some = select(links.c.tenant, links.c.incident).where(links.c.target == target).limit(1)
        found.update(IncidentKey(*row) for row in tx.connection.execute(some))
    return sorted(found)


def put(tx: Tx, excerpt: Excerpt) -> None:
    """Add rows of another state, ready to be tried."""
    for table, rows in excerpt.items():
        number = _ORDER[table].name if table in _ORDER else ""
        nobodys = FREE if table is wanted else {}
        values = [{name: row[name] for name in row if name != number} | nobodys for row in rows]
        if values:
            tx.connection.execute(insert(table), values)
    keys = [(row["route"], IncidentKey(row["tenant"], row["incident"])) for row in excerpt.get(wanted, ())]
    linked = [(row["route"], IncidentKey(row["tenant"], row["incident"])) for row in excerpt.get(links, ())]
    make_ready(tx, [Place(*each) for each in {*keys, *linked}])


def make_ready(tx: Tx, places: Collection[Place]) -> None:
    """Make what waits due at once, and let records be read before they are written."""
    parameters = [
        {"of_route": each.route, "of_tenant": each.key.tenant, "of_incident": each.key.incident}
        for each in places
    ]
    timed = [{**each, "now": tx.now} for each in parameters]
    _ROW_READY(tx, timed)
    _NOTES_READY(tx, timed)
    _LINK_READY(tx, parameters)


def _values(rows: Any) -> list[Mapping[str, Any]]:
    return [row._mapping for row in rows]  # noqa: SLF001  # the library's own name for a row as a mapping
