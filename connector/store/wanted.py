"""What each route still has to deliver: one row per (route, incident); a newer version replaces an older one.

The row survives until its newest version was delivered, so it also answers the question what was last
intended. How rows are taken and given back stands in `claims`.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Text,
    bindparam,
    case,
    delete,
    false,
    func,
    null,
    or_,
    select,
    type_coerce,
    update,
)

from connector.model import IncidentKey, Record, Revision
from connector.store.among import among
from connector.store.prepared import Upsert
from connector.store.records import record_json, record_of
from connector.store.tables import wanted
from connector.store.tx import Fetched, Tx, about, for_incidents, one_incident

# What a new version takes from the row that brings it.
_TAKEN = (
    *("target", "record", "ticks", "raw", "content", "mapping", "priority", "due"),
    *("may_create", "created_hint", "waiting"),
)


# A version that was attempted without an answer is remembered when the next one takes its place.
_UNANSWERED = wanted.c.token.is_not(None) & (wanted.c.attempts > 0)
_SENT = case(
    (_UNANSWERED, func.coalesce(wanted.c.sent, "") + type_coerce(wanted.c.record, Text) + "\n"),
    else_=wanted.c.sent,
)


def _newer(new: Any) -> Mapping[str, Any]:
    taken = {name: new[name] for name in _TAKEN}
    fresh = {"attempts": 0, "parked": null(), "held": null(), "last_error": null(), "told": false()}
    since = case((wanted.c.parked.is_not(None), new.since), else_=wanted.c.since)
    return {**taken, **fresh, "since": since, "version": wanted.c.version + 1, "sent": _SENT}


_GET = select(wanted).where(wanted.c.route == bindparam("of_route"), about(wanted))
_OF_INCIDENT = select(wanted).where(about(wanted)).order_by(wanted.c.route)
_CHOSEN = among(wanted.c.id, "ids")
_UNPARK = (
    update(wanted)
    .where(_CHOSEN, wanted.c.parked.is_not(None))
    .values(parked=None, due=bindparam("now"), since=bindparam("now"), attempts=0, last_error=None)
)
_REMOVE = delete(wanted).where(_CHOSEN, wanted.c.leased_by.is_(None))
_PUT = Upsert(wanted, ("route", "tenant", "incident"), changes=_newer)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A row still to deliver.

    Whoever stores one sets the fields down to `waiting`; the others belong to the store. `priority`: lower
    leaves first. `since`: since when something is undelivered. `waiting`: there is no record yet, and none
    is created by us now. `told`: the record agrees with this version, which has its outcome; only notes are
    left. `token`: the attempt whose outcome is unknown, first made with `sent_version`.
    `sent` are earlier versions that were attempted too, without an answer. `fence` counts the claims. `parked` is
    the reason why the row was given up, `held` why a brake holds this version; it is "" once an operator released it.
    """

    route: str
    key: IncidentKey
    target: str
    record: Record
    revision: Revision
    content: str
    mapping: str
    priority: int
    since: datetime
    due: datetime
    may_create: bool = True
    created_hint: str = ""
    waiting: bool = False
    told: bool = False
    id: int = 0
    version: int = 1
    attempts: int = 0
    token: str | None = None
    sent_version: int | None = None
    sent: tuple[Record, ...] = ()
    parked: str | None = None
    held: str | None = None
    last_error: str | None = None
    leased_until: datetime | None = None
    fence: int = 0


@dataclass(frozen=True, slots=True)
class Backlog:
    """What waits for a target.

    `waiting`: rows not given up; `due`: those of them that could leave now; `absent`: those of them whose
    record is not there and not created by us; `parked`: rows given up; `held`: rows that a brake holds, and since
    when it holds the first of them; `oldest_since`: the oldest of `waiting`.
    """

    waiting: int = 0
    due: int = 0
    absent: int = 0
    parked: int = 0
    oldest_since: datetime | None = None
    held: int = 0
    held_since: datetime | None = None


def get(tx: Tx, route: str, keys: Sequence[IncidentKey]) -> dict[IncidentKey, Wanted]:
    """The route's row of each incident that has one."""
    rows = for_incidents(tx, _GET, keys, of_route=route)
    return {IncidentKey(row.tenant, row.incident): wanted_of(row) for row in rows}


def put(tx: Tx, rows: Sequence[Wanted]) -> None:
    """Store what is wanted now: a new row, or a new version of the one there.

    A new version takes record, revision, priority and `due` from the new row; it is no longer parked and its
    attempts start again. `since`, and an attempt whose outcome is unknown, stay.
    """
    _PUT(tx, [_row(row) for row in rows])


def parked(tx: Tx, target: str | None = None) -> list[Wanted]:
    """Rows given up, oldest first, of one target or of all."""
    query = select(wanted).where(wanted.c.parked.is_not(None)).order_by(wanted.c.since, wanted.c.id)
    if target is not None:
        query = query.where(wanted.c.target == target)
    return [wanted_of(row) for row in tx.connection.execute(query)]


def delayed(tx: Tx) -> list[Wanted]:
    """Rows whose last attempt failed and that will be tried again, oldest first."""
    chosen = select(wanted).where(wanted.c.parked.is_(None), wanted.c.last_error.is_not(None))
    rows = tx.connection.execute(chosen.order_by(wanted.c.since, wanted.c.id))
    return [wanted_of(row) for row in rows]


def of_incident(tx: Tx, key: IncidentKey) -> list[Wanted]:
    """Every row that any route still has to deliver for an incident, by route."""
    return [wanted_of(row) for row in tx.connection.execute(_OF_INCIDENT, one_incident(key))]


def unpark(tx: Tx, ids: Sequence[int]) -> int:
    """Make parked rows due now, as if never tried; how many were parked."""
    return tx.connection.execute(_UNPARK, {"ids": ids, "now": tx.now}).rowcount if ids else 0


def remove(tx: Tx, ids: Sequence[int]) -> int:
    """Forget rows that nobody is delivering at the moment; how many were forgotten."""
    return tx.connection.execute(_REMOVE, {"ids": ids}).rowcount


def backlog(tx: Tx, target: str) -> Backlog:
    """What waits for one target."""
    return backlogs(tx, target).get(target, Backlog())


def backlogs(tx: Tx, target: str | None = None) -> dict[str, Backlog]:
    """What waits, by target; a target for which nothing waits is not named."""
    given_up, held = wanted.c.parked.is_not(None), wanted.c.parked.is_(None) & ~not_held()
    live = ~given_up & not_held()
    moment = wanted.c.since.type
    query = select(
        wanted.c.target,
        _how_many(live).label("waiting"),
        _how_many(live & (_ready_at() <= tx.now)).label("due"),
        _how_many(live & wanted.c.waiting).label("absent"),
        _how_many(given_up).label("parked"),
        func.min(case((live, wanted.c.since)), type_=moment).label("oldest"),
        _how_many(held).label("held"),
        func.min(case((held, wanted.c.held_at)), type_=moment).label("held_since"),
    ).group_by(wanted.c.target)
    if target is not None:
        query = query.where(wanted.c.target == target)
    return {
        row.target: Backlog(
            row.waiting, row.due, row.absent, row.parked, row.oldest, row.held, row.held_since
        )
        for row in tx.connection.execute(query)
    }


def next_due(tx: Tx, target: str, only: Sequence[int] | None = None) -> datetime | None:
    """When the next row of a target can leave, which may be in the past; None when there is none.

    With `only` the rows with these ids count.
    """
    query = select(func.min(_ready_at(), type_=wanted.c.due.type)).where(
        wanted.c.target == target, wanted.c.parked.is_(None), not_held()
    )
    if only is None:
        return tx.connection.scalar(query)
    return tx.connection.scalar(query.where(_CHOSEN), {"ids": only})


def not_held() -> ColumnElement[bool]:
    """The condition that no brake holds a row."""
    return or_(wanted.c.held.is_(None), wanted.c.held == "")


def wanted_of(row: Fetched) -> Wanted:
    """The value of a row that holds the columns of the table."""
    return Wanted(
        route=row.route,
        key=IncidentKey(row.tenant, row.incident),
        target=row.target,
        record=record_of(row.record),
        revision=Revision(row.raw, row.ticks),
        content=row.content,
        mapping=row.mapping,
        priority=row.priority,
        since=row.since,
        due=row.due,
        may_create=row.may_create,
        created_hint=row.created_hint,
        waiting=row.waiting,
        told=row.told,
        id=row.id,
        version=row.version,
        attempts=row.attempts,
        token=row.token,
        sent_version=row.sent_version,
        sent=tuple(record_of(json.loads(line)) for line in (row.sent or "").split("\n") if line),
        parked=row.parked,
        held=row.held,
        last_error=row.last_error,
        leased_until=row.leased_until,
        fence=row.fence,
    )


def _ready_at() -> Any:  # a CASE of moments: the library's type for it says no more
    return case((wanted.c.leased_until > wanted.c.due, wanted.c.leased_until), else_=wanted.c.due)


def _how_many(condition: Any) -> Any:
    return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)


def _row(each: Wanted) -> dict[str, Any]:
    return {
        "route": each.route,
        "tenant": each.key.tenant,
        "incident": each.key.incident,
        "target": each.target,
        "record": record_json(each.record),
        "ticks": each.revision.ticks,
        "raw": each.revision.raw,
        "content": each.content,
        "mapping": each.mapping,
        "priority": each.priority,
        "since": each.since,
        "due": each.due,
        "may_create": each.may_create,
        "created_hint": each.created_hint,
        "waiting": each.waiting,
        "told": False,
        "version": 1,
        "attempts": 0,
        "fence": 0,
    }
