"""What operators do: rows and notes that were given up are retried, or discarded for good; held rows are released.

Each is one transaction with an audit row for every incident it touches. The state is changed and nothing else:
whoever delivers finds what is due there, so a command needs no way to talk to a daemon.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from connector.audit import AuditEntry, AuditKind, Outcome
from connector.model import IncidentKey, Revision
from connector.plan import intended_of, priority_of
from connector.store import Tx, evaluations, holds, links, notes, snapshots, undelivered, wanted
from connector.store.tx import chunks
from connector.store.undelivered import Picked, Undelivered
from connector.store.wanted import Wanted


@dataclass(frozen=True, slots=True)
class Request:
    """Who asks, and why: both stand in the audit for good."""

    by: str
    why: str


@dataclass(frozen=True, slots=True)
class Discarded:
    """What was discarded, and what was not because it is being delivered at the moment."""

    done: Sequence[Undelivered]
    busy: Sequence[Undelivered]


def retry(tx: Tx, incident: str | None, targets: Mapping[str, str], request: Request) -> list[Undelivered]:
    """Make what was given up due now, as if never tried; what that was.

    `targets` names the routes that are meant, each with its target; `incident` narrows them to one incident number.
    Notes for a record that agrees already get a row to travel with. Notes without any record to go to stay parked.
    """
    found = undelivered.find(tx, Picked(incident, targets.keys()), parked=True)
    ready = [each for each in found if each.row or _carried(tx, each, targets[each.route])]
    for some in chunks([each.row.id for each in ready if each.row]):
        wanted.unpark(tx, some)
    for each in ready:
        notes.unpark(tx, each.route, [each.key])
    tx.audit(*(_entry(tx, "retry", each, request) for each in ready))
    return ready


def discard(tx: Tx, picked: Picked, request: Request, *, notes_only: bool = False) -> Discarded:
    """Give up for good: rows with every note that waits for them, or only the notes that were given up already.

    A later revision of an incident is delivered all the same.
    """
    found = meant(tx, picked, notes_only=notes_only)
    busy = [each for each in found if each.busy(tx.now)]
    done = [each for each in found if not each.busy(tx.now)]
    undelivered.remove(tx, [each.row.id for each in done if each.row])
    for each in done:
        notes.discard(tx, each.route, each.key, parked_only=notes_only)
    tx.audit(*(_entry(tx, "discard", each, request) for each in done))
    return Discarded(done, busy)


def release(
    tx: Tx, target: str | None, route: str | None, incident: str | None, request: Request
) -> list[Undelivered]:
    """Let rows leave that a brake holds, narrowed to a target, a route and an incident's number; what they are.

    Only what is held now: what comes later is judged afresh.
    """
    found = [Undelivered(row.route, row.key, row) for row in holds.every(tx, target, route, incident)]
    for some in chunks([each.row.id for each in found if each.row]):
        holds.release(tx, some)
    tx.audit(*(_entry(tx, "release", each, request) for each in found))
    return found


def meant(tx: Tx, picked: Picked, *, notes_only: bool) -> list[Undelivered]:
    """What `discard` would give up."""
    found = undelivered.find(tx, picked, parked=notes_only)
    return [replace(each, row=None) for each in found if each.notes] if notes_only else found


def _carried(tx: Tx, each: Undelivered, target: str) -> bool:
    """See to it that there is a row for an incident's notes to travel with; False when there is no record."""
    if wanted.get(tx, each.route, [each.key]):
        return True
    intended = intended_of(None, links.applied(tx, each.route, [each.key]).get(each.key))
    decided = evaluations.get(tx, each.route, [each.key]).get(each.key)
    if intended is None or decided is None:
        return False
    row = Wanted(
        route=each.route,
        key=each.key,
        target=target,
        record=intended.record,
        revision=Revision.at(decided.ticks),
        content=decided.content,
        mapping=decided.mapping,
        priority=_priority(tx, each.key),
        since=tx.now,
        due=tx.now,
    )
    undelivered.carry_notes(tx, row)
    return True


def _priority(tx: Tx, key: IncidentKey) -> int:
    read = snapshots.latest(tx, [key]).get(key)
    return priority_of(read.body if read else {})


def _entry(tx: Tx, action: str, each: Undelivered, request: Request) -> AuditEntry:
    data = {
        "action": action,
        "by": request.by,
        "why": request.why,
        "row": each.row is not None,
        "notes": each.notes,
    }
    entry = AuditEntry(
        AuditKind.OPERATOR,
        at=tx.now,
        route=each.route,
        tenant=each.key.tenant,
        incident=each.key.incident,
        data=data,
    )
    row = each.row
    if row is None:
        return entry
    open_still = action == "discard" and not (row.parked or row.told)
    return replace(
        entry,
        outcome=Outcome.DISCARDED if open_still else None,
        target=row.target,
        revision=row.revision.raw,
        content=row.content,
        mapping=row.mapping,
    )
