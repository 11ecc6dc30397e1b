"""Notes: appended once per key, never replaced. After delivery the text goes and the key stays.

A note travels with its incident's wanted row: whoever adds one also stores that row.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, func, select, update

from connector.model import IncidentKey
from connector.store.tables import notes
from connector.store.tx import Tx, about, chunks, insert_missing

_ONE = update(notes).where(
    notes.c.route == bindparam("of_route"),
    notes.c.tenant == bindparam("of_tenant"),
    notes.c.incident == bindparam("of_incident"),
    notes.c.id == bindparam("of_id"),
    notes.c.delivered_at.is_(None),
)


@dataclass(frozen=True, slots=True)
class NewNote:
    """A note to append once: its key is (route, incident, rule, item), `id` its name on the target."""

    route: str
    key: IncidentKey
    rule: str
    item: str
    id: str
    text: str


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
    columns = (notes.c.tenant, notes.c.incident, notes.c.rule, notes.c.item)
    for some in chunks(keys):
        for row in tx.connection.execute(select(*columns).where(notes.c.route == route, about(notes, some))):
            found.setdefault(IncidentKey(row.tenant, row.incident), set()).add((row.rule, row.item))
    return found


def add(tx: Tx, rows: Sequence[NewNote]) -> None:
    """Store notes, due now; one whose key is there already, delivered or not, is passed over."""
    insert_missing(tx, notes, [_row(tx, each) for each in rows])


def waiting(tx: Tx, route: str, keys: Sequence[IncidentKey]) -> dict[IncidentKey, list[Waiting]]:
    """The undelivered notes of each incident that has some, oldest first, parked ones included."""
    found: dict[IncidentKey, list[Waiting]] = {}
    for some in chunks(keys):
        query = select(notes).where(
            notes.c.route == route, about(notes, some), notes.c.delivered_at.is_(None)
        )
        for row in tx.connection.execute(query.order_by(notes.c.row)):
            key = IncidentKey(row.tenant, row.incident)
            note = NewNote(row.route, key, row.rule, row.item, row.id, row.text)
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


def unpark(tx: Tx, route: str, key: IncidentKey) -> int:
    """Make an incident's parked notes due now; how many were parked."""
    chosen = update(notes).where(notes.c.route == route, about(notes, [key]), notes.c.parked.is_not(None))
    return tx.connection.execute(chosen.values(parked=None, due=tx.now, last_error=None)).rowcount


def count_parked(tx: Tx) -> dict[str, int]:
    """How many notes were given up, by route."""
    query = select(notes.c.route, func.count().label("parked")).where(
        notes.c.parked.is_not(None), notes.c.delivered_at.is_(None)
    )
    return {row.route: row.parked for row in tx.connection.execute(query.group_by(notes.c.route))}


def erase(tx: Tx, key: IncidentKey) -> int:
    """Forget the texts of an incident's undelivered notes and give them up; how many there were."""
    chosen = update(notes).where(about(notes, [key]), notes.c.text.is_not(None))
    return tx.connection.execute(chosen.values(text=None, parked="erased", token=None)).rowcount


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
        "text": each.text,
        "since": tx.now,
        "due": tx.now,
    }
