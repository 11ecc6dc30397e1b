"""What to do next, decided as a value before anything is done. Pure: no clock, no chance, no I/O.

`decide` compares what a mapping wants with what was *last intended*: the wanted row if one is still waiting, else
the link. Comparing with the link alone loses A→B→A while B waits. Every decision carries a reason from a closed
set, "unchanged" included; the same word reaches the audit, the log and the metrics.

Two rules make the end state independent of when deliveries happen. Fields that a mapping now leaves alone keep
what was intended for them, even if it was never delivered; and a record whose creation was once intended is
created, even if the incident has moved on to a state for which no new record would be made.
"""

import enum
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

from connector.errors import AuthError, ConnectorError, NotThereYetError, RejectedError, TransientError
from connector.model import Catalogue, FieldValue, Link, Lookup, Mapped, Mode, Note, Record, Snapshot


class Reason(enum.StrEnum):
    """Why an evaluation ended as it did."""

    CREATE = "create"
    UPDATE = "update"
    UNCHANGED = "unchanged"
    EXCLUDED = "excluded"
    UNMAPPED = "unmapped"


@dataclass(frozen=True, slots=True)
class Intended:
    """What was last intended for (route, incident): the waiting row if there is one, else the link."""

    record: Record
    delivered: bool
    """Whether the target already holds a record."""
    waits: bool = False
    """Whether it still waits to be delivered."""


@dataclass(frozen=True, slots=True)
class Change:
    """One field or tag whose intended value changes. `before` is absent for something never intended."""

    name: str
    before: FieldValue
    after: FieldValue
    first: bool = False


@dataclass(frozen=True, slots=True)
class Decision:
    """What one evaluation leads to. `record` is None when nothing is to be delivered."""

    reason: Reason
    record: Record | None = None
    changes: tuple[Change, ...] = ()
    tags_added: tuple[str, ...] = ()
    tags_removed: tuple[str, ...] = ()
    notes: tuple[Note, ...] = ()
    rule: str = ""


def decide(mapped: Mapped, intended: Intended | None) -> Decision:
    """Compare what the mapping wants with what was last intended."""
    if mapped.excluded is not None:
        return Decision(Reason.EXCLUDED, rule=mapped.excluded.id)
    if intended is None and not mapped.may_create:
        return _not_created(mapped)
    record = _merge(mapped.record, intended)
    notes = tuple(note for note in mapped.notes if intended is None or note.fresh or note.backfill)
    before = intended.record if intended else Record()
    changes = _changes(record, before)
    added, removed = _tag_changes(before.tags, record.tags)
    if intended is None:
        return Decision(Reason.CREATE, record, changes, added, removed, notes)
    # A row that waits, or was given up, is told what to do by now where the record's state is in its way.
    retold = intended.waits and record.when_record != before.when_record
    if not (changes or added or removed or notes or retold):
        return Decision(Reason.UNMAPPED if mapped.unmapped else Reason.UNCHANGED)
    reason = Reason.UPDATE if intended.delivered else Reason.CREATE
    return Decision(reason, record, changes, added, removed, notes)


def _not_created(mapped: Mapped) -> Decision:
    """No record exists and the mapping wants none: by its own rule, or because a value was not known."""
    if mapped.unmapped:
        return Decision(Reason.UNMAPPED)
    return Decision(Reason.EXCLUDED, rule="create_when")


def _merge(new: Record, intended: Intended | None) -> Record:
    if intended is None:
        return new
    old = intended.record
    settled = {
        name: value
        for name, value in new.fields.items()
        if not (new.modes.get(name) is Mode.INITIAL and name in old.fields)
    }
    tags = new.tags
    if new.keep_tags:
        known = {tag.casefold() for tag in new.tags}
        tags = (*new.tags, *(tag for tag in old.tags if tag.casefold() not in known))
    return replace(
        new,
        fields={**old.fields, **settled},
        tags=tags,
        modes={**old.modes, **new.modes},
        carried=frozenset(old.fields) - frozenset(new.fields),
    )


def _changes(after: Record, before: Record) -> tuple[Change, ...]:
    return tuple(
        Change(name, before.fields.get(name), value, first=name not in before.fields)
        for name, value in after.fields.items()
        if name not in before.fields or before.fields[name] != value
    )


def _tag_changes(before: Sequence[str], after: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    had = {tag.casefold() for tag in before}
    has = {tag.casefold() for tag in after}
    added = tuple(tag for tag in after if tag.casefold() not in had)
    removed = tuple(tag for tag in before if tag.casefold() not in has)
    return added, removed


def fields_to_write(
    record: Record, link: Link | None, catalogue: Catalogue, doubtful: Collection[str] = ()
) -> dict[str, FieldValue]:
    """The fields a write must carry: those whose wanted value is not the applied one, with what travels with them.

    A field that the mapping leaves alone by now is written only if it never arrived; it does not travel. One that was
    left on the target is tried again only if it refers to something that may be found by now. `doubtful`
    names fields in which an unanswered attempt may have left something else than what was applied. At creation (`link`
    is None) that is every field that is not to be empty.
    """
    if link is None:
        return {name: value for name, value in record.fields.items() if value is not None}
    modes = record.modes
    following = {n: v for n, v in record.fields.items() if modes.get(n) is not Mode.INITIAL}
    settled = _settled(link, doubtful)
    changed = [n for n, v in following.items() if n not in settled or settled[n] != v]
    if not changed:
        return {}
    travelling = {member for name in changed for member in catalogue.group(name)} - record.carried
    return {name: value for name, value in following.items() if name in travelling or name in changed}


def _settled(link: Link, doubtful: Collection[str]) -> Mapping[str, FieldValue]:
    """The values that need no write: those applied and those left for good."""
    applied = {n: v for n, v in link.applied.items() if n not in doubtful} if doubtful else link.applied
    if not link.left:
        return applied
    return {**applied, **{n: v for n, v in link.left.items() if not isinstance(v, Lookup)}}


def tags_to_write(
    record: Record, link: Link | None, doubtful: Sequence[str] = ()
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The tags of ours to add and to take away, compared without regard to case.

    `doubtful` are tags of ours that are there or not, because an attempt that changed them was not answered. None is
    taken away while a tag rule is undecided.
    """
    ours = link.tags if link else ()
    if ours == record.tags and not doubtful:
        return (), ()
    added, _ = _tag_changes([tag for tag in ours if tag not in doubtful], record.tags)
    _, removed = _tag_changes(tuple(dict.fromkeys((*ours, *doubtful))), record.tags)
    return added, () if record.keep_tags else removed


_LONGEST_WAIT = 86_400.0  # seconds; a far side that asks for more is asked again after a day all the same
_SEVERITIES = {"high": 1, "medium": 2, "low": 3, "informational": 4}


def priority_of(snapshot: Snapshot) -> int:
    """Where a row stands in the queue: 0 for what awaits the customer's action, then by severity."""
    if str(snapshot.get("status", "")).casefold() == "awaitingaction":
        return 0
    return _SEVERITIES.get(str(snapshot.get("severity", "")).casefold(), 5)


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How long to wait after trouble, in seconds, and the age at which a row is given up.

    Giving up goes by age and never by count: an outage over a weekend must bury nothing.
    """

    first: float = 5.0
    most: float = 600.0
    not_there_yet: float = 30.0
    pause: float = 60.0
    unexpected_attempts: int = 5
    give_up_after: timedelta = field(default=timedelta(days=7))
    give_up_attempts: int = 10  # so that the first hiccup after a long outage buries nothing


@dataclass(frozen=True, slots=True)
class RetryIn:
    """Try the row again after so many seconds."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Pause:
    """Stop writing to the whole target and ask it again after so many seconds; its rows stay.

    `row` is how long the row that met the trouble waits, if longer.
    """

    seconds: float
    row: float = 0.0


@dataclass(frozen=True, slots=True)
class Park:
    """Give this row up until its incident changes or an operator retries it."""


Verdict = RetryIn | Pause | Park


def after_failure(
    error: Exception, *, attempts: int, age: timedelta, spread: float, policy: RetryPolicy
) -> Verdict:
    """What follows a failed attempt. `spread` in [0, 1) is the jitter, passed in so that this stays pure."""
    if isinstance(error, AuthError):
        return Pause(policy.pause)
    if isinstance(error, RejectedError):
        return Park()
    if age > policy.give_up_after and attempts >= policy.give_up_attempts:
        return Park()
    if not isinstance(error, ConnectorError) and attempts >= policy.unexpected_attempts:
        return Park()  # our own bug: it is not cured by trying for days
    return RetryIn(_wait(error, attempts, spread, policy))


def _wait(error: Exception, attempts: int, spread: float, policy: RetryPolicy) -> float:
    match error:
        case NotThereYetError():
            return policy.not_there_yet * (1 + spread)
        case TransientError(retry_after=float() | int() as seconds) if seconds >= 1:
            return min(seconds, _LONGEST_WAIT) + spread
        case _:
            return _backoff(attempts, spread, policy)


def _backoff(attempts: int, spread: float, policy: RetryPolicy) -> float:
    # The exponent is bounded so that attempt 10,000 does not overflow.
    return min(policy.first * 2.0 ** min(attempts - 1, 30), policy.most) * (0.5 + spread / 2)


def note_text(text: str, note_id: str) -> str:
    """The text that goes out: with the marker by which it is recognised when it comes back."""
    return f"{text.rstrip()} [mdxdr:{note_id[:12]}]".lstrip()


def intended_of(record: Record | None, link: Link | None) -> Intended | None:
    """What was last intended, from the waiting row's record and the link; None when neither is there."""
    if record is not None:
        return Intended(record, delivered=link is not None, waits=True)
    if link is not None:
        return Intended(Record({**link.applied, **link.left}, link.tags), delivered=True)
    return None
