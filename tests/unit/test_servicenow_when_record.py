"""`when_record`: what becomes of a change whose record is resolved, closed or cancelled."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from connector.errors import RejectedError, TransientError
from connector.model import Delivery, FieldValue, Link
from tests.contract.targets.harness import TENANT, changed, deliver, note
from tests.contract.targets.servicenow_harness import SecurityHarness, ServiceNowHarness

KEY = f"mdxdr:{TENANT}:101"
CLOSING: dict[str, Any] = {"close_code": "Solution provided", "close_notes": "done"}
CLOSED, CANCELED, RESOLVED = "7", "8", "6"


@pytest.fixture
def far(tmp_path: Path) -> ServiceNowHarness:
    far = ServiceNowHarness(tmp_path)
    far.mock.settings.closed_is_final = False
    return far


def asking(delivery: Delivery, when_record: Mapping[str, str], **fields: FieldValue) -> Delivery:
    """A change of the record, by a mapping that says what to do."""
    new = changed(delivery, **fields)
    return replace(new, record=replace(new.record, when_record=when_record), notes=(note(),))


async def ended(far: ServiceNowHarness, state: str) -> Delivery:
    """A record that somebody ended while the incident goes on."""
    delivery, first = await far.first(far.start(), fields={**far.first_fields(), "state": "2"})
    far.mock.edit(far.table, first.link.external_id, {"state": state, **CLOSING})
    return delivery


def notes_of(far: ServiceNowHarness, number: int) -> str:
    return "\n".join(far.held()[number].notes)


@pytest.mark.parametrize("state", [CLOSED, CANCELED, RESOLVED])
async def test_note_adds_the_notes_and_leaves_the_fields(far: ServiceNowHarness, state: str) -> None:
    delivery = await ended(far, state)
    wishes = dict.fromkeys(("resolved", "closed", "canceled"), "note")
    receipt = await deliver(far.start(), asking(delivery, wishes, state="3", impact="1"))
    held = far.only()
    assert (held.fields["state"], held.fields["impact"], len(held.notes)) == (state, "2", 1)
    assert set(receipt.left) >= {"state", "impact"}
    assert receipt.left["impact"].startswith("the record is ")
    assert receipt.notes == (note().id,)


@pytest.mark.parametrize("state", [CLOSED, CANCELED, RESOLVED])
async def test_report_parks_with_a_remedy(far: ServiceNowHarness, state: str) -> None:
    delivery = await ended(far, state)
    wishes = dict.fromkeys(("resolved", "closed", "canceled"), "report")
    with pytest.raises(RejectedError, match="when_record") as caught:
        await deliver(far.start(), asking(delivery, wishes, state="3"))
    assert (caught.value.part, caught.value.alone) == ("record", True)
    assert far.writes() == []


@pytest.mark.parametrize("wishes", [{}, {"resolved": "reopen"}, {"resolved": "reopen", "closed": "note"}])
@pytest.mark.parametrize(("wanted", "held"), [("1", "2"), ("2", "2"), ("3", "3")])
async def test_reopen_is_one_write_with_the_new_fields(
    far: ServiceNowHarness, wishes: dict[str, str], wanted: str, held: str
) -> None:
    delivery, _ = await far.first(
        far.start(), fields={**far.first_fields(), "state": "6", **CLOSING, "close_code": "Duplicate"}
    )
    await deliver(far.start(), asking(delivery, wishes, state=wanted, impact="1"))
    assert (far.only().fields["state"], far.only().fields["impact"]) == (held, "1")
    assert (len(far.writes()), len(far.reads())) == (1, 1 if "closed" in wishes else 0)


async def test_what_is_said_of_a_resolved_incident_is_still_written(far: ServiceNowHarness) -> None:
    delivery, _ = await far.first(far.start(), fields={**far.first_fields(), "state": "6", **CLOSING})
    wishes = {"resolved": "follow_up", "closed": "follow_up"}
    await deliver(far.start(), asking(delivery, wishes, close_notes="done, and tidied up"))
    assert far.only().fields["close_notes"] == "done, and tidied up"


@pytest.mark.parametrize("state", [CLOSED, CANCELED, RESOLVED])
async def test_follow_up_goes_on_in_a_new_record_and_each_names_the_other(
    far: ServiceNowHarness, state: str
) -> None:
    delivery = await ended(far, state)
    wishes = dict.fromkeys(("resolved", "closed", "canceled"), "follow_up")
    receipt = await deliver(far.start(), asking(delivery, wishes, state="1", impact="1"))

    old, new = far.held()
    assert (old.fields["state"], old.fields["impact"]) == (state, "2")
    assert (new.fields["state"], new.fields["impact"], new.fields["correlation_id"]) == ("1", "1", f"{KEY}:1")
    assert f"Continued in a new record: {receipt.link.url}" in notes_of(far, 0)
    assert f"Follow-up of {old.fields['number']}" in notes_of(far, 1)
    assert "looked at it" in notes_of(far, 1)
    assert "looked at it" not in notes_of(far, 0)
    assert (receipt.link.external_id, receipt.link.generation, receipt.created) == (new.id, 1, True)
    assert note().id in receipt.notes

    far.log.clear()
    later = replace(delivery, link=receipt.link, generation=1)
    await deliver(far.start(), asking(later, wishes, state="2", impact="1"))
    assert len(far.held()) == 2
    assert far.held()[1].fields["state"] == "2"


async def test_an_incident_that_is_over_as_well_gets_no_follow_up(far: ServiceNowHarness) -> None:
    delivery = await ended(far, CLOSED)
    update = asking(delivery, {"closed": "follow_up"}, state="6", **CLOSING)
    receipt = await deliver(far.start(), update)
    assert len(far.held()) == 1
    assert "close_notes" in receipt.left
    assert "looked at it" in notes_of(far, 0)


async def test_a_closed_record_that_takes_no_note_does_not_hold_up_its_successor(
    far: ServiceNowHarness,
) -> None:
    delivery = await ended(far, CLOSED)
    far.mock.settings.closed_is_final = True
    receipt = await deliver(far.start(), asking(delivery, {"closed": "follow_up"}, state="1"))
    assert len(far.held()) == 2
    assert "took no note about its successor" in receipt.left["notes"]
    assert len(far.held()[0].notes) == 0


async def test_every_generation_has_its_record(far: ServiceNowHarness) -> None:
    link: Link | None = None
    delivery = await ended(far, CLOSED)
    for generation in range(1, 4):
        update = asking(
            replace(delivery, link=link or delivery.link, generation=generation - 1),
            {"closed": "follow_up"},
            state="2",
            impact=str(generation),
        )
        link = (await deliver(far.start(), update)).link
        assert link.generation == generation
        far.mock.edit("incident", link.external_id, {"state": CLOSED, **CLOSING})
    keys = [held.fields["correlation_id"] for held in far.held()]
    assert keys == [KEY, f"{KEY}:1", f"{KEY}:2", f"{KEY}:3"]

    # A state that was lost finds its way along the records.
    found = await deliver(
        far.start(), asking(replace(delivery, link=None), {"closed": "follow_up"}, state="2")
    )
    assert (found.link.generation, len(far.held())) == (4, 5)


@pytest.mark.parametrize("journal", [True, False])
@pytest.mark.parametrize("fault", ["cut_before", "cut_after"])
@pytest.mark.parametrize("writes", [0, 1])
async def test_one_follow_up_whatever_is_lost(
    far: ServiceNowHarness, writes: int, fault: str, journal: bool
) -> None:
    delivery = await ended(far, CLOSED)
    far.mock.settings.journals_readable = journal
    update = asking(delivery, {"closed": "follow_up"}, state="1", impact="1")
    rule = {"mock": "servicenow", "operation": "write", "after": writes, "times": 1}
    far.faults.add({**rule, "fault": {"kind": fault}})
    with pytest.raises(TransientError):
        await deliver(far.start(), update)

    again = replace(update, in_doubt=True, notes=(note(sent=True),))
    receipt = await deliver(far.start(), again)

    assert len(far.held()) == 2
    assert receipt.link.external_id == far.held()[1].id
    assert notes_of(far, 0).count("Continued in a new record") == 1
    assert notes_of(far, 1).count("Follow-up of") == 1
    assert notes_of(far, 1).count("looked at it") == 1
    assert note().id in receipt.notes


async def test_notes_that_the_old_record_took_are_not_said_again(far: ServiceNowHarness) -> None:
    target = far.start()
    delivery, first = await far.first(target, fields={**far.first_fields(), "state": "2"})
    update = asking(delivery, {"closed": "follow_up"}, state="3")
    far.fail("cut_after", method="PATCH")
    with pytest.raises(TransientError):
        await deliver(target, update)
    far.mock.edit("incident", first.link.external_id, {"state": CLOSED, **CLOSING})

    receipt = await deliver(far.start(), replace(update, in_doubt=True, notes=(note(sent=True),)))

    assert [each.fields["state"] for each in far.held()] == [CLOSED, "3"]
    assert (notes_of(far, 0) + notes_of(far, 1)).count("looked at it") == 1
    assert note().id in receipt.notes


async def test_security_incidents_are_followed_up_too(tmp_path: Path) -> None:
    far = SecurityHarness(tmp_path)
    far.mock.settings.process_is_stateful = False
    delivery, first = await far.first(far.start(), fields={**far.first_fields(), "state": "Analysis"})
    closing = {"state": "3", "close_code": "False positive", "close_notes": "x"}
    far.mock.edit("sn_si_incident", first.link.external_id, closing)
    far.mock.settings.process_is_stateful = True
    with pytest.raises(RejectedError, match="Closed"):
        await deliver(far.start(), asking(delivery, {}, state="Contain"))
    receipt = await deliver(far.start(), asking(delivery, {"closed": "follow_up"}, state="Contain"))
    assert [held.fields["state"] for held in far.held()] == ["3", "18"]
    assert receipt.link.generation == 1
