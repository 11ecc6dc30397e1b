"""Deciding: what is compared, what carries over, what follows from trouble."""

from dataclasses import replace
from datetime import timedelta

import pytest

from connector.errors import (
    AuthError,
    ConflictError,
    ConnectorError,
    NotThereYetError,
    RejectedError,
    TransientError,
)
from connector.model import Catalogue, Exclusion, FieldSpec, Link, Mapped, Mode, Note, Record, Unmapped
from connector.plan import (
    Change,
    Intended,
    Park,
    Pause,
    Reason,
    RetryIn,
    RetryPolicy,
    after_failure,
    decide,
    fields_to_write,
    intended_of,
    note_text,
    priority_of,
    tags_to_write,
)

POLICY = RetryPolicy()
HOUR = timedelta(hours=1)


def wants(fields: dict[str, str | None], tags: tuple[str, ...] = (), **more: object) -> Mapped:
    return Mapped(Record(fields, tags), **more)  # type: ignore[arg-type]  # a test's shorthand


def intends(fields: dict[str, str | None], tags: tuple[str, ...] = (), *, delivered: bool = True) -> Intended:
    return Intended(Record(fields, tags), delivered)


@pytest.mark.parametrize(
    ("mapped", "intended", "reason"),
    [
        (wants({"state": "1"}), None, Reason.CREATE),
        (wants({"state": "1"}), intends({"state": "1"}), Reason.UNCHANGED),
        (wants({"state": "2"}), intends({"state": "1"}), Reason.UPDATE),
        (wants({"state": "2"}), intends({"state": "1"}, delivered=False), Reason.CREATE),
        (wants({}), intends({"state": "1"}), Reason.UNCHANGED),
        (wants({"state": None}), intends({"state": "1"}), Reason.UPDATE),
        (wants({"state": None}), intends({}), Reason.UPDATE),
        (wants({}, ("A",)), intends({}), Reason.UPDATE),
        (wants({}), intends({}, ("A",)), Reason.UPDATE),
        (wants({}, ("a",)), intends({}, ("A",)), Reason.UNCHANGED),
        (wants({}, notes=(Note("r", "i", "text"),)), intends({}), Reason.UPDATE),
        (wants({}, notes=(Note("r", "i", "text", fresh=False),)), intends({}), Reason.UNCHANGED),
        (wants({}, notes=(Note("r", "i", "text", fresh=False, backfill=True),)), intends({}), Reason.UPDATE),
        (wants({}, may_create=False), None, Reason.EXCLUDED),
        (wants({}, may_create=False, unmapped=(Unmapped("r", "status", "new"),)), None, Reason.UNMAPPED),
        (wants({}, unmapped=(Unmapped("r", "status", "new"),)), intends({}), Reason.UNMAPPED),
        (wants({"a": "1"}, unmapped=(Unmapped("r", "status", "new"),)), intends({}), Reason.UPDATE),
        (wants({"a": "1"}, excluded=Exclusion("scope", "why")), intends({}), Reason.EXCLUDED),
    ],
)
def test_every_evaluation_ends_with_a_reason(
    mapped: Mapped, intended: Intended | None, reason: Reason
) -> None:
    assert decide(mapped, intended).reason is reason


def test_a_decision_names_the_rule_that_excluded_the_incident() -> None:
    assert decide(wants({}, excluded=Exclusion("no-informational", "")), None).rule == "no-informational"
    assert decide(wants({}, may_create=False), None).rule == "create_when"


def test_a_field_left_alone_keeps_what_was_intended_even_if_it_was_never_delivered() -> None:
    decision = decide(wants({"state": "2"}), intends({"state": "1", "owner": "kai"}, delivered=False))
    assert decision.record is not None
    assert decision.record.fields == {"state": "2", "owner": "kai"}


def test_creation_once_intended_stays_intended() -> None:
    decision = decide(wants({"state": "6"}, may_create=False), intends({"state": "1"}, delivered=False))
    assert decision.reason is Reason.CREATE


def test_an_initial_field_is_not_changed_afterwards() -> None:
    mapped = Mapped(Record({"title": "new"}, modes={"title": Mode.INITIAL}))
    assert decide(mapped, intends({"title": "old"})).reason is Reason.UNCHANGED
    assert decide(mapped, None).reason is Reason.CREATE


def test_undecided_tags_stay() -> None:
    mapped = Mapped(Record({}, ("B", "a"), keep_tags=True))
    decision = decide(mapped, intends({}, ("A", "C")))
    assert decision.record is not None
    assert decision.record.tags == ("B", "a", "C")
    assert (decision.tags_added, decision.tags_removed) == (("B",), ())


def test_changes_tell_before_and_after() -> None:
    decision = decide(wants({"state": "2", "new": "x"}), intends({"state": "1"}))
    assert decision.changes == (Change("state", "1", "2"), Change("new", None, "x", first=True))


def test_notes_of_history_are_wanted_with_a_new_record_only() -> None:
    notes = (Note("r", "old", "text", fresh=False), Note("r", "new", "text"))
    assert decide(wants({"a": "1"}, notes=notes), None).notes == notes
    assert decide(wants({"a": "2"}, notes=notes), intends({"a": "1"})).notes == notes[1:]


CATALOGUE = Catalogue("t", {"a": FieldSpec("a")}, together=(frozenset({"group", "person"}),))


@pytest.mark.parametrize(
    ("fields", "modes", "applied", "written"),
    [
        ({"a": "1", "b": None}, {}, None, {"a": "1"}),
        ({"a": "1"}, {}, {"a": "1"}, {}),
        ({"a": "2"}, {}, {"a": "1"}, {"a": "2"}),
        ({"a": None}, {}, {"a": "1"}, {"a": None}),
        ({"a": "2"}, {"a": Mode.INITIAL}, {"a": "1"}, {}),
        ({"a": "2"}, {"a": Mode.INITIAL}, None, {"a": "2"}),
        ({"group": "2", "person": "p"}, {}, {"group": "1", "person": "p"}, {"group": "2", "person": "p"}),
        ({"group": "2"}, {}, {"group": "1", "person": "p"}, {"group": "2"}),
    ],
)
def test_a_write_carries_what_changed_and_what_travels_with_it(
    fields: dict[str, str | None],
    modes: dict[str, Mode],
    applied: dict[str, str | None] | None,
    written: dict[str, str | None],
) -> None:
    link = None if applied is None else Link("id", applied=applied)
    assert fields_to_write(Record(fields, modes=modes), link, CATALOGUE) == written


def test_a_field_left_alone_by_now_does_not_travel_but_still_arrives() -> None:
    record = Record({"group": "2", "person": "p"}, carried=frozenset({"person"}))
    assert fields_to_write(record, Link("id", applied={"group": "1", "person": "p"}), CATALOGUE) == {
        "group": "2"
    }
    assert fields_to_write(record, Link("id", applied={"group": "2"}), CATALOGUE) == {
        "group": "2",
        "person": "p",
    }


def test_only_our_own_tags_are_taken_away() -> None:
    assert tags_to_write(Record({}, ("A", "b")), None) == (("A", "b"), ())
    assert tags_to_write(Record({}, ("A", "b")), Link("id", tags=("B", "c"))) == (("A",), ("c",))


@pytest.mark.parametrize(
    ("snapshot", "priority"),
    [
        ({"status": "awaitingAction", "severity": "low"}, 0),
        ({"status": "AwaitingAction"}, 0),
        ({"status": "active", "severity": "High"}, 1),
        ({"severity": "medium"}, 2),
        ({"severity": "low"}, 3),
        ({"severity": "informational"}, 4),
        ({"severity": "unknownFutureValue"}, 5),
        ({}, 5),
    ],
)
def test_what_awaits_the_customer_leaves_first(snapshot: dict[str, str], priority: int) -> None:
    assert priority_of(snapshot) == priority


@pytest.mark.parametrize(
    ("error", "attempts", "age", "verdict"),
    [
        (AuthError("401"), 1, HOUR, Pause(60)),
        (AuthError("401"), 1, timedelta(days=30), Pause(60)),
        (RejectedError("400"), 1, HOUR, Park()),
        (TransientError("503"), 1, HOUR, RetryIn(2.5)),
        (TransientError("503"), 2, HOUR, RetryIn(5)),
        (TransientError("503"), 10_000, HOUR, RetryIn(300)),
        (TransientError("503"), 10_000, timedelta(days=8), Park()),
        (TransientError("429", retry_after=1740), 1, HOUR, RetryIn(1740)),
        (NotThereYetError("waiting"), 9, HOUR, RetryIn(30)),
        (ConflictError("409"), 1, HOUR, RetryIn(2.5)),
        (ConnectorError("?"), 99, HOUR, RetryIn(300)),
        (KeyError("bug"), 4, HOUR, RetryIn(20)),
        (KeyError("bug"), 5, HOUR, Park()),
    ],
)
def test_what_follows_a_failure(error: Exception, attempts: int, age: timedelta, verdict: object) -> None:
    assert after_failure(error, attempts=attempts, age=age, spread=0.0, policy=POLICY) == verdict


def test_jitter_spreads_but_the_far_sides_wait_is_never_shortened() -> None:
    def seconds(error: Exception, spread: float) -> float:
        verdict = after_failure(error, attempts=1, age=HOUR, spread=spread, policy=POLICY)
        assert isinstance(verdict, RetryIn)
        return verdict.seconds

    assert seconds(TransientError("503"), 0.9) > seconds(TransientError("503"), 0.0)
    assert seconds(TransientError("429", retry_after=10), 0.9) >= 10


def test_what_was_last_intended_is_the_waiting_row_and_else_the_link() -> None:
    link = Link("id", applied={"a": "1"}, tags=("T",))
    assert intended_of(None, None) is None
    assert intended_of(None, link) == Intended(Record({"a": "1"}, ("T",)), delivered=True)
    waiting = Record({"a": "2"})
    assert intended_of(waiting, link) == Intended(waiting, delivered=True, waits=True)
    assert intended_of(waiting, None) == Intended(waiting, delivered=False, waits=True)


def test_a_note_carries_the_marker_by_which_it_is_recognised() -> None:
    assert note_text("hello\n", "0123456789abcdef") == "hello [mdxdr:0123456789ab]"


def test_a_row_that_waits_is_told_what_to_do_by_now() -> None:
    before, link = Record({"a": "1"}), Link("1", applied={"a": "1"})
    mapped = Mapped(replace(before, when_record={"closed": "follow_up"}))
    told = decide(mapped, intended_of(before, link))
    assert told.record is not None
    assert (told.reason, told.record.when_record) == (Reason.UPDATE, {"closed": "follow_up"})
    assert decide(mapped, intended_of(told.record, link)).record is None
    assert decide(mapped, intended_of(None, link)).record is None
