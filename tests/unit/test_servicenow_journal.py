"""Adopting a record after the state was lost: each note is there once, as far as the journal can be read."""

from dataclasses import replace
from pathlib import Path

import pytest

from connector.model import Delivery
from tests.contract.targets.harness import deliver, note
from tests.contract.targets.servicenow_harness import ServiceNowHarness

ONE, TWO = note("aaaaaaaaaaaa", "one"), note("bbbbbbbbbbbb", "two")


@pytest.fixture
def far(tmp_path: Path) -> ServiceNowHarness:
    return ServiceNowHarness(tmp_path)


async def forgotten(far: ServiceNowHarness) -> Delivery:
    """A record with a note, and the delivery that a new state has for it: without a link, with all notes."""
    delivery, _ = await far.first(far.start(), notes=(ONE,))
    return replace(delivery, link=None, notes=(ONE, TWO))


def entries(far: ServiceNowHarness) -> list[str]:
    return [text for entry in far.only().notes for text in entry.split("\n\n")]


async def test_notes_that_a_lost_state_had_delivered_are_not_written_again(far: ServiceNowHarness) -> None:
    delivery = await forgotten(far)
    receipt = await deliver(far.start(), delivery)
    assert entries(far) == [ONE.text, TWO.text]
    assert receipt.notes == (ONE.id, TWO.id)
    assert dict(receipt.left) == {}


async def test_nothing_is_written_when_every_note_is_there(far: ServiceNowHarness) -> None:
    delivery = replace(await forgotten(far), notes=(ONE,))
    receipt = await deliver(far.start(), delivery)
    assert far.writes() == []
    assert receipt.notes == (ONE.id,)


async def test_words_of_people_and_of_other_records_are_no_notes_of_ours(far: ServiceNowHarness) -> None:
    delivery = await forgotten(far)
    await deliver(far.start(), far.delivery("102", notes=(TWO,)))
    mine = next(held for held in far.held() if held.fields["correlation_id"] == delivery.target_key)
    far.edit(mine.id, {"work_notes": "two, says a person"})
    await deliver(far.start(), delivery)
    mine = next(held for held in far.held() if held.id == mine.id)
    assert mine.notes[-1] == TWO.text


@pytest.mark.parametrize("hidden", ["table", "entries"])
async def test_notes_are_sent_with_a_remark_where_the_journal_cannot_be_read(
    far: ServiceNowHarness, hidden: str
) -> None:
    delivery = await forgotten(far)
    far.mock.settings.journals_readable = hidden != "table"
    if hidden == "entries":
        (entry,) = far.mock.contents()["sys_journal_field"]
        far.mock.settings.hidden_rows.add(entry["sys_id"])
    receipt = await deliver(far.start(), delivery)
    assert entries(far) == [ONE.text, ONE.text, TWO.text]
    assert "journal" in receipt.left["notes"]


async def test_journals_are_left_alone_while_the_state_knows(far: ServiceNowHarness) -> None:
    target = far.start()
    delivery, _ = await far.first(target, notes=(ONE,))
    await deliver(target, replace(delivery, notes=(TWO,)))
    assert [entry.method for entry in far.heard()] == ["PATCH"]
    far.log.clear()
    await deliver(target, far.delivery("102", notes=(TWO,)))
    assert [entry.method for entry in far.heard()] == ["GET", "POST"]
