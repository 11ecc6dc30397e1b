"""The life cycle of a ServiceNow incident, and fields that people may edit."""

from dataclasses import replace
from pathlib import Path

import pytest

from connector.errors import RejectedError, TransientError
from connector.model import FieldValue, Mode
from tests.contract.targets.harness import changed, deliver, note
from tests.contract.targets.servicenow_harness import ServiceNowHarness

RESOLVED: dict[str, FieldValue] = {"state": "6", "close_code": "Solution provided", "close_notes": "done"}


@pytest.fixture
def far(tmp_path: Path) -> ServiceNowHarness:
    return ServiceNowHarness(tmp_path)


async def test_new_is_wanted_while_the_record_is_resolved(far: ServiceNowHarness) -> None:
    target = far.start()
    delivery, _ = await far.first(target, fields={**far.first_fields(), **RESOLVED})

    receipt = await deliver(target, changed(delivery, state="1", close_notes=None))

    assert far.only().fields["state"] == "2"
    assert receipt.link.applied["state"] == "1"
    assert "state" not in [lost.field for lost in receipt.not_taken]
    assert receipt.wrote["state"] == "1"


async def test_a_lost_answer_to_a_reopening_does_not_make_it_new(far: ServiceNowHarness) -> None:
    target = far.start()
    delivery, _ = await far.first(target, fields={**far.first_fields(), **RESOLVED})
    update = changed(delivery, state="1")
    far.fail("cut_after", method="PATCH")
    with pytest.raises(TransientError):
        await deliver(target, update)

    receipt = await deliver(target, replace(update, in_doubt=True))

    assert far.only().fields["state"] == "2"
    assert len(far.writes()) == 1
    assert receipt.link.applied["state"] == "1"


@pytest.mark.parametrize(("state", "word"), [("7", "Closed"), ("8", "Canceled")])
@pytest.mark.parametrize("known", [True, False])
async def test_a_final_record_is_refused_in_words(
    far: ServiceNowHarness, state: str, word: str, known: bool
) -> None:
    target = far.start()
    delivery, first = await far.first(target)
    far.mock.edit("incident", first.link.external_id, {**RESOLVED, "state": state})
    update = changed(delivery, impact="1")
    if known:
        update = replace(update, link=replace(first.link, remote={"state": state, "forms": {}}))

    with pytest.raises(RejectedError) as caught:
        await deliver(target, replace(update, notes=(note(),)))

    assert word in caught.value.message
    assert first.link.number in caught.value.message
    assert (caught.value.part, caught.value.signature) == ("record", f"final_state_{state}")
    assert caught.value.alone
    assert len(far.writes()) == (0 if known else 1)


async def test_a_record_thought_final_but_reopened_is_written(far: ServiceNowHarness) -> None:
    target = far.start()
    delivery, first = await far.first(target)
    remembered = replace(first.link, remote={"state": "7", "forms": {}})
    await deliver(target, changed(replace(delivery, link=remembered), impact="1"))
    assert far.only().fields["impact"] == "1"


async def test_a_person_who_took_the_record_up_keeps_its_state(far: ServiceNowHarness) -> None:
    target = far.start()
    delivery, first = await far.first(target, fields={**far.first_fields(), "state": "1"})
    far.mock.edit("incident", first.link.external_id, {"state": "2"})
    await deliver(target, changed(delivery, impact="1"))
    assert far.only().fields["state"] == "2"


async def test_state_code_and_notes_travel_in_one_write(far: ServiceNowHarness) -> None:
    target = far.start()
    delivery, _ = await far.first(target, fields={**far.first_fields(), "close_code": "Duplicate"})
    resolved = {**RESOLVED, "close_code": "Duplicate"}
    receipt = await deliver(target, changed(delivery, **resolved))
    (entry,) = far.writes()
    assert entry.request_body == resolved
    assert receipt.not_taken == ()


@pytest.mark.parametrize("lost", [False, True])
async def test_a_reason_for_being_on_hold_does_not_outlive_the_state(
    far: ServiceNowHarness, lost: bool
) -> None:
    target = far.start()
    on_hold: dict[str, FieldValue] = {**far.first_fields(), "state": "3", "hold_reason": "4"}
    delivery, _ = await far.first(target, fields=on_hold)
    update = changed(delivery, **RESOLVED)
    if lost:
        far.fail("cut_after", method="PATCH")
        with pytest.raises(TransientError):
            await deliver(target, update)

    receipt = await deliver(target, replace(update, in_doubt=lost))

    assert len(far.writes()) == 1
    assert (far.only().fields["state"], far.only().fields["hold_reason"]) == ("6", "")
    assert receipt.not_taken == ()
    again = changed(replace(update, link=receipt.link), state="3")
    await deliver(target, again)
    assert (far.only().fields["state"], far.only().fields["hold_reason"]) == ("3", "4")


async def test_a_data_policy_is_told_with_its_labels(far: ServiceNowHarness) -> None:
    target = far.start()
    delivery, _ = await far.first(target)
    with pytest.raises(RejectedError) as caught:
        await deliver(target, changed(delivery, state="6", close_code="Duplicate"))
    assert caught.value.field == "Resolution notes"
    assert caught.value.part == "record"


async def test_a_business_rule_that_refuses_a_creation_is_named(far: ServiceNowHarness) -> None:
    far.mock.settings.failing_rule = "No incidents on Sunday"
    with pytest.raises(RejectedError, match="No incidents on Sunday") as caught:
        await deliver(far.start(), far.delivery(notes=(note(),)))
    assert caught.value.part == ""


async def test_one_read_tells_which_of_many_records_were_edited(far: ServiceNowHarness) -> None:
    target = far.start()
    updates = []
    for number in range(10):
        delivery, _ = await far.first(target, incident=str(number))
        careful = replace(delivery.record, modes={"short_description": Mode.UNLESS_EDITED})
        updates.append(changed(replace(delivery, record=careful), short_description="new words"))
    edited = updates[3].link
    assert edited is not None
    far.mock.edit("incident", edited.external_id, {"short_description": "a person's words"})
    far.log.clear()

    await target.prepare(updates)
    receipts = [await target.apply(update) for update in updates]

    assert (len(far.reads()), len(far.writes())) == (1, 9)
    assert [bool(receipt.left) for receipt in receipts] == [number == 3 for number in range(10)]


async def test_a_text_the_instance_cut_does_not_count_as_edited(far: ServiceNowHarness) -> None:
    target = far.start()
    delivery, first = await far.first(target, fields={"short_description": "x" * 200})
    assert [lost.field for lost in first.not_taken] == ["short_description"]
    careful = replace(delivery.record, modes={"short_description": Mode.UNLESS_EDITED})
    receipt = await deliver(target, changed(replace(delivery, record=careful), short_description="short"))
    assert far.only().fields["short_description"] == "short"
    assert dict(receipt.left) == {}
