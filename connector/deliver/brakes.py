"""The brakes: more records created, or closed, in an hour than anybody expects are held until a person has looked.

A wrong mapping, or a source that tells of a whole past at once, would otherwise fill or empty a ticket system within
minutes. What is handed over to the customer is never held: it is what somebody is waiting for. A row whose last attempt
was not answered is not held either, because it may have been delivered.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from connector.audit import AuditEntry, AuditKind, Outcome
from connector.model import Event, EventKind, Target
from connector.store import Tx, claims, holds, quotas
from connector.store.claims import Claimed

_HOUR = 3600
CREATES, CLOSES = "creates", "closes"


@dataclass(frozen=True, slots=True)
class Brakes:
    """How many records of one target may be created and closed in any hour; None: any number."""

    creates_per_hour: int | None = None
    closes_per_hour: int | None = None

    def limit(self, op_class: str) -> int | None:
        """The limit for creations or closings."""
        return {CREATES: self.creates_per_hour, CLOSES: self.closes_per_hour}.get(op_class)


def let_pass(
    tx: Tx, target: Target, brakes: Brakes, taken: Sequence[Claimed]
) -> tuple[list[Claimed], list[Event]]:
    """The claimed rows that may leave, and what is to be told of the others, which are held from now on."""
    passing: list[Claimed] = []
    held: dict[str, list[Claimed]] = {}
    for claimed in taken:
        op_class = _class_of(target, claimed)
        if _passes(tx, target, brakes.limit(op_class), op_class):
            passing.append(claimed)
        else:
            held.setdefault(_reason(op_class, brakes), []).append(claimed)
    return passing, [event for reason, rows in held.items() for event in _hold(tx, rows, reason)]


def uncount(tx: Tx, target: Target, brakes: Brakes, given_back: Sequence[Claimed]) -> None:
    """Take from the count the rows that were given back before anything was sent: they are counted when they leave."""
    for claimed in given_back:
        op_class = _class_of(target, claimed)
        if brakes.limit(op_class) is not None:
            quotas.charge(replace(tx, now=claimed.at), _group(target), op_class, -1)


def _class_of(target: Target, claimed: Claimed) -> str:
    """What the brakes count a row as; "" for what they have nothing to do with.

    A row is counted once: neither when it is tried again, nor after an operator has released it.
    """
    row, link = claimed.wanted, claimed.link
    if row.priority == 0 or row.told or row.held is not None or row.attempts > 1 or claimed.in_doubt:
        return ""
    if link is None:
        return CREATES if target.creates and row.may_create else ""
    is_closed = target.catalogue.is_closed
    return CLOSES if is_closed(row.record.fields) and not is_closed(link.applied) else ""


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
