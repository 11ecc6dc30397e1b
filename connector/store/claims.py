"""How due rows are taken and given back; what else becomes of them stands in `receipts`.

A claim is committed before anything is sent: the attempt counted, a lease taken, a token written down. The
token stays until the outcome of its attempt is known, so that a lost answer leads to a look-up and never to
a blind repeat; meanwhile only the notes that the attempt carried travel with the row. `sent_version` is that
of the attempt that made the token and is not moved by later ones: what the token proves on the target is
that first content.

A claim's fence is the number of its row's claims. Once the row was claimed again, or freed by a restart,
what the older claim learns is refused: a stale process may finish its request but commits nothing.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, case, or_, select, update

from connector.model import Delivery, Link, NoteInHand
from connector.store.links import link_of
from connector.store.tables import links, notes, wanted
from connector.store.tx import Fetched, Tx, update_each
from connector.store.wanted import Wanted, wanted_of

# Nobody is delivering the row.
FREE = {"leased_until": None, "leased_by": None}
# The outcome of the last attempt is known.
CERTAIN = {"token": None, "sent_version": None}
SAME_INCIDENT = (
    (notes.c.route == wanted.c.route)
    & (notes.c.tenant == wanted.c.tenant)
    & (notes.c.incident == wanted.c.incident)
)
BY_ID = update(wanted).where(wanted.c.id == bindparam("of_id"))
NOTES_OF = (
    notes.c.route == bindparam("of_route"),
    notes.c.tenant == bindparam("of_tenant"),
    notes.c.incident == bindparam("of_incident"),
    notes.c.delivered_at.is_(None),
)


@dataclass(frozen=True, slots=True)
class Claimed:
    """A row taken for one attempt, with its link and the notes that travel with it.

    `in_doubt`: an earlier attempt with this token got no answer; `same_content`: it carried this very
    version.
    """

    wanted: Wanted
    link: Link | None
    notes: tuple[NoteInHand, ...]
    in_doubt: bool
    same_content: bool
    at: datetime

    def delivery(self) -> Delivery:
        """The attempt as a target sees it."""
        row = self.wanted
        return Delivery(
            route=row.route,
            key=row.key,
            record=row.record,
            link=self.link,
            notes=self.notes,
            token=row.token or "",
            in_doubt=self.in_doubt,
            same_content=self.same_content,
            may_create=row.may_create,
            created_hint=row.created_hint,
            generation=self.link.generation if self.link else 0,
        )


def claim(tx: Tx, target: str, limit: int, lease: timedelta, token: Callable[[], str]) -> list[Claimed]:
    """Take up to `limit` due rows of a target, by priority and then by age.

    `lease` must be longer than an attempt can last: a row whose lease ran out may be taken again.
    """
    rows = _due(tx, target, limit)
    ids = [row.id for row in rows]
    known, waiting = _links(tx, ids), _notes(tx, ids)
    claims = [
        _claimed(tx, row, known.get(row.id), waiting.get(row.id, []), tx.now + lease, token) for row in rows
    ]
    _write_down(tx, claims, waiting)
    return claims


def release(tx: Tx, claims: Sequence[Claimed]) -> list[Claimed]:
    """Give back rows for which nothing was sent; which of them were still ours."""
    ours = still_ours(tx, claims)
    fresh = [each for each in ours if not each.in_doubt]
    one_less = case((wanted.c.attempts > 0, wanted.c.attempts - 1), else_=0)
    update_each(tx, BY_ID.values(**FREE, attempts=one_less), [{"of_id": each.wanted.id} for each in ours])
    forget_tokens(tx, fresh)
    return ours


def release_leases(tx: Tx, target: str | None = None) -> int:
    """At start: free what an earlier run of this holder had claimed, tokens kept; how many rows.

    On SQLite every claim is an earlier run's, because the state has a single holder.
    """
    chosen = update(wanted).where(wanted.c.leased_by.is_not(None)).values(FREE)
    if not tx.on_sqlite:
        chosen = chosen.where(wanted.c.leased_by == tx.holder)
    if target is not None:
        chosen = chosen.where(wanted.c.target == target)
    return tx.connection.execute(chosen).rowcount


def _due(tx: Tx, target: str, limit: int) -> Sequence[Fetched]:
    query = (
        select(wanted)
        .where(
            wanted.c.target == target,
            wanted.c.parked.is_(None),
            wanted.c.due <= tx.now,
            or_(wanted.c.leased_until.is_(None), wanted.c.leased_until <= tx.now),
        )
        .order_by(wanted.c.priority, wanted.c.since, wanted.c.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return tx.connection.execute(query).all()


def _links(tx: Tx, ids: Sequence[int]) -> dict[int, Link]:
    same = (links.c.route == wanted.c.route) & (links.c.tenant == wanted.c.tenant)
    query = (
        select(wanted.c.id, links)
        .join_from(wanted, links, same & (links.c.incident == wanted.c.incident))
        .where(wanted.c.id.in_(ids))
    )
    return {row.id: link_of(row) for row in tx.connection.execute(query)}


def _notes(tx: Tx, ids: Sequence[int]) -> dict[int, list[Fetched]]:
    """The notes that travel with each row: those of its unresolved attempt, or else those that are due."""
    travels = case(
        (wanted.c.token.is_(None), notes.c.due <= tx.now),
        else_=notes.c.token == wanted.c.token,
    )
    query = (
        select(wanted.c.id.label("wanted_id"), notes.c.row, notes.c.id, notes.c.text)
        .join_from(wanted, notes, SAME_INCIDENT)
        .where(wanted.c.id.in_(ids), notes.c.delivered_at.is_(None), notes.c.parked.is_(None), travels)
        .order_by(notes.c.row)
    )
    found: dict[int, list[Fetched]] = {}
    for row in tx.connection.execute(query):
        found.setdefault(row.wanted_id, []).append(row)
    return found


def _claimed(
    tx: Tx,
    row: Fetched,
    link: Link | None,
    waiting: Sequence[Fetched],
    until: datetime,
    token: Callable[[], str],
) -> Claimed:
    in_doubt = row.token is not None
    taken = replace(
        wanted_of(row),
        attempts=row.attempts + 1,
        fence=row.fence + 1,
        leased_until=until,
        token=row.token or token(),
        sent_version=row.sent_version if in_doubt else row.version,
    )
    return Claimed(
        wanted=taken,
        link=link,
        notes=tuple(NoteInHand(note.id, note.text, sent=in_doubt) for note in waiting),
        in_doubt=in_doubt,
        same_content=not in_doubt or row.sent_version == row.version,
        at=tx.now,
    )


def _write_down(tx: Tx, claims: Sequence[Claimed], waiting: dict[int, list[Fetched]]) -> None:
    names = ("attempts", "fence", "leased_until", "token", "sent_version")
    taken = [
        {"of_id": each.wanted.id, **{name: getattr(each.wanted, name) for name in names}} for each in claims
    ]
    update_each(tx, BY_ID.values(leased_by=tx.holder), taken)
    carried = [
        {"of_row": note.row, "token": each.wanted.token}
        for each in claims
        for note in waiting.get(each.wanted.id, ())
    ]
    update_each(tx, update(notes).where(notes.c.row == bindparam("of_row")), carried)


def still_ours(tx: Tx, claims: Sequence[Claimed]) -> list[Claimed]:
    """The claims whose rows nobody claimed or freed since."""
    held = select(wanted.c.id, wanted.c.fence).where(
        wanted.c.id.in_([each.wanted.id for each in claims]), wanted.c.leased_by.is_not(None)
    )
    fences = {
        row.id: row.fence for row in tx.connection.execute(held.order_by(wanted.c.id).with_for_update())
    }
    return [each for each in claims if fences.get(each.wanted.id) == each.wanted.fence]


def forget_tokens(tx: Tx, claims: Sequence[Claimed]) -> None:
    """Note that the outcome of these attempts is known."""
    update_each(tx, BY_ID.values(CERTAIN), [{"of_id": each.wanted.id} for each in claims])
    clear_note_tokens(tx, claims)


def clear_note_tokens(tx: Tx, claims: Sequence[Claimed]) -> None:
    """Let the undelivered notes that these attempts carried travel with any attempt again."""
    update_each(
        tx,
        update(notes).where(*NOTES_OF).values(token=None),
        [parameters_of(each) for each in claims if each.notes],
    )


def parameters_of(claimed: Claimed) -> dict[str, Any]:
    """The parameters of `NOTES_OF`."""
    row = claimed.wanted
    return {"of_route": row.route, "of_tenant": row.key.tenant, "of_incident": row.key.incident}
