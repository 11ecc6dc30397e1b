"""What follows from answers: parking, pausing, trying again; and that a refused note never delays a status."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from connector.deliver.attempt import Answered, attempt
from connector.deliver.judge import Judge
from connector.errors import AuthError, ConnectorError, RejectedError, TransientError
from connector.model import (
    Catalogue,
    Delivery,
    IncidentKey,
    Link,
    NoteInHand,
    Quota,
    Receipt,
    Record,
    Revision,
    Seen,
)
from connector.plan import Park, Pause, RetryIn, RetryPolicy, Verdict
from connector.store.claims import Claimed
from connector.store.wanted import Wanted
from tests.support.faketarget import CATALOGUE

NOW = datetime(2026, 1, 31, 10, tzinfo=UTC)
POLICY = RetryPolicy(first=4, most=60, pause=30)
NOTE = NoteInHand("n1", "Mind the gap.")


def claimed(
    *, attempts: int = 1, notes: Sequence[NoteInHand] = (), link: Link | None = None, row: int = 0
) -> Claimed:
    wanted = Wanted(
        id=row,
        route="r",
        key=IncidentKey("t", "1"),
        target="x",
        record=Record({"state": "2"}),
        revision=Revision.parse("2026-01-31T10:00:00Z"),
        content="c",
        mapping="m",
        priority=1,
        since=NOW,
        due=NOW,
        attempts=attempts,
    )
    return Claimed(wanted, link, tuple(notes), in_doubt=False, same_content=True, at=NOW)


def answered(error: Exception | None = None, receipt: Receipt | None = None, attempts: int = 1) -> Answered:
    return Answered(claimed(attempts=attempts), NOW, NOW, receipt, error)


def judge(alike: int = 3) -> Judge:
    return Judge(POLICY, alike, spread=lambda: 0.0)


@pytest.mark.parametrize(
    ("error", "attempts", "age", "verdict"),
    [
        (AuthError("no"), 1, timedelta(), Pause(30)),
        (RejectedError("no"), 1, timedelta(), Park()),
        (TransientError("later"), 1, timedelta(), RetryIn(2)),
        (TransientError("later"), 3, timedelta(), RetryIn(8)),
        (TransientError("later"), 400, timedelta(), RetryIn(30)),
        (TransientError("later", retry_after=7), 3, timedelta(), RetryIn(7)),
        (TransientError("later"), 400, timedelta(days=8), Park()),
        (AuthError("no"), 400, timedelta(days=8), Pause(30)),
        (ValueError("our own mistake"), 1, timedelta(), RetryIn(2)),
        (ValueError("our own mistake"), 5, timedelta(), Park()),
    ],
)
def test_error_has_its_consequence(error: Exception, attempts: int, age: timedelta, verdict: Verdict) -> None:
    assert judge().judge(answered(error, attempts=attempts), NOW + age).verdict == verdict


def refused(signature: str, *, attempts: int = 1, row: int = 0) -> Answered:
    error = RejectedError(f"refused {signature}", signature=signature)
    return Answered(claimed(attempts=attempts, row=row), NOW, NOW, error=error)


def test_equal_refusals_in_a_row_pause_the_target_and_others_only_park() -> None:
    one = judge(alike=3)
    verdicts = [one.judge(refused(name), NOW).verdict for name in ("a", "a", "b", "a", "a", "a")]
    assert verdicts == [*5 * [Park()], Pause(30, row=60)]
    assert one.doubting


def test_the_row_that_was_tried_waits_longer_each_time_so_that_another_is_tried_next() -> None:
    one = judge(alike=1)
    waits = [one.judge(refused("a", attempts=attempts), NOW).verdict for attempts in (1, 2, 3, 400)]
    assert waits == [Pause(30, row=60), Pause(30, row=120), Pause(30, row=240), Pause(30, row=1920)]


def test_rows_parked_on_the_way_to_a_pause_are_taken_back_once() -> None:
    one = judge(alike=3)
    for number, signature in enumerate(("b", "a", "a"), start=1):
        one.judge(refused(signature, row=number), NOW)
        assert one.amnesty() == []
    one.judge(refused("a", row=4), NOW)
    assert (one.amnesty(), one.amnesty()) == ([2, 3], [])


def test_refusal_of_one_record_alone_says_nothing_about_the_target() -> None:
    one = judge(alike=2)
    gone = RejectedError("the record is gone", signature="not_found", alone=True)
    assert [one.judge(answered(gone), NOW).verdict for _ in range(5)] == 5 * [Park()]
    assert not one.doubting


def test_refused_row_is_given_up_at_last_even_while_the_target_is_doubted() -> None:
    one = judge(alike=1)
    assert one.judge(refused("a"), NOW + timedelta(days=8)).verdict == Park()


def test_success_ends_the_doubt() -> None:
    one = judge(alike=2)
    for _ in range(2):
        one.judge(refused("a"), NOW)
    one.judge(answered(receipt=Receipt(Link("1"))), NOW)
    assert not one.doubting
    assert one.judge(refused("a"), NOW).verdict == Park()


def test_trouble_of_another_kind_does_not_count_as_refusal() -> None:
    one = judge(alike=2)
    for error in (RejectedError("no", signature="a"), TransientError("later"), AuthError("no")):
        one.judge(answered(error), NOW)
    assert not one.doubting


def test_each_note_has_its_own_verdict() -> None:
    errors: dict[str, ConnectorError] = {"n1": RejectedError("no"), "n2": TransientError("later")}
    judged = judge().judge(answered(receipt=Receipt(Link("1"), note_errors=errors)), NOW)
    assert judged.verdict is None
    assert [(note, verdict) for note, _, verdict in judged.note_verdicts] == [
        ("n1", Park()),
        ("n2", RetryIn(2)),
    ]


@dataclass
class Picky:
    """A target with one record, which refuses what it is told to refuse, as a whole or in part."""

    refuses_notes: bool = False
    refuses_fields: bool = False
    says_which: bool = False
    held: dict[str, object] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)
    name: str = "x"
    quotas: Mapping[str, Quota] = field(default_factory=dict)
    creates: bool = True
    catalogue: Catalogue = CATALOGUE

    def cost(self, delivery: Delivery) -> Mapping[str, int]:
        return {}

    async def open(self, *, first_use: bool) -> None: ...

    async def prepare(self, deliveries: Sequence[Delivery]) -> None: ...

    async def look(self, deliveries: Sequence[Delivery]) -> list[Seen | None]:
        return [None for _ in deliveries]

    async def probe(self) -> None: ...

    async def close(self) -> None: ...

    async def apply(self, delivery: Delivery) -> Receipt:
        applied = delivery.link.applied if delivery.link else {}
        changed = {
            name: value for name, value in delivery.record.fields.items() if applied.get(name) != value
        }
        if changed and self.refuses_fields:
            raise RejectedError("the fields are refused", part="record" if self.says_which else "")
        if delivery.notes and self.refuses_notes:
            raise RejectedError("the note is refused", part="notes" if self.says_which else "")
        self.held.update(changed)
        self.said.extend(note.text for note in delivery.notes)
        return Receipt(Link("1", applied=delivery.record.fields), notes=tuple(n.id for n in delivery.notes))


LINKED = Link("1", applied={"state": "1"})


@pytest.mark.parametrize("says_which", [False, True])
async def test_refused_note_never_delays_a_status(says_which: bool) -> None:
    target = Picky(refuses_notes=True, says_which=says_which)
    result = await attempt(target, claimed(notes=[NOTE], link=LINKED), lambda: NOW)
    assert target.held == {"state": "2"}
    assert result.error is None
    assert result.receipt is not None
    assert set(result.receipt.note_errors) == {"n1"}
    assert [verdict for _, _, verdict in judge().judge(result, NOW).note_verdicts] == [Park()]


@pytest.mark.parametrize("says_which", [False, True])
async def test_refused_status_never_holds_back_a_note(says_which: bool) -> None:
    target = Picky(refuses_fields=True, says_which=says_which)
    result = await attempt(target, claimed(notes=[NOTE], link=LINKED), lambda: NOW)
    assert target.said == ["Mind the gap."]
    assert target.held == {}
    assert isinstance(result.error, RejectedError)
    assert result.receipt is not None
    assert result.receipt.notes == ("n1",)
    assert judge().judge(result, NOW).verdict == Park()


async def test_refusal_of_a_new_record_is_one_refusal() -> None:
    target = Picky(refuses_fields=True)
    result = await attempt(target, claimed(notes=[NOTE]), lambda: NOW)
    assert (result.receipt, target.said) == (None, [])
    assert isinstance(result.error, RejectedError)
