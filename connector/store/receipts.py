"""What becomes of a claimed row once the target answered, or did not.

Every function checks the claim's fence first, or is told what the check said. A claim that is no longer ours
changes nothing, and nothing that was learnt under it may be stored: write no audit entry for it either.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Text, bindparam, case, delete, func, select, update

from connector.model import Link
from connector.store import links
from connector.store.among import among
from connector.store.claims import (
    BY_ID,
    CERTAIN,
    FREE,
    NOTES_OF,
    SAME_INCIDENT,
    Claimed,
    Held,
    clear_note_tokens,
    forget_tokens,
    parameters_of,
    still_held,
)
from connector.store.columns import Moment
from connector.store.links import Linked
from connector.store.notes import FORGOTTEN
from connector.store.prepared import Each
from connector.store.tables import notes, wanted
from connector.store.tx import Tx

_NOTE_DELIVERED = Each(
    update(notes)
    .where(*NOTES_OF, notes.c.id == bindparam("of_note"))
    .values(**FORGOTTEN, delivered_at=bindparam("now"), token=None, parked=None, last_error=None)
)
_CHOSEN = among(wanted.c.id, "ids")
# By row for which notes wait: when the first of them is due.
_REST = (
    select(
        wanted.c.id,
        func.min(notes.c.due, type_=notes.c.due.type).label("note_due"),
        func.max(notes.c.last_error).label("note_error"),
    )
    .join_from(wanted, notes, SAME_INCIDENT)
    .where(_CHOSEN, notes.c.delivered_at.is_(None), notes.c.parked.is_(None))
    .group_by(wanted.c.id)
)
_AGAIN = Each(
    BY_ID.values(
        **FREE,
        **CERTAIN,
        attempts=0,
        last_error=None,
        waiting=False,
        due=bindparam("due"),
        since=bindparam("since"),
        told=False,
    )
)
# The record is in agreement and notes were not taken: they are tried again at growing intervals, like a row.
_AGAIN_FOR_NOTES = Each(
    BY_ID.values(
        **FREE, **CERTAIN, waiting=False, due=bindparam("due"), told=True, last_error=bindparam("error")
    )
)
_DELAY = Each(
    BY_ID.values(**FREE, due=bindparam("due"), last_error=bindparam("error"), waiting=bindparam("absent"))
)
# A row that has a newer version by now is not parked but due at once.
_STILL = wanted.c.version == bindparam("of_version")
_PARK = Each(
    BY_ID.values(
        **FREE,
        parked=case((_STILL, bindparam("reason", type_=Text))),
        due=case((_STILL, wanted.c.due), else_=bindparam("now", type_=Moment)),
        last_error=bindparam("error"),
    )
)
_GONE = delete(wanted).where(_CHOSEN)


@dataclass(frozen=True, slots=True)
class Done:
    """A claim whose record is on the target: the new link, and the ids of the notes that are there now."""

    claimed: Claimed
    link: Link
    notes: Sequence[str] = ()


def delivered(tx: Tx, done: Sequence[Done], held: Held | None = None) -> list[Done]:
    """Store receipts; which of the claims were still ours, of which `held` tells where it was asked for already.

    A row leaves when its version is the delivered one and no note waits for it; otherwise it is due again:
    at once for a newer version, else when its first waiting note is. Park or delay notes that failed before
    this.
    """
    held = held or still_held(tx, [each.claimed for each in done])
    kept = [each for each in done if each.claimed.wanted.id in held.ours]
    links.put(tx, [_linked(each) for each in kept])
    _notes_delivered(tx, kept)
    clear_note_tokens(tx, [each.claimed for each in kept if _some_left(each)])
    _finish(tx, [each.claimed for each in kept], held)
    return kept


def keep(tx: Tx, done: Done) -> bool:
    """Store a new link and the notes that were taken, and leave the row claimed: its fields were refused.

    Whether the claim was still ours.
    """
    if not still_held(tx, [done.claimed]).ours:
        return False
    links.put(tx, [_linked(done)])
    _notes_delivered(tx, [done])
    return True


def delay(
    tx: Tx, claimed: Claimed, due: datetime, error: str, *, keep_token: bool, waiting: bool = False
) -> bool:
    """Try again at `due`; whether the claim was still ours.

    `keep_token` when the outcome is unknown, so that the next attempt looks before it writes. `waiting` when
    the record is not there yet and not ours to create.
    """
    return _end(tx, claimed, _DELAY, {"due": due, "error": error, "absent": waiting}, keep_token=keep_token)


def park(tx: Tx, claimed: Claimed, reason: str, *, keep_token: bool = False) -> bool:
    """Give the row up until its incident changes or an operator retries it; whether the claim was still ours.

    A row that has a newer version by now is not parked but due at once.
    """
    why = {"of_version": claimed.wanted.version, "reason": reason, "error": reason, "now": tx.now}
    return _end(tx, claimed, _PARK, why, keep_token=keep_token)


def _end(tx: Tx, claimed: Claimed, end: Each, values: dict[str, Any], *, keep_token: bool) -> bool:
    if not still_held(tx, [claimed]).ours:
        return False
    end(tx, [{"of_id": claimed.wanted.id, **values}])
    if not keep_token:
        forget_tokens(tx, [claimed])
    return True


def _some_left(done: Done) -> bool:
    return not {note.id for note in done.claimed.notes} <= set(done.notes)


def _notes_delivered(tx: Tx, done: Sequence[Done]) -> None:
    there = [
        {**parameters_of(each.claimed), "of_note": note, "now": tx.now}
        for each in done
        for note in each.notes
    ]
    _NOTE_DELIVERED(tx, there)


def _finish(tx: Tx, finished: Sequence[Claimed], held: Held) -> None:
    """Delete the rows that have nothing more to deliver, and make the others due again."""
    newer = [each for each in finished if each.wanted.id in held.replaced]
    _AGAIN(tx, [{"of_id": each.wanted.id, "due": tx.now, "since": each.at} for each in newer])
    ids = {each.wanted.id for each in finished} - held.replaced
    if not ids:
        return
    rest = tx.connection.execute(_REST, {"ids": sorted(ids)}).all()
    _AGAIN_FOR_NOTES(tx, [{"of_id": row.id, "due": row.note_due, "error": row.note_error} for row in rest])
    tx.connection.execute(_GONE, {"ids": sorted(ids - {row.id for row in rest})})


def _linked(done: Done) -> Linked:
    row = done.claimed.wanted
    return Linked(row.route, row.key, row.target, done.link)
