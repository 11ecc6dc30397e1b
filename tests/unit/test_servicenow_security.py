"""Security incidents: labels for numbers, and a process that is walked step by step, whatever dies on the way."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from connector.errors import RejectedError, TransientError
from connector.model import Delivery, FieldValue, Target
from tests.contract.targets.harness import changed, deliver, note
from tests.contract.targets.servicenow_harness import SecurityHarness

DRAFT, ANALYSIS, CONTAIN, ERADICATE, RECOVER, REVIEW, CLOSED = "10", "16", "18", "19", "20", "100", "3"
ALL = [ANALYSIS, CONTAIN, ERADICATE, RECOVER, REVIEW, CLOSED]
CLOSURE: dict[str, FieldValue] = {
    "state": "Closed",
    "close_code": "Threat mitigated",
    "close_notes": "Mails removed",
}


@pytest.fixture
def far(tmp_path: Path) -> SecurityHarness:
    return SecurityHarness(tmp_path)


def states(far: SecurityHarness) -> list[str]:
    return [entry.request_body["state"] for entry in far.writes() if "state" in (entry.request_body or {})]


async def test_one_write_for_each_state_on_the_way_and_everything_else_with_the_last(
    far: SecurityHarness,
) -> None:
    target = far.start()
    delivery, _ = await far.first(target)
    receipt = await deliver(target, replace(changed(delivery, **CLOSURE), notes=(note(),)))

    assert states(far) == ALL
    assert [set(entry.request_body) for entry in far.writes()][:-1] == [{"state"}] * 5
    assert set(far.writes()[-1].request_body) == {*CLOSURE, "work_notes", "correlation_display"}
    assert far.only().fields["state"] == CLOSED
    assert (receipt.wrote, receipt.not_taken) == (CLOSURE, ())
    assert receipt.link.applied["state"] == "Closed"
    assert receipt.notes == (note().id,)


async def test_a_new_record_begins_in_draft_and_goes_on_from_there(far: SecurityHarness) -> None:
    fields = {**far.first_fields(), "state": "Contain"}
    _, receipt = await far.first(far.start(), fields=fields, notes=(note(),))
    assert far.only().fields["state"] == CONTAIN
    assert (receipt.created, receipt.wrote, receipt.not_taken) == (True, fields, ())
    assert len(far.only().notes) == 1


async def test_numbers_are_those_of_the_instance(far: SecurityHarness) -> None:
    for row in far.mock.contents()["sys_choice"]:
        if (row["name"], row["element"]) == ("sn_si_incident", "state") and row["label"] in (
            "Contain",
            "Eradicate",
        ):
            far.mock.edit("sys_choice", row["sys_id"], {"value": f"2{row['value']}"})
        if row["label"] == "Threat mitigated":
            far.mock.edit("sys_choice", row["sys_id"], {"value": "102"})
    target = far.start()
    delivery, _ = await far.first(target)
    receipt = await deliver(target, changed(delivery, **CLOSURE))
    assert states(far) == [ANALYSIS, "218", "219", RECOVER, REVIEW, CLOSED]
    assert far.only().fields["close_code"] == "102"
    assert receipt.not_taken == ()


async def test_states_that_the_instance_does_not_have_are_passed_over_and_never_entered(
    far: SecurityHarness,
) -> None:
    for row in far.mock.contents()["sys_choice"]:
        if row["label"] == "Recover":
            far.mock.edit("sys_choice", row["sys_id"], {"inactive": "true"})
    far.mock.settings.process_is_stateful = False
    target = far.start()
    delivery, _ = await far.first(target)
    receipt = await deliver(target, changed(delivery, state="Recover"))
    assert "no state 'Recover'" in receipt.left["state"]
    await deliver(target, changed(replace(delivery, link=receipt.link), **CLOSURE))
    assert states(far) == [ANALYSIS, CONTAIN, ERADICATE, REVIEW, CLOSED]


async def test_a_record_that_a_person_moved_on_is_taken_up_where_it_is(far: SecurityHarness) -> None:
    target = far.start()
    delivery, first = await far.first(target)
    for state in (ANALYSIS, CONTAIN):
        far.mock.edit("sn_si_incident", first.link.external_id, {"state": state})
    receipt = await deliver(target, changed(delivery, state="Analysis", impact="1"))
    assert "Contain" in receipt.left["state"]
    assert (far.only().fields["state"], far.only().fields["impact"]) == (CONTAIN, "1")
    await deliver(target, changed(replace(delivery, link=receipt.link), state="Eradicate"))
    assert far.only().fields["state"] == ERADICATE


@pytest.mark.parametrize("fault", ["cut_before", "cut_after"])
@pytest.mark.parametrize("step", range(6))
async def test_the_walk_goes_on_after_any_lost_answer(far: SecurityHarness, fault: str, step: int) -> None:
    target = far.start()
    delivery, _ = await far.first(target)
    update = replace(changed(delivery, **CLOSURE), notes=(note(),))
    far.faults.add(
        {"mock": "servicenow", "method": "PATCH", "after": step, "times": 1, "fault": {"kind": fault}}
    )
    with pytest.raises(TransientError):
        await deliver(target, update)

    receipt = await deliver(far.start(), replace(update, in_doubt=True, notes=(note(sent=True),)))

    taken = [entry.request_body["state"] for entry in far.writes() if entry.status == 200]
    assert sorted(set(taken), key=ALL.index) == [state for state in ALL if state in taken]
    assert far.only().fields["state"] == CLOSED
    assert far.only().fields["close_notes"] == "Mails removed"
    assert len(far.only().notes) == 1
    assert receipt.link.applied["state"] == "Closed"


async def lost_creation(far: SecurityHarness, target: Target, delivery: Delivery, writes: int) -> None:
    rule = {"kind": "cut_after"}
    far.faults.add({"mock": "servicenow", "operation": "write", "after": writes, "times": 1, "fault": rule})
    with pytest.raises(TransientError):
        await deliver(target, delivery)


@pytest.mark.parametrize("writes", range(4))
async def test_a_creation_that_dies_on_its_way_makes_one_record_with_one_note(
    far: SecurityHarness, writes: int
) -> None:
    delivery = far.delivery(fields={**far.first_fields(), "state": "Eradicate"}, notes=(note(),))
    await lost_creation(far, far.start(), delivery, writes)
    again = replace(delivery, in_doubt=True, notes=(note(sent=True),))
    receipt = await deliver(far.start(), again)
    assert (far.only().fields["state"], len(far.only().notes)) == (ERADICATE, 1)
    assert receipt.created


async def test_a_step_that_is_refused_parks_the_record_where_it_got_to(far: SecurityHarness) -> None:
    target = far.start()
    delivery, _ = await far.first(target)
    with pytest.raises(RejectedError, match="Close code"):
        await deliver(target, changed(delivery, state="Closed"))
    assert far.only().fields["state"] == REVIEW


async def test_choice_lists_are_read_again_after_a_while(far: SecurityHarness) -> None:
    target = far.start()
    await far.first(target)

    async def asked(after: timedelta) -> int:
        far.clock.advance(after)
        far.log.clear()
        await target.prepare([far.delivery("102")])
        return sum("sys_choice" in entry.path for entry in far.reads())

    assert [await asked(timedelta(minutes=each)) for each in (1, 20)] == [0, 1]
