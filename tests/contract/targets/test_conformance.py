"""What every target must do, run against every member of the union.

A new member without a harness fails the first test; nothing else is needed to have it tested.
"""

from dataclasses import replace
from pathlib import Path

from connector.model import MARKER, IncidentKey, Mode
from connector.targets import settings_types
from tests.contract.targets.harness import (
    CHARSET,
    Harness,
    changed,
    deliver,
    note,
)
from tests.contract.targets.harnesses import HARNESSES
from tests.contract.targets.sentinel_harness import SentinelHarness
from tests.contract.targets.servicenow_harness import ServiceNowHarness


def test_every_member_of_the_union_has_a_harness() -> None:
    assert {word for word, _ in settings_types()} == {harness.word for harness in HARNESSES}


async def test_a_first_delivery_makes_the_record_as_wanted(far: Harness) -> None:
    target = far.start()
    await target.open(first_use=True)
    delivery = far.delivery(tags=("One", "Two"), notes=(note(),))
    far.arrange(delivery.key)

    receipt = await deliver(target, delivery)

    held = far.only()
    assert {name: held.fields[name] for name in far.first_fields()} == far.first_fields()
    assert held.tags == ["One", "Two"]
    assert [text.count("looked at it") for text in held.notes] == [1]
    assert MARKER.search(held.notes[0])
    assert receipt.created is far.creates
    assert receipt.link.external_id == held.id
    assert receipt.link.number
    assert receipt.link.url.startswith("http")
    assert receipt.link.applied == far.first_fields()
    assert receipt.link.tags == ("One", "Two")
    assert (receipt.notes, receipt.not_taken, dict(receipt.left)) == ((note().id,), (), {})
    assert receipt.request_ids


async def test_an_update_is_one_write_and_leaves_the_rest_alone(far: Harness) -> None:
    target = far.start()
    delivery, first = await far.first(target)
    name, value = far.plain_edit

    receipt = await deliver(target, changed(delivery, **{far.text_field: "Phish, twice"}))
    assert [entry.method for entry in far.writes()] == [far.update_method]
    assert len(far.reads()) == (0 if far.creates else 1)  # what is not ours to create is seen first
    assert receipt.wrote == {far.text_field: "Phish, twice"}
    assert not receipt.created

    far.edit(first.link.external_id, {name: value})
    following = replace(changed(delivery, **{far.text_field: "thrice"}), link=receipt.link)
    await deliver(target, following)
    assert far.only().fields[far.text_field] == "thrice"
    assert far.only().fields[name] == value


async def test_nothing_to_do_is_no_request_and_the_same_link(far: Harness) -> None:
    target = far.start()
    delivery, first = await far.first(target, tags=("One",))

    receipt = await deliver(target, delivery)

    assert far.heard() == []
    assert receipt.link == first.link
    assert target.cost(delivery) == {}


async def test_a_note_that_is_too_long_keeps_its_marker(far: Harness) -> None:
    target = far.start()
    long_note = note(text="<&> " * 20_000)
    await far.first(target, notes=(long_note,))

    (text,) = far.only().notes
    assert len(text) <= target.catalogue.note_limit
    assert text.endswith("… [mdxdr:0123456789ab]")


async def test_odd_characters_arrive_as_they_are_and_markup_does_nothing(far: Harness) -> None:
    target = far.start()
    delivery = far.delivery(notes=(note(text=CHARSET + "<script>x</script>"),))
    far.arrange(delivery.key)

    receipt = await deliver(target, changed(delivery, **{far.text_field: CHARSET}))

    held = far.only()
    assert held.fields[far.text_field] == CHARSET
    assert receipt.not_taken == ()
    (text,) = held.notes
    if far.word == "sentinel":
        assert "<" not in text
    else:
        assert "[code]" not in text
        assert "[/code]" not in text


async def test_notes_alone_change_no_field(far: Harness) -> None:
    target = far.start()
    delivery, first = await far.first(target)
    name, value = far.plain_edit
    far.edit(first.link.external_id, {name: value, far.text_field: "edited"})

    receipt = await deliver(target, replace(delivery, notes=(note(),)).only_notes())

    assert receipt.notes == (note().id,)
    assert far.only().fields[far.text_field] == "edited"
    assert len(far.writes()) == 1


async def test_tags_of_others_are_kept(far: Harness) -> None:
    target = far.start()
    delivery, first = await far.first(target, tags=("Ours", "Old"))
    far.foreign_tag(first.link.external_id, "Theirs")

    receipt = await deliver(target, replace(delivery, record=replace(delivery.record, tags=("ours", "New"))))

    assert sorted(far.only().tags) == ["New", "Ours", "Theirs"]
    assert receipt.tags_added == ("New",)
    assert receipt.tags_removed == ("Old",)
    assert receipt.link.tags == ("ours", "New")


async def test_no_tag_is_taken_away_while_a_rule_is_undecided(far: Harness) -> None:
    target = far.start()
    delivery, _ = await far.first(target, tags=("Ours",))
    undecided = replace(delivery.record, tags=("New",), keep_tags=True)

    receipt = await deliver(target, replace(delivery, record=undecided))

    assert sorted(far.only().tags) == ["New", "Ours"]
    assert sorted(receipt.link.tags) == ["New", "Ours"]


async def test_a_field_written_unless_edited_is_left_to_the_person_who_edited_it(far: Harness) -> None:
    target = far.start()
    delivery, first = await far.first(target)
    careful = replace(delivery.record, modes={far.text_field: Mode.UNLESS_EDITED})
    update = changed(replace(delivery, record=careful), **{far.text_field: "from the mapping"})
    far.edit(first.link.external_id, {far.text_field: "from a person"})

    receipt = await deliver(target, replace(update, link=replace(first.link, stale=True)))

    assert far.only().fields[far.text_field] == "from a person"
    assert list(receipt.left) == [far.text_field]
    assert receipt.link.applied[far.text_field] == "Phish"
    assert far.writes() == []


async def test_a_field_written_unless_edited_is_written_while_nobody_has(far: Harness) -> None:
    target = far.start()
    delivery, first = await far.first(target)
    careful = replace(delivery.record, modes={far.text_field: Mode.UNLESS_EDITED})
    update = changed(replace(delivery, record=careful), **{far.text_field: "from the mapping"})

    receipt = await deliver(target, replace(update, link=first.link))

    assert far.only().fields[far.text_field] == "from the mapping"
    assert dict(receipt.left) == {}


async def test_a_field_written_at_creation_only_is_never_updated(far: Harness) -> None:
    target = far.start()
    delivery, _ = await far.first(target)
    once = replace(delivery.record, modes={far.text_field: Mode.INITIAL})

    await deliver(target, changed(replace(delivery, record=once), **{far.text_field: "later"}))

    assert far.writes() == []


async def test_incidents_of_the_same_number_in_two_tenants_are_two_records(tmp_path: Path) -> None:
    for kind in (SentinelHarness, ServiceNowHarness):
        far = kind(tmp_path)
        target = far.start()
        other = replace(far.delivery(), key=IncidentKey("another-tenant", "101"))
        await deliver(target, far.delivery())
        await deliver(target, other)
        assert len(far.held()) == 2
        await far.close()


async def test_renaming_the_target_makes_no_twin(far: Harness) -> None:
    delivery, _ = await far.first(far.start(name="before"))
    await deliver(far.start(name="after"), replace(delivery, link=None, in_doubt=True))
    assert len(far.held()) == 1


async def test_a_batch_is_prepared_with_a_handful_of_requests(far: Harness) -> None:
    target = far.start()
    deliveries = [far.delivery(str(number)) for number in range(100, 220)]
    for delivery in deliveries:
        far.arrange(delivery.key)

    await target.prepare(deliveries)

    assert len(far.heard()) <= 3  # two for the keys, a hundred each, and one for choice lists
    receipt = await target.apply(deliveries[7])
    assert receipt.link.external_id in {held.id for held in far.held()}
