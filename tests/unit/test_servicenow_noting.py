"""Notes that do not fit into one write, and notes whose fate the token does not tell."""

from dataclasses import replace
from pathlib import Path

import pytest

from connector.errors import RejectedError, TransientError
from connector.model import Delivery, NoteInHand
from tests.contract.targets.harness import deliver, note
from tests.contract.targets.servicenow_harness import ServiceNowHarness

LIMIT = 30_000


@pytest.fixture
def far(tmp_path: Path) -> ServiceNowHarness:
    return ServiceNowHarness(tmp_path)


def notes(*sizes: int) -> tuple[NoteInHand, ...]:
    """Notes whose texts, marker included, have these lengths."""
    marker = len(note("0" * 12, "").text)
    return tuple(note(f"{index:012d}", "x" * (size - marker)) for index, size in enumerate(sizes))


def sent_again(delivery: Delivery) -> Delivery:
    """The delivery as it comes after its answer was lost."""
    return replace(delivery, in_doubt=True, notes=tuple(replace(one, sent=True) for one in delivery.notes))


@pytest.mark.parametrize(
    ("sizes", "fit"),
    [
        ((14_999, 14_999), 2),
        ((14_999, 15_000), 1),
        ((40_000, 100), 1),
        ((LIMIT, 100, 100), 1),
        ((100, 29_900, 100), 1),
        ((100, 100, LIMIT), 2),
    ],
)
@pytest.mark.parametrize("known", [False, True])
async def test_no_more_notes_than_fit_are_in_one_entry_and_the_others_wait(
    far: ServiceNowHarness, sizes: tuple[int, ...], fit: int, known: bool
) -> None:
    target = far.start()
    delivery = (await far.first(target))[0] if known else far.delivery()
    delivery = replace(delivery, notes=notes(*sizes))

    receipt = await deliver(target, delivery)

    (entry,) = far.only().notes
    assert len(entry) <= LIMIT
    assert receipt.notes == tuple(one.id for one in delivery.notes[:fit])
    assert dict(receipt.note_errors) == {}
    rest = replace(delivery, link=receipt.link, token="token-3", notes=delivery.notes[fit:])
    for _ in rest.notes:
        rest = replace(rest, notes=tuple(one for one in rest.notes if one.id not in receipt.notes))
        receipt = await deliver(target, rest)
    text = "\n".join(far.only().notes)
    assert [text.count(f"mdxdr:{one.id}") for one in delivery.notes] == [1] * len(sizes)


@pytest.mark.parametrize("fault", ["cut_before", "cut_after"])
async def test_after_a_lost_answer_only_the_notes_of_that_write_count_as_there(
    far: ServiceNowHarness, fault: str
) -> None:
    target = far.start()
    delivery, _ = await far.first(target)
    delivery = replace(delivery, notes=notes(20_000, 20_000))
    far.fail(fault, method="PATCH")
    with pytest.raises(TransientError):
        await deliver(target, delivery)

    receipt = await deliver(target, sent_again(delivery))

    first, second = delivery.notes
    assert receipt.notes == (first.id,)
    assert len(far.only().notes) == 1
    await deliver(target, replace(delivery, link=receipt.link, token="token-3", notes=(second,)))
    assert far.only().notes[-1] == second.text


async def lost(far: ServiceNowHarness, fault: str) -> Delivery:
    """A delivery whose note was sent to an instance that keeps no token, and whose answer was lost."""
    far.mock.settings.no_write_fields.add("correlation_display")
    target = far.start()
    delivery, _ = await far.first(target)
    delivery = replace(delivery, notes=(note(),))
    far.fail(fault, method="PATCH")
    with pytest.raises(TransientError):
        await deliver(target, delivery)
    far.log.clear()
    return sent_again(delivery)


@pytest.mark.parametrize("default", ["", "filled by a rule"])
async def test_where_no_token_is_kept_the_journal_tells_whether_a_note_arrived(
    far: ServiceNowHarness, default: str
) -> None:
    delivery = await lost(far, "cut_after")
    far.mock.edit("incident", far.only().id, {"correlation_display": default})
    receipt = await deliver(far.start(), delivery)
    assert (receipt.notes, far.writes(), len(far.only().notes)) == ((note().id,), [], 1)


@pytest.mark.parametrize("fault", ["cut_before", "cut_after"])
async def test_where_somebody_else_writes_over_the_token_the_journal_tells(
    far: ServiceNowHarness, fault: str
) -> None:
    target = far.start()
    delivery, _ = await far.first(target)
    delivery = replace(delivery, notes=(note(),))
    far.fail(fault, method="PATCH")
    with pytest.raises(TransientError):
        await deliver(target, delivery)
    far.edit(far.only().id, {"correlation_display": "another integration"})
    receipt = await deliver(far.start(), sent_again(delivery))
    assert (receipt.notes, len(far.only().notes)) == ((note().id,), 1)


async def test_a_record_that_nobody_touched_since_has_no_note_of_a_lost_attempt(
    far: ServiceNowHarness,
) -> None:
    delivery = await lost(far, "cut_before")
    receipt = await deliver(far.start(), delivery)
    assert [entry.method for entry in far.heard()] == ["GET", "PATCH"]
    assert (receipt.notes, len(far.only().notes)) == ((note().id,), 1)


async def test_a_note_that_did_not_arrive_is_sent_where_the_journal_says_so(far: ServiceNowHarness) -> None:
    delivery = await lost(far, "cut_before")
    far.edit(far.only().id, {"urgency": "3"})
    receipt = await deliver(far.start(), delivery)
    assert (receipt.notes, len(far.only().notes)) == ((note().id,), 1)


@pytest.mark.parametrize("fault", ["cut_before", "cut_after"])
async def test_where_nothing_tells_a_note_is_not_repeated_but_given_up(
    far: ServiceNowHarness, fault: str
) -> None:
    delivery = await lost(far, fault)
    far.mock.settings.journals_readable = False
    far.edit(far.only().id, {"urgency": "3"})
    before = far.only().notes

    receipt = await deliver(far.start(), delivery)

    error = receipt.note_errors[note().id]
    assert isinstance(error, RejectedError)
    assert (error.part, error.signature, error.alone) == ("notes", "note_in_doubt", True)
    assert "correlation_display" in str(error)
    assert (receipt.notes, far.only().notes) == ((), before)
    again = replace(
        delivery, in_doubt=False, notes=(note(),), link=receipt.link
    )  # as an operator asks for it
    assert (await deliver(far.start(), again)).notes == (note().id,)


async def test_a_lost_creation_without_token_and_journal_repeats_no_note(far: ServiceNowHarness) -> None:
    far.mock.settings.no_write_fields.add("correlation_display")
    far.mock.settings.journals_readable = False
    far.fail("cut_after", method="POST")
    delivery = far.delivery(notes=(note(),))
    with pytest.raises(TransientError):
        await deliver(far.start(), delivery)
    receipt = await deliver(far.start(), sent_again(delivery))
    assert len(far.only().notes) == 1
    assert set(receipt.note_errors) == {note().id}
