"""A rehearsal writes nothing and comes to what a delivery comes to; a look tells what the target holds."""

from dataclasses import replace
from typing import Any

import pytest

from connector.http import heard
from connector.mocks.kernel import Exchange
from connector.model import Link, Mode, Receipt
from tests.contract.targets.harness import Harness, changed, deliver, note

VOLATILE = {"etag", "correlation_display"}


def said(entry: Exchange) -> tuple[str, str, dict[str, Any]]:
    body = {name: value for name, value in (entry.request_body or {}).items() if name not in VOLATILE}
    return entry.method, entry.path, body


def known(receipt: Receipt) -> dict[str, Any]:
    """What a receipt says that can be known before the writes."""
    return {
        "record": receipt.link.external_id,
        "applied": dict(receipt.link.applied),
        "tags": receipt.link.tags,
        "created": receipt.created,
        "wrote": dict(receipt.wrote),
        "added": receipt.tags_added,
        "removed": receipt.tags_removed,
        "left": dict(receipt.left),
        "not taken": receipt.not_taken,
        "notes": receipt.notes,
    }


@pytest.mark.parametrize("step", ["first", "update", "tags and notes", "edited", "nothing"])
async def test_what_is_rehearsed_is_what_is_written(far: Harness, step: str) -> None:
    target, rehearsing = far.start(), far.start(rehearsal=True)
    delivery = far.delivery(tags=("One",), notes=(note(),))
    far.arrange(delivery.key)
    if step != "first":
        delivery, first = await far.first(target, tags=("One",))
        delivery = later(far, delivery, step)
        if step == "edited":
            far.edit(first.link.external_id, {far.text_field: "by hand"})

    far.log.clear()
    with heard() as unsent:
        forecast = await deliver(rehearsing, delivery)
    assert far.writes() == []
    receipt = await deliver(target, delivery)
    assert [(each.method, each.path, each.body) for each in unsent] == [said(each) for each in far.writes()]
    assert known(forecast) == known(receipt)


def later(far: Harness, delivery: Any, step: str) -> Any:
    stale = replace(delivery, link=replace(delivery.link, stale=True))
    match step:
        case "update":
            return changed(stale, **{far.text_field: "Phish, twice"})
        case "tags and notes":
            tagged = replace(stale, record=replace(stale.record, tags=("Two",)))
            return replace(tagged, notes=(note(), note("f" * 32, "and again")))
        case "edited":
            new = changed(stale, **{far.text_field: "Phish, twice", far.long_field: "second words"})
            return replace(new, record=replace(new.record, modes={far.text_field: Mode.UNLESS_EDITED}))
    return stale


async def test_write_outside_of_a_rehearsal_is_refused(far: Harness) -> None:
    delivery = far.delivery()
    far.arrange(delivery.key)
    with pytest.raises(LookupError):
        await deliver(far.start(rehearsal=True), delivery)
    assert far.writes() == []


async def test_look_tells_what_is_held_and_what_others_changed(far: Harness) -> None:
    target = far.start()
    delivery, first = await far.first(target, tags=("One",))
    (seen,) = await target.look([delivery])
    assert seen is not None
    assert {name: seen.fields[name] for name in far.first_fields()} == far.first_fields()
    assert (seen.tags, seen.edited, seen.number) == (("One",), frozenset(), first.link.number)
    far.edit(first.link.external_id, {far.text_field: "by hand"})
    far.foreign_tag(first.link.external_id, "theirs")
    gone = replace(delivery, link=Link("0" * 32))
    (after, none, unlinked) = await target.look([delivery, gone, replace(delivery, link=None)])
    assert after is not None
    assert (after.fields[far.text_field], after.edited) == ("by hand", frozenset({far.text_field}))
    assert after.tags == ("One", "theirs")
    assert after.version != seen.version
    assert (none, unlinked) == (None, None)
    assert far.writes() == []
