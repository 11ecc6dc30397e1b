"""How due rows are taken and given back; what else becomes of them stands in `receipts`.

A claim is committed before anything is sent: the attempt counted, a lease taken, a token written down. The
token stays until the outcome of its attempt is known, so that a lost answer leads to a look-up and never to
a blind repeat; meanwhile only the notes that the attempt carried travel with the row. `sent_version` is that
of the attempt that made the token and is not moved by later ones: what the token proves on the target is
that first content.

A claim's fence is the number of its row's claims. Once the row was claimed again, or freed by a restart,
what the older claim learns is refused: a stale process may finish its request but commits nothing.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, case, or_, select, update

from connector.model import Delivery, FieldValue, Link, NoteInHand
from connector.store.among import among
from connector.store.columns import Moment
from connector.store.links import link_of
from connector.store.prepared import Each
from connector.store.tables import links, notes, wanted
from connector.store.tx import Fetched, Tx
from connector.store.wanted import Wanted, not_held, wanted_of

# Nobody is delivering the row.
FREE = {"leased_until": None, "leased_by": None}
# The outcome of the last attempt is known.
CERTAIN = {"token": None, "sent_version": None, "sent": None}
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

_NOW = bindparam("now", type_=Moment)
_DUE = (
    select(wanted)
    .where(
        wanted.c.target == bindparam("of_target"),
        wanted.c.parked.is_(None),
        not_held(),
        wanted.c.due <= _NOW,
        or_(wanted.c.leased_until.is_(None), wanted.c.leased_until <= _NOW),
    )
    .order_by(wanted.c.priority, wanted.c.since, wanted.c.id)
    .limit(bindparam("at_most"))
    .with_for_update(skip_locked=True)
)
_DUE_AMONG = _DUE.where(among(wanted.c.id, "only"))
_CHOSEN = among(wanted.c.id, "ids")
_LINKS = (
    select(wanted.c.id.label("wanted_id"), links)
    .join_from(
        wanted,
        links,
        (links.c.route == wanted.c.route)
        & (links.c.tenant == wanted.c.tenant)
        & (links.c.incident == wanted.c.incident)
        & (links.c.target == wanted.c.target),
    )
    .where(_CHOSEN)
)
# The notes that travel with a row: those of its unresolved attempt, or else those that are due.
_TRAVELS = case((wanted.c.token.is_(None), notes.c.due <= _NOW), else_=notes.c.token == wanted.c.token)
_NOTES = (
    select(wanted.c.id.label("wanted_id"), notes.c.row, notes.c.id, notes.c.title, notes.c.text)
    .join_from(wanted, notes, SAME_INCIDENT)
    .where(_CHOSEN, notes.c.delivered_at.is_(None), notes.c.parked.is_(None), _TRAVELS)
    .order_by(notes.c.row)
)
_HELD = (
    select(wanted.c.id, wanted.c.fence, wanted.c.version)
    .where(_CHOSEN, wanted.c.leased_by.is_not(None))
    .order_by(wanted.c.id)
    .with_for_update()
)
_TAKEN = ("attempts", "fence", "leased_until", "token", "sent_version")
_TAKE = Each(BY_ID.values(leased_by=bindparam("by"), **{name: bindparam(name) for name in _TAKEN}))
_CARRY = Each(update(notes).where(notes.c.row == bindparam("of_row")).values(token=bindparam("with_token")))
_RELEASE = Each(BY_ID.values(**FREE, attempts=case((wanted.c.attempts > 0, wanted.c.attempts - 1), else_=0)))
_FORGET = Each(BY_ID.values(CERTAIN))
_CLEAR = Each(update(notes).where(*NOTES_OF).values(token=None))


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
            doubtful=doubtful_fields(row),
            doubtful_tags=doubtful_tags(row, self.link),
            may_create=row.may_create,
            created_hint=row.created_hint,
            generation=self.link.generation if self.link else 0,
        )


@dataclass(frozen=True, slots=True)
class Held:
    """By id, the rows that nobody claimed or freed since, and those of them that have a newer version by now."""

    ours: frozenset[int] = frozenset()
    replaced: frozenset[int] = frozenset()


def doubtful_fields(row: Wanted) -> dict[str, tuple[FieldValue, ...]]:
    """By field, the values other than the wanted one that unanswered attempts may have left on the target."""
    found: dict[str, list[FieldValue]] = {}
    for record in row.sent:
        for name, value in record.fields.items():
            if name not in row.record.fields or row.record.fields[name] != value:
                found.setdefault(name, []).append(value)
    return {name: tuple(values) for name, values in found.items()}


def doubtful_tags(row: Wanted, link: Link | None) -> tuple[str, ...]:
    """The tags that are on the target after some of the unanswered attempts, but not after all of them or before."""
    before = set(link.tags) if link else set[str]()
    after = [set(record.tags) for record in row.sent]
    return tuple(sorted(before.union(*after) - before.intersection(*after)))


def claim(
    tx: Tx,
    target: str,
    limit: int,
    lease: timedelta,
    token: Callable[[], str],
    only: Sequence[int] | None = None,
) -> list[Claimed]:
    """Take up to `limit` due rows of a target, by priority and then by age; those with one of the ids `only`, if given.

    `lease` must be longer than an attempt can last: a row whose lease ran out may be taken again.
    """
    due = {"of_target": target, "now": tx.now, "at_most": limit}
    if only is None:
        rows = tx.connection.execute(_DUE, due).all()
    else:
        rows = tx.connection.execute(_DUE_AMONG, {**due, "only": only}).all()
    ids = [row.id for row in rows]
    known, waiting = _links(tx, ids), _notes(tx, ids)
    claims = [
        _claimed(tx, row, known.get(row.id), waiting.get(row.id, []), tx.now + lease, token) for row in rows
    ]
    _write_down(tx, claims, waiting)
    return claims


def release(tx: Tx, claims: Sequence[Claimed]) -> list[Claimed]:
    """Give back rows for which nothing was sent; which of them were still ours."""
    held = still_held(tx, claims)
    ours = [each for each in claims if each.wanted.id in held.ours]
    fresh = [each for each in ours if not each.in_doubt]
    _RELEASE(tx, [{"of_id": each.wanted.id} for each in ours])
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


def _links(tx: Tx, ids: Sequence[int]) -> dict[int, Link]:
    return {row.wanted_id: link_of(row) for row in tx.connection.execute(_LINKS, {"ids": ids}).all()}


def _notes(tx: Tx, ids: Sequence[int]) -> dict[int, list[Fetched]]:
    found: dict[int, list[Fetched]] = {}
    for row in tx.connection.execute(_NOTES, {"ids": ids, "now": tx.now}).all():
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
        notes=tuple(NoteInHand(note.id, note.text, in_doubt, note.title) for note in waiting),
        in_doubt=in_doubt,
        same_content=not in_doubt or row.sent_version == row.version,
        at=tx.now,
    )


def _write_down(tx: Tx, claims: Sequence[Claimed], waiting: Mapping[int, Sequence[Fetched]]) -> None:
    taken, carried = [], []
    for each in claims:
        row = each.wanted
        taken.append({"of_id": row.id, "by": tx.holder, **{name: getattr(row, name) for name in _TAKEN}})
        carried += [{"of_row": note.row, "with_token": row.token} for note in waiting.get(row.id, ())]
    _TAKE(tx, taken)
    _CARRY(tx, carried)


def still_held(tx: Tx, claims: Sequence[Claimed]) -> Held:
    """Which rows are still held by these claims; so it stays to the end of the transaction."""
    if not claims:
        return Held()
    chosen = tx.connection.execute(_HELD, {"ids": [each.wanted.id for each in claims]})
    rows = {row.id: row for row in chosen.all()}
    ours = [
        each.wanted
        for each in claims
        if each.wanted.id in rows and rows[each.wanted.id].fence == each.wanted.fence
    ]
    replaced = (row.id for row in ours if rows[row.id].version > row.version)
    return Held(frozenset(row.id for row in ours), frozenset(replaced))


def forget_tokens(tx: Tx, claims: Sequence[Claimed]) -> None:
    """Note that the outcome of these attempts is known."""
    _FORGET(tx, [{"of_id": each.wanted.id} for each in claims])
    clear_note_tokens(tx, [each for each in claims if each.notes])


def clear_note_tokens(tx: Tx, claims: Sequence[Claimed]) -> None:
    """Let the undelivered notes that these attempts carried travel with any attempt again."""
    _CLEAR(tx, [parameters_of(each) for each in claims])


def parameters_of(claimed: Claimed) -> dict[str, Any]:
    """The parameters of `NOTES_OF`."""
    row = claimed.wanted
    return {"of_route": row.route, "of_tenant": row.key.tenant, "of_incident": row.key.incident}
