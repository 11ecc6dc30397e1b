"""What is still to deliver, across rows and notes: as operators pick it, and when the configuration was changed.

Rows and notes are read together, because a note that was parked outlives the row that carried it.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import ColumnElement, Table, delete, func, or_, select, update

from connector.model import IncidentKey
from connector.store import wanted as wanted_rows
from connector.store.notes import LEFT, count_parked
from connector.store.tables import notes, wanted
from connector.store.tx import Tx, chunks
from connector.store.wanted import Wanted, wanted_of


@dataclass(frozen=True, slots=True)
class Picked:
    """Which rows and notes are meant: those of an incident number, of some routes, or all (None)."""

    incident: str | None = None
    routes: Collection[str] | None = None


@dataclass(frozen=True, slots=True)
class Undelivered:
    """What is left of one incident under one route. `row` is None when only notes are left."""

    route: str
    key: IncidentKey
    row: Wanted | None = None
    notes: int = 0

    def busy(self, now: datetime) -> bool:
        """Whether the row is being delivered at the moment."""
        until = self.row.leased_until if self.row else None
        return until is not None and until > now


@dataclass(frozen=True, slots=True)
class Stray:
    """Rows and parked notes that nobody delivers, because their route, or the row's target, is not configured."""

    route: str
    rows: int = 0
    notes: int = 0


def find(tx: Tx, picked: Picked, *, parked: bool = False) -> list[Undelivered]:
    """What is left of the picked incidents, by route and incident; with `parked`, only what was given up."""
    found: dict[tuple[str, IncidentKey], Undelivered] = {}
    for row in tx.connection.execute(select(wanted).where(*_meant(wanted, picked, parked=parked))):
        key = IncidentKey(row.tenant, row.incident)
        found[row.route, key] = Undelivered(row.route, key, wanted_of(row))
    by = (notes.c.route, notes.c.tenant, notes.c.incident)
    counted = select(*by, func.count().label("notes")).where(*LEFT, *_meant(notes, picked, parked=parked))
    for row in tx.connection.execute(counted.group_by(*by)):
        key = IncidentKey(row.tenant, row.incident)
        one = found.get((row.route, key), Undelivered(row.route, key))
        found[row.route, key] = replace(one, notes=row.notes)
    return [found[place] for place in sorted(found)]


def carry_notes(tx: Tx, row: Wanted) -> None:
    """Store a row, where there is none, for a record that agrees already and has only notes to receive."""
    wanted_rows.put(tx, [row])
    same = wanted.c.tenant == row.key.tenant, wanted.c.incident == row.key.incident
    tx.connection.execute(update(wanted).where(wanted.c.route == row.route, *same).values(told=True))


def remove(tx: Tx, ids: Sequence[int]) -> None:
    """Forget rows, but for those that are being delivered at the moment."""
    free = or_(wanted.c.leased_until.is_(None), wanted.c.leased_until <= tx.now)
    for some in chunks(ids):
        tx.connection.execute(delete(wanted).where(wanted.c.id.in_(some), free))


def retarget(tx: Tx, targets: Mapping[str, str]) -> int:
    """Give each route's rows the target that the route, by name, has now; how many had another."""
    moved = 0
    for route, target in targets.items():
        elsewhere = update(wanted).where(wanted.c.route == route, wanted.c.target != target)
        moved += tx.connection.execute(elsewhere.values(target=target)).rowcount
    return moved


def strays(tx: Tx, targets: Mapping[str, str]) -> list[Stray]:
    """What is left for routes and targets that are not among these, which give the target by route; by route."""
    gone = or_(wanted.c.route.not_in(list(targets)), wanted.c.target.not_in(list(targets.values())))
    query = select(wanted.c.route, func.count().label("rows")).where(gone).group_by(wanted.c.route)
    rows = {row.route: row.rows for row in tx.connection.execute(query)}
    parked = {route: count for route, count in count_parked(tx).items() if route not in targets}
    return [Stray(route, rows.get(route, 0), parked.get(route, 0)) for route in sorted(rows | parked)]


def _meant(table: Table, picked: Picked, *, parked: bool) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if picked.incident is not None:
        conditions.append(table.c.incident == picked.incident)
    if picked.routes is not None:
        conditions.append(table.c.route.in_(list(picked.routes)))
    if parked:
        conditions.append(table.c.parked.is_not(None))
    return conditions
