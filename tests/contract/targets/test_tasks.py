"""What every target makes of tasks: each is there once, belongs to its record, and fails by itself."""

from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from connector.errors import RejectedError, TransientError
from connector.model import Delivery, Receipt
from tests.contract.targets.harness import Harness, HeldTask, changed, deliver, note, task
from tests.contract.targets.harnesses import HARNESSES
from tests.contract.targets.servicenow_harness import IncidentTaskHarness, ServiceNowHarness

EVERY: tuple[type[Harness], ...] = (*HARNESSES, IncidentTaskHarness)
APART = tuple(kind for kind in EVERY if kind.task_path)


@pytest.fixture(params=EVERY, ids=lambda kind: kind.__name__.removesuffix("Harness").lower())
async def far(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Harness]:
    """The far side, once for each harness, and once more for each place that tasks can go to."""
    harness: Harness = request.param(tmp_path)
    yield harness
    await harness.close()


@pytest.fixture(params=APART, ids=lambda kind: kind.__name__.removesuffix("Harness").lower())
async def apart(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Harness]:
    """The far sides where a task is written by itself."""
    harness: Harness = request.param(tmp_path)
    yield harness
    await harness.close()


def sent(delivery: Delivery) -> Delivery:
    """The delivery once its answer was lost."""
    return replace(delivery, in_doubt=True, notes=tuple(replace(each, sent=True) for each in delivery.notes))


async def with_tasks(far: Harness, *tasks_and_notes: object) -> tuple[Delivery, Receipt]:
    """A first delivery with these."""
    delivery = far.delivery(notes=tasks_and_notes)
    far.arrange(delivery.key)
    return delivery, await deliver(far.start(), delivery)


async def test_tasks_come_with_a_record_or_later(far: Harness) -> None:
    target = far.start()
    first = far.delivery(notes=(note(), task()))
    far.arrange(first.key)

    receipt = await deliver(target, first)
    other = task("aaaaaaaaaaaaaaaa", "Reset the password", "")
    later = await deliver(target, replace(first, link=receipt.link, notes=(other,), token="token-2"))

    held = far.only()
    assert far.tasks() == [
        HeldTask("Isolate it", "at once", held.id),
        HeldTask("Reset the password", "", held.id),
    ]
    assert sum("looked at it" in text for text in held.notes) == 1
    assert (set(receipt.notes), receipt.note_errors) == ({note().id, task().id}, {})
    assert (later.notes, later.not_taken) == ((other.id,), ())


async def test_the_same_delivery_again_makes_no_second_task(far: Harness) -> None:
    delivery, _ = await with_tasks(far, task())

    again = await deliver(far.start(), sent(delivery))
    anew = await deliver(far.start(), replace(delivery, token="token-2"))

    assert again.notes == anew.notes == (task().id,)
    assert len(far.tasks()) == 1


@pytest.mark.parametrize("fault", ["cut_before", "cut_after"])
async def test_a_lost_answer_to_a_task_ends_in_one_task(far: Harness, fault: str) -> None:
    target = far.start()
    linked, _ = await far.first(target)
    update = replace(linked, notes=(task(), task("aaaaaaaaaaaaaaaa", "Reset the password")))
    far.faults.add({"mock": far.mock_name, "operation": "write", "times": 1, "fault": {"kind": fault}})

    receipt = None
    with suppress(TransientError):
        receipt = await deliver(target, update)
    if receipt is not None:  # only the tasks were lost: the row is known, and they come again by themselves
        assert {type(error) for error in receipt.note_errors.values()} == {TransientError}
        update = replace(update, link=receipt.link)
    again = await deliver(far.start(), update if receipt else sent(update))

    assert sorted(each.title for each in far.tasks()) == ["Isolate it", "Reset the password"]
    assert set(again.notes) == {each.id for each in update.notes}


async def test_a_refused_task_holds_up_nothing_else(apart: Harness) -> None:
    target = apart.start()
    linked, _ = await apart.first(target)
    apart.tasks_refused = True
    update = replace(changed(linked, **{apart.text_field: "again"}), notes=(task(), note()))

    receipt = await deliver(target, update)

    assert apart.only().fields[apart.text_field] == "again"
    assert receipt.notes == (note().id,)
    assert {name: type(error) for name, error in receipt.note_errors.items()} == {task().id: RejectedError}
    assert apart.tasks() == []


async def test_a_missing_right_to_tasks_pauses_nothing(apart: Harness) -> None:
    apart.forbid_tasks()

    _, receipt = await with_tasks(apart, task(), note())

    (refusal,) = receipt.note_errors.values()
    assert isinstance(refusal, RejectedError)
    assert refusal.remedy
    assert receipt.notes == (note().id,)


async def test_a_task_that_somebody_completed_stays_so(apart: Harness) -> None:
    delivery, _ = await with_tasks(apart, task())
    apart.complete("Isolate it")

    await deliver(apart.start(), sent(delivery))

    assert [each.done for each in apart.tasks()] == [True]


async def test_a_task_as_long_as_the_catalogue_allows_is_taken_whole(far: Harness) -> None:
    catalogue = far.start().catalogue
    title, text = "t" * catalogue.task_title_limit, "x" * (catalogue.task_text_limit - 100)

    _, receipt = await with_tasks(far, task(title=title, text=text))

    assert receipt.not_taken == ()
    assert [(each.title, each.text) for each in far.tasks()] == [(title, text)]


async def test_tasks_of_a_new_record_are_not_looked_for(apart: Harness) -> None:
    target = apart.start()
    delivery = apart.delivery(notes=(task(), task("aaaaaaaaaaaaaaaa", "Reset the password")))
    apart.arrange(delivery.key)
    await target.open(first_use=True)
    await target.prepare([delivery])
    apart.log.clear()

    await target.apply(delivery)

    looks = [entry.path for entry in apart.reads() if apart.task_path in entry.path]
    assert len(looks) == (0 if apart.creates else 2)
    assert len(apart.writes()) == 3


async def test_what_a_delivery_costs_counts_its_tasks(apart: Harness) -> None:
    target = apart.start()
    linked, _ = await apart.first(target)
    before = len(apart.writes())
    update = replace(linked, notes=(task(), note()))

    await deliver(target, update)

    assert sum(target.cost(update).values()) == len(apart.writes()) - before == 2


async def test_a_task_whose_reference_is_not_taken_is_told(tmp_path: Path) -> None:
    far = IncidentTaskHarness(tmp_path)
    far.mock.settings.no_write_fields.add("incident_task.parent")

    _, receipt = await with_tasks(far, task())

    assert [(lost.field, lost.held) for lost in receipt.not_taken] == [("incident_task.parent", "")]
    await far.close()


async def test_an_instance_that_chooses_its_own_sys_ids_gets_no_second_task(tmp_path: Path) -> None:
    far = IncidentTaskHarness(tmp_path)
    far.mock.settings.hide_sys_id_writes = True
    linked, _ = await far.first(far.start())
    update = replace(linked, notes=(task(),))
    far.fail("cut_after", method="POST")

    await deliver(far.start(), update)
    receipt = await deliver(far.start(), update)

    assert receipt.notes == (task().id,)
    assert len(far.tasks()) == 1
    await far.close()


async def test_a_task_that_cannot_be_looked_for_is_refused_alone(tmp_path: Path) -> None:
    far = IncidentTaskHarness(tmp_path)
    far.mock.settings.unreadable_tables.add("incident_task")
    linked, _ = await far.first(far.start())

    receipt = await deliver(far.start(), replace(linked, notes=(task(), note())))

    (refusal,) = receipt.note_errors.values()
    assert isinstance(refusal, RejectedError)
    assert (refusal.signature, refusal.alone) == ("task_forbidden", True)
    assert receipt.notes == (note().id,)
    await far.close()


async def test_tasks_refer_to_their_incident_by_every_field_that_its_form_goes_by(tmp_path: Path) -> None:
    far = IncidentTaskHarness(tmp_path)

    await with_tasks(far, task())

    (row,) = far.mock.contents()["incident_task"]
    assert row["parent"] == row["incident"] == far.only().id
    await far.close()


async def test_a_task_in_a_note_says_that_it_is_one(tmp_path: Path) -> None:
    far = ServiceNowHarness(tmp_path)

    await with_tasks(far, note(), task())

    assert far.only().notes == [
        "looked at it [mdxdr:0123456789ab]\n\nTask: Isolate it\nat once [mdxdr:fedcba987654]"
    ]
    await far.close()


async def test_many_tasks_are_looked_for_in_several_requests(tmp_path: Path) -> None:
    far = IncidentTaskHarness(tmp_path)
    target = far.start()
    delivery, _ = await far.first(target)
    far.mock.settings.max_url_length = 6_000
    tasks = tuple(task(f"{number:032x}", f"Task {number}") for number in range(120))
    receipt = await deliver(target, replace(delivery, notes=tasks))
    assert (len(receipt.notes), dict(receipt.note_errors), len(far.tasks())) == (120, {}, 120)
