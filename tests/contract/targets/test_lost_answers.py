"""Whatever is lost on the way, every target ends with one record, the wanted fields and each note once."""

from contextlib import suppress
from dataclasses import replace

import pytest

from connector.errors import TransientError
from tests.contract.targets.harness import (
    Harness,
    changed,
    deliver,
    note,
)


@pytest.mark.parametrize("in_doubt", [False, True])
async def test_the_same_first_delivery_again_changes_nothing(far: Harness, in_doubt: bool) -> None:
    target = far.start()
    delivery = far.delivery(tags=("One",), notes=(note(sent=True),))
    far.arrange(delivery.key)
    await deliver(target, delivery)
    before = far.only()

    again = replace(delivery, in_doubt=True) if in_doubt else replace(delivery, notes=())
    receipt = await deliver(target, again)

    after = far.only()
    assert {name: after.fields[name] for name in far.first_fields()} == far.first_fields()
    assert (after.id, after.tags, after.notes) == (before.id, before.tags, before.notes)
    assert receipt.link.external_id == before.id
    assert receipt.link.applied == far.first_fields()


@pytest.mark.parametrize("fault", ["cut_before", "cut_after"])
async def test_a_lost_first_answer_ends_in_one_record_and_one_note(far: Harness, fault: str) -> None:
    target = far.start()
    await target.open(first_use=True)
    delivery = far.delivery(tags=("One",), notes=(note(),))
    far.arrange(delivery.key)
    far.fail(fault, method="POST" if far.update_method == "PATCH" else "PUT")

    with pytest.raises(TransientError):
        await deliver(target, delivery)
    again = replace(delivery, in_doubt=True, notes=(note(sent=True),))
    receipt = await deliver(far.start(), again)

    held = far.only()
    assert [text.count("looked at it") for text in held.notes] == [1]
    assert held.tags == ["One"]
    assert held.fields[far.text_field] == "Phish"
    assert receipt.notes == (note().id,)
    assert receipt.created is far.creates


@pytest.mark.parametrize("fault", ["cut_before", "cut_after"])
async def test_a_lost_answer_to_an_update_ends_in_one_note(far: Harness, fault: str) -> None:
    target = far.start()
    delivery, _ = await far.first(target)
    update = replace(changed(delivery, **{far.text_field: "Phish, twice"}), notes=(note(),))
    far.fail(fault, method=far.update_method)

    with pytest.raises(TransientError):
        await deliver(target, update)
    receipt = await deliver(far.start(), replace(update, in_doubt=True, notes=(note(sent=True),)))

    held = far.only()
    assert held.fields[far.text_field] == "Phish, twice"
    assert [text.count("looked at it") for text in held.notes] == [1]
    assert receipt.notes == (note().id,)
    assert receipt.link.applied[far.text_field] == "Phish, twice"


async def test_content_that_grew_while_an_answer_was_missing_is_written(far: Harness) -> None:
    target = far.start()
    delivery, _ = await far.first(target)
    update = replace(changed(delivery, **{far.text_field: "second"}), notes=(note(),))
    far.fail("cut_after", method=far.update_method)
    with pytest.raises(TransientError):
        await deliver(target, update)

    newer = replace(changed(update, **{far.text_field: "third"}), in_doubt=True, same_content=False)
    await deliver(target, replace(newer, notes=(note(sent=True),)))

    assert far.only().fields[far.text_field] == "third"
    assert [text.count("looked at it") for text in far.only().notes] == [1]


@pytest.mark.parametrize("times", [1, 2, 3])
async def test_however_often_answers_are_lost_notes_arrive_once(far: Harness, times: int) -> None:
    target = far.start()
    update, _ = await far.first(target)
    update = replace(update, notes=(note("aaaaaaaaaaaa", "one"), note("bbbbbbbbbbbb", "two")))
    far.fail("cut_after", method=far.update_method, times=times)
    for _ in range(times):
        with suppress(TransientError):
            await deliver(target, update)
        # The loop knows only that an answer is missing, so every note counts as sent.
        update = replace(update, in_doubt=True, notes=tuple(replace(one, sent=True) for one in update.notes))

    receipt = await deliver(target, update)

    text = "\n".join(far.only().notes)
    assert (text.count("one"), text.count("two")) == (1, 1)
    assert set(receipt.notes) == {"aaaaaaaaaaaa", "bbbbbbbbbbbb"}
