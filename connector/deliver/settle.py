"""How a delivery ended, put into rows: receipt, applied values and audit in one transaction."""

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from connector.audit import AuditEntry, AuditKind, Outcome, iso
from connector.deliver.attempt import Answered
from connector.errors import AuthError, ConnectorError, NotThereYetError, RejectedError
from connector.model import JSON, Catalogue, Event, EventKind, Link, Receipt
from connector.plan import Park, Pause, RetryIn, Verdict
from connector.store import Tx, claims, receipts
from connector.store import notes as note_rows
from connector.store.claims import Claimed, Held
from connector.store.receipts import Done
from connector.store.wanted import Wanted


@dataclass(frozen=True, slots=True)
class Judged:
    """An answer, what follows from its error, and what follows from the errors of its notes."""

    answered: Answered
    verdict: Verdict | None
    note_verdicts: tuple[tuple[str, ConnectorError, Verdict], ...] = ()


def settle(tx: Tx, catalogue: Catalogue, judged: Sequence[Judged]) -> list[Event]:
    """Store how deliveries ended; what telemetry should hear of it.

    Answers to claims that are no longer ours are dropped: a stale process may finish a request, but commit nothing.
    """
    claims.release(tx, [each.answered.claimed for each in judged if each.answered.given_back])
    held = claims.still_held(tx, [each.answered.claimed for each in judged])
    for each in judged:
        if each.answered.claimed.wanted.id in held.ours:
            _settle_notes(tx, each)
    events = _settle_receipts(tx, catalogue, [each for each in judged if _clean(each.answered)], held)
    failed = [each for each in judged if each.answered.error is not None and _settle_failure(tx, each)]
    return [*events, *(_tell_failed(tx, each, held.replaced) for each in failed)]


def _settle_receipts(tx: Tx, catalogue: Catalogue, clean: Sequence[Judged], held: Held) -> list[Event]:
    receipts.delivered(tx, [_done(each.answered) for each in clean], held)
    return [
        event
        for each in clean
        if each.answered.claimed.wanted.id in held.ours
        for event in _tell_delivered(tx, catalogue, each, held.replaced)
    ]


def _clean(answered: Answered) -> bool:
    return answered.receipt is not None and answered.error is None


def _settle_notes(tx: Tx, judged: Judged) -> None:
    row = judged.answered.claimed.wanted
    for note, error, verdict in judged.note_verdicts:
        match verdict:
            case RetryIn() | Pause():
                due = tx.now + _wait(verdict)
                note_rows.delay(tx, row.route, row.key, {note: str(error)}, due)
            case Park():
                note_rows.park(tx, row.route, row.key, {note: str(error)})


def _wait(verdict: RetryIn | Pause) -> timedelta:
    """How long the row waits."""
    seconds = verdict.seconds if isinstance(verdict, RetryIn) else max(verdict.seconds, verdict.row)
    return timedelta(seconds=seconds)


def _done(answered: Answered) -> Done:
    receipt = _receipt(answered)
    return Done(answered.claimed, _in_force(answered.claimed, receipt), receipt.notes)


def _in_force(claimed: Claimed, receipt: Receipt) -> Link:
    """The link with what holds now: everything that was wanted, over what was applied before, but for what was left."""
    before = claimed.link.applied if claimed.link else {}
    record, left = claimed.wanted.record, receipt.left
    taken = {name: value for name, value in record.fields.items() if name not in left}
    waiting = {name: value for name, value in record.fields.items() if name in left}
    # In a field that was left, a target may have recognised what an unanswered attempt of ours put there.
    held = {name: receipt.link.applied[name] for name in waiting if name in receipt.link.applied}
    return replace(receipt.link, applied={**before, **taken, **held}, left=waiting, tags=record.tags)


def _receipt(answered: Answered) -> Receipt:
    if answered.receipt is None:
        raise ValueError("a delivery without a receipt is not done")
    return answered.receipt


def _settle_failure(tx: Tx, judged: Judged) -> bool:
    """Delay or park the row; False when the claim is no longer ours."""
    answered = judged.answered
    claimed, error = answered.claimed, answered.error
    if answered.receipt is not None:  # the notes were taken, the fields refused
        receipts.keep(
            tx, Done(claimed, _with_notes_only(claimed, answered.receipt.link), answered.receipt.notes)
        )
    keep = answered.receipt is None and _unknown_outcome(answered)
    match judged.verdict:
        case RetryIn() | Pause() as verdict:
            due = tx.now + _wait(verdict)
            waiting = isinstance(error, NotThereYetError)
            return receipts.delay(tx, claimed, due, str(error), keep_token=keep, waiting=waiting)
        case _:
            return receipts.park(tx, claimed, str(error), keep_token=keep)


def _with_notes_only(claimed: Claimed, link: Link) -> Link:
    before = claimed.link
    return replace(link, applied=before.applied, left=before.left, tags=before.tags) if before else link


def _unknown_outcome(answered: Answered) -> bool:
    """Whether the write may have taken effect all the same. A refusal, and a closed door, are certain answers."""
    certain = answered.sent_nothing or isinstance(
        answered.error, AuthError | RejectedError | NotThereYetError
    )
    return answered.claimed.in_doubt or not certain


def _entry(
    answered: Answered,
    kind: AuditKind,
    at: datetime,
    outcome: Outcome | None,
    *,
    data: Mapping[str, JSON],
    private: Mapping[str, JSON],
) -> AuditEntry:
    """The audit's row about an attempt; `data` is what it says beside the times."""
    row = answered.claimed.wanted
    attempt: dict[str, JSON] = {
        "attempt": row.attempts,
        "claimed": iso(answered.claimed.at),
        "sent": iso(answered.sent),
        "acknowledged": iso(answered.acknowledged),
    }
    return AuditEntry(
        kind,
        at=at,
        outcome=outcome,
        route=row.route,
        target=row.target,
        tenant=row.key.tenant,
        incident=row.key.incident,
        revision=row.revision.raw,
        content=row.content,
        mapping=row.mapping,
        data={**attempt, **data},
        private=private,
    )


def _own(row: Wanted, outcome: Outcome, replaced: AbstractSet[int]) -> Outcome | None:
    """The outcome, unless the revision has one: told with its record, or at its replacement by a newer one."""
    return None if row.told or row.id in replaced else outcome


def _tell_delivered(
    tx: Tx, catalogue: Catalogue, judged: Judged, replaced: AbstractSet[int]
) -> Iterator[Event]:
    answered = judged.answered
    receipt = _receipt(answered)
    kind = AuditKind.DELIVERED if _did_something(receipt) else AuditKind.FAILED
    tasks = frozenset(note.id for note in answered.claimed.notes if note.title)
    open_values, private = _not_taken(catalogue, receipt, tasks)
    data = {**dict(_facts(receipt, tasks)), **open_values}
    outcome = Outcome.CREATED if receipt.created else Outcome.UPDATED
    row = answered.claimed.wanted
    tx.audit(_entry(answered, kind, tx.now, _own(row, outcome, replaced), data=data, private=private))
    if not _did_something(receipt):
        yield Event(EventKind.DELAYED, row.target, row.route, str(row.key), _first_error(receipt))
        return
    seconds = (answered.acknowledged - answered.sent) / timedelta(seconds=1)
    yield Event(EventKind.DELIVERED, row.target, row.route, str(row.key), str(outcome), seconds=seconds)
    for field in receipt.not_taken:
        yield Event(EventKind.NOT_TAKEN, row.target, row.route, str(row.key), field.field)


def _did_something(receipt: Receipt) -> bool:
    """Whether the attempt delivered anything, be it that everything was there already; else notes failed again."""
    return not receipt.note_errors or bool(
        receipt.created or receipt.wrote or receipt.notes or receipt.tags_added
    )


def _first_error(receipt: Receipt) -> str:
    return next((str(error) for error in receipt.note_errors.values()), "")


def _facts(receipt: Receipt, tasks: AbstractSet[str]) -> Iterator[tuple[str, JSON]]:
    yield "external_id", receipt.link.external_id
    for name, value in (
        ("created", receipt.created),
        ("number", receipt.link.number),
        ("wrote", sorted(receipt.wrote)),
        ("tags_written", bool(receipt.tags_added or receipt.tags_removed)),
        ("notes", [note for note in receipt.notes if note not in tasks]),
        ("tasks", [note for note in receipt.notes if note in tasks]),
        ("note_errors", sorted(receipt.note_errors.keys() - tasks)),
        ("task_errors", sorted(receipt.note_errors.keys() & tasks)),
        ("left", sorted(receipt.left)),
        ("request_ids", list(receipt.request_ids)),
    ):
        if value:
            yield name, value


def _not_taken(
    catalogue: Catalogue, receipt: Receipt, tasks: AbstractSet[str]
) -> tuple[dict[str, JSON], dict[str, JSON]]:
    """What was not taken or left, parted into what may stand in the open and what may be personal.

    The values written are those of the decision; the row names the fields. Reasons may quote a value.
    """
    data: dict[str, JSON] = {}
    private: dict[str, JSON] = {}
    for missed in receipt.not_taken:
        where = private if catalogue.personal(missed.field) else data
        where[f"not_taken.{missed.field}"] = {"sent": missed.sent, "held": missed.held}
    for name, reason in receipt.left.items():
        private[f"left.{name}"] = reason
    for note, error in receipt.note_errors.items():
        private[f"{'task' if note in tasks else 'note'}_error.{note}"] = str(error)
    return data, private


def _tell_failed(tx: Tx, judged: Judged, replaced: AbstractSet[int]) -> Event:
    answered = judged.answered
    row, reason = answered.claimed.wanted, str(answered.error) or repr(answered.error)
    parked = isinstance(judged.verdict, Park) and row.id not in replaced
    outcome = _own(row, Outcome.PARKED, replaced) if parked else None
    data = {"error": type(answered.error).__name__}
    tx.audit(_entry(answered, AuditKind.FAILED, tx.now, outcome, data=data, private={"message": reason}))
    kind = EventKind.PARKED if parked else EventKind.DELAYED
    return Event(kind, row.target, row.route, str(row.key), reason)
