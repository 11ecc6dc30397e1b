"""Notes: appended once per key, never replaced. When one is delivered, or given up for good, only the key stays.

A note travels with its incident's wanted row: whoever adds one also stores that row.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Update, bindparam, func, select, update

from connector.model import IncidentKey
from connector.store.prepared import Upsert
from connector.store.tables import notes
from connector.store.tx import Tx, about, by_tenant, for_incidents

_ONE = update(notes).where(
    notes.c.route == bindparam("of_route"),
    notes.c.tenant == bindparam("of_tenant"),
    notes.c.incident == bindparam("of_incident"),
    notes.c.id == bindparam("of_id"),
    notes.c.delivered_at.is_(None),
)

_OF_ROUTE = (notes.c.route == bindparam("of_route"), about(notes))
_KNOWN = select(notes.c.tenant, notes.c.incident, notes.c.rule, notes.c.item).where(*_OF_ROUTE)
# Only the key of a note stays once it is delivered or given up for good.
FORGOTTEN = {"text": None, "title": ""}
# Neither delivered nor given up for good.
LEFT = (notes.c.delivered_at.is_(None), notes.c.text.is_not(None))
_UNPARK = (
    update(notes)
    .where(*_OF_ROUTE, *LEFT, notes.c.parked.is_not(None))
    .values(parked=None, since=bindparam("now"), due=bindparam("now"), last_error=None)
)
_WAITING = select(notes).where(*_OF_ROUTE, *LEFT).order_by(notes.c.row)
_KEY = ("route", "tenant", "incident", "rule", "item")
# Notes leave in the order in which they were added, so only whole incidents are sorted.
_ADD = Upsert(notes, _KEY, keep_old=True, order=("route", "tenant", "incident"))


@dataclass(frozen=True, slots=True)
class NewNote:
    """A note to append once: its key is (route, incident, rule, item), `id` its name on the target.

    With a `title` it is a task.
    """

    route: str
    key: IncidentKey
    rule: str
    item: str
    id: str
    text: str
    title: str = ""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A note not delivered yet; `parked` is the reason if it was given up."""

    note: NewNote
    since: datetime
    due: datetime
    parked: str | None
    last_error: str | None


def known(tx: Tx, route: str, keys: Sequence[IncidentKey]) -> dict[IncidentKey, set[tuple[str, str]]]:
    """The (rule, item) of every note ever stored for each incident under a route."""
    found: dict[IncidentKey, set[tuple[str, str]]] = {}
    for row in for_incidents(tx, _KNOWN, keys, of_route=route):
        found.setdefault(IncidentKey(row.tenant, row.incident), set()).add((row.rule, row.item))
    return found


def add(tx: Tx, rows: Sequence[NewNote]) -> None:
    """Store notes, due now; one whose key is there already, delivered or not, is passed over."""
    _ADD(tx, [_row(tx, each) for each in rows])


def waiting(tx: Tx, route: str, keys: Sequence[IncidentKey]) -> dict[IncidentKey, list[Waiting]]:
    """The undelivered notes of each incident that has some, oldest first, parked ones included."""
    found: dict[IncidentKey, list[Waiting]] = {}
    for row in for_incidents(tx, _WAITING, keys, of_route=route):
        key = IncidentKey(row.tenant, row.incident)
        note = NewNote(row.route, key, row.rule, row.item, row.id, row.text, row.title)
        found.setdefault(key, []).append(Waiting(note, row.since, row.due, row.parked, row.last_error))
    return found


def park(tx: Tx, route: str, key: IncidentKey, reasons: Mapping[str, str]) -> None:
    """Give up notes, by id, each for its reason."""
    _change(
        tx, route, key, {note: {"parked": reason, "last_error": reason} for note, reason in reasons.items()}
    )


def delay(tx: Tx, route: str, key: IncidentKey, errors: Mapping[str, str], due: datetime) -> None:
    """Try notes again at `due`, by id, each with the error that stopped it."""
    _change(tx, route, key, {note: {"due": due, "last_error": error} for note, error in errors.items()})


def unpark(tx: Tx, route: str, keys: Sequence[IncidentKey]) -> int:
    """Make the incidents' parked notes due now, as if just added; how many were parked."""
    return _count(tx, _UNPARK, keys, of_route=route, now=tx.now)


def count_parked(tx: Tx) -> dict[str, int]:
    """How many notes were given up until their incident changes or an operator retries them, by route."""
    query = select(notes.c.route, func.count().label("parked")).where(*LEFT, notes.c.parked.is_not(None))
    return {row.route: row.parked for row in tx.connection.execute(query.group_by(notes.c.route))}


def discard(tx: Tx, route: str, key: IncidentKey, *, parked_only: bool) -> int:
    """Give up an incident's undelivered notes for good, texts included; how many there were."""
    chosen = update(notes).where(*_OF_ROUTE, *LEFT)
    if parked_only:
        chosen = chosen.where(notes.c.parked.is_not(None))
    return _count(tx, chosen.values(**FORGOTTEN, parked="discarded", token=None), [key], of_route=route)


def erase(tx: Tx, key: IncidentKey) -> int:
    """Forget the texts of an incident's undelivered notes and give them up; how many there were."""
    chosen = update(notes).where(about(notes), notes.c.text.is_not(None))
    return _count(tx, chosen.values(**FORGOTTEN, parked="erased", token=None), [key])


def _count(tx: Tx, change: Update, keys: Sequence[IncidentKey], **parameters: Any) -> int:
    """Run a change with the condition `about`; how many notes it met."""
    return sum(
        tx.connection.execute(change, {**incidents, **parameters}).rowcount for incidents in by_tenant(keys)
    )


def _change(tx: Tx, route: str, key: IncidentKey, changes: Mapping[str, Mapping[str, Any]]) -> None:
    of = {"of_route": route, "of_tenant": key.tenant, "of_incident": key.incident}
    rows = [{**of, "of_id": note, **values} for note, values in changes.items()]
    if rows:
        tx.connection.execute(_ONE.values(token=None), rows)


def _row(tx: Tx, each: NewNote) -> dict[str, Any]:
    return {
        "route": each.route,
        "tenant": each.key.tenant,
        "incident": each.key.incident,
        "rule": each.rule,
        "item": each.item,
        "id": each.id,
        "title": each.title,
        "text": each.text,
        "since": tx.now,
        "due": tx.now,
    }
