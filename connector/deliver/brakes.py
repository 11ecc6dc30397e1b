"""The brakes: more records created, or closed, in an hour than anybody expects are held until a person has looked.

A wrong mapping, or a source that tells of a whole past at once, would otherwise fill or empty a ticket system within
minutes. What is handed over to the customer is never held: it is what somebody is waiting for. A row whose last attempt
was not answered is not held either, because it may have been delivered.

Whether a row creates a record is certain only afterwards: one that is there already is taken over, and one that people
closed is followed by a new one. So a row counts as what it probably does before it leaves, and as what it did when its
answer is there; and as long as creations are on their way, others wait for these answers before any of them is held.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from connector.audit import AuditEntry, AuditKind, Outcome
from connector.deliver.attempt import Answered
from connector.model import Event, EventKind, Target
from connector.store import Tx, claims, holds, quotas
from connector.store.claims import Claimed

_HOUR = 3600
CREATES, CLOSES = "creates", "closes"
FOLLOW_UP = "follow_up"  # as `Record.when_record` says it


@dataclass(frozen=True, slots=True)
class Brakes:
    """How many records of one target may be created and closed in any hour; None: any number."""

    creates_per_hour: int | None = None
    closes_per_hour: int | None = None

    def limit(self, op_class: str) -> int | None:
        """The limit for creations or closings."""
        return {CREATES: self.creates_per_hour, CLOSES: self.closes_per_hour}.get(op_class)


@dataclass(frozen=True, slots=True)
class Passed:
    """What became of claimed rows: they may leave, wait for answers that are on their way, or are held from now on.

    `events` is what is to be told of those held.
    """

    leaving: list[Claimed]
    waiting: list[Claimed]
    events: list[Event]


def let_pass(tx: Tx, target: Target, brakes: Brakes, taken: Sequence[Claimed], *, in_flight: bool) -> Passed:
    """Sort claimed rows. `in_flight`: others are on their way, whose answers may make room."""
    leaving: list[Claimed] = []
    stopped: dict[str, list[Claimed]] = {}
    for claimed in taken:
        op_class = _class_of(target, claimed)
        if _passes(tx, target, brakes.limit(op_class), op_class):
            in_flight |= op_class == CREATES
            leaving.append(claimed)
        else:
            stopped.setdefault(op_class, []).append(claimed)
    waiting = stopped.pop(CREATES, []) if in_flight else []
    claims.release(tx, waiting)
    held = ((rows, _reason(op_class, brakes)) for op_class, rows in stopped.items())
    return Passed(leaving, waiting, [event for rows, reason in held for event in _hold(tx, rows, reason)])


def uncount(tx: Tx, target: Target, brakes: Brakes, given_back: Sequence[Claimed]) -> None:
    """Take from the count the rows that were given back before anything was sent: they are counted when they leave."""
    for claimed in given_back:
        _charge(replace(tx, now=claimed.at), target, brakes, _class_of(target, claimed), -1)


def recount(tx: Tx, target: Target, brakes: Brakes, answers: Sequence[Answered]) -> None:
    """Count rows as what they did, now that it is known, where that is not what they counted as."""
    uncount(tx, target, brakes, [each.claimed for each in answers if each.given_back])
    for each in answers:
        if each.receipt is None or not _counts(each.claimed):
            continue
        created, expected = each.receipt.created, _does(target, each.claimed) == CREATES
        if expected and not created and not each.claimed.in_doubt:
            _charge(replace(tx, now=each.claimed.at), target, brakes, CREATES, -1)
        if created and not expected and each.claimed.link is not None:
            _charge(tx, target, brakes, CREATES, 1)


def _charge(tx: Tx, target: Target, brakes: Brakes, op_class: str, n: int) -> None:
    if brakes.limit(op_class) is not None:
        quotas.charge(tx, _group(target), op_class, n)


def _class_of(target: Target, claimed: Claimed) -> str:
    """What the brakes count a row as; "" for what they have nothing to do with.

    A row is counted once: neither when it is tried again, nor after an operator has released it.
    """
    if not _counts(claimed) or claimed.wanted.attempts > 1 or claimed.in_doubt:
        return ""
    return _does(target, claimed)


def _does(target: Target, claimed: Claimed) -> str:
    """What a row probably does: as far as it is known, a record that it needs is not there."""
    row, link = claimed.wanted, claimed.link
    if link is None:
        return CREATES if target.creates and row.may_create else ""
    is_closed = target.catalogue.is_closed
    closed, was_closed = is_closed(row.record.fields), is_closed(link.applied)
    if was_closed and not closed and FOLLOW_UP in row.record.when_record.values():
        return CREATES
    return CLOSES if closed and not was_closed else ""


def _counts(claimed: Claimed) -> bool:
    """Whether the brakes have anything to do with a row."""
    row = claimed.wanted
    return row.priority > 0 and not row.told and row.held is None


def _passes(tx: Tx, target: Target, limit: int | None, op_class: str) -> bool:
    if limit is None:
        return True
    room, _ = quotas.room(tx, _group(target), op_class, limit, _HOUR)
    if room:
        quotas.charge(tx, _group(target), op_class, 1)
    return bool(room)


def _group(target: Target) -> str:
    return f"brakes/{target.name}"


def _reason(op_class: str, brakes: Brakes) -> str:
    return f"brake: {brakes.limit(op_class)} {op_class} in an hour are reached"


def _hold(tx: Tx, rows: Sequence[Claimed], reason: str) -> list[Event]:
    claims.release(tx, rows)
    holds.hold(tx, [each.wanted.id for each in rows], reason)
    for each in rows:
        row = each.wanted
        entry = AuditEntry(
            AuditKind.HELD,
            at=tx.now,
            outcome=Outcome.HELD,
            route=row.route,
            target=row.target,
            tenant=row.key.tenant,
            incident=row.key.incident,
            revision=row.revision.raw,
            content=row.content,
            mapping=row.mapping,
            data={"reason": reason},
        )
        tx.audit(entry)
    return [
        Event(EventKind.HELD, each.wanted.target, each.wanted.route, str(each.wanted.key), reason)
        for each in rows
    ]
