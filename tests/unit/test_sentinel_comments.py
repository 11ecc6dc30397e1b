"""Notes as Sentinel comments: order, refusals, limits, and text that is no markup."""

from dataclasses import replace
from pathlib import Path

import pytest

from connector.errors import RejectedError, TransientError
from connector.targets.sentinel.comments import message_of
from tests.contract.targets.harness import changed, deliver, note
from tests.contract.targets.sentinel_harness import SentinelHarness


@pytest.fixture
def far(tmp_path: Path) -> SentinelHarness:
    return SentinelHarness(tmp_path)


async def test_comments_go_out_one_by_one_after_the_incident(far: SentinelHarness) -> None:
    target = far.start()
    delivery, _ = await far.first(target)
    notes = (note("aaaaaaaaaaaa"), note("bbbbbbbbbbbb"))

    await deliver(target, replace(changed(delivery, severity="Low"), notes=notes))

    paths = [entry.path.rsplit("/", 2)[-2] for entry in far.writes()]
    assert paths == ["incidents", "comments", "comments"]


async def test_a_refused_comment_does_not_stop_the_next(far: SentinelHarness) -> None:
    target = far.start()
    delivery, _ = await far.first(target)
    far.fail("status", method="PUT", status=400, body={"error": {"code": "BadRequest", "message": "no"}})
    receipt = await deliver(target, replace(delivery, notes=(note("aaaaaaaaaaaa"), note("bbbbbbbbbbbb"))))
    assert receipt.notes == ("bbbbbbbbbbbb",)
    assert list(receipt.note_errors) == ["aaaaaaaaaaaa"]


async def test_after_trouble_with_one_comment_the_others_wait(far: SentinelHarness) -> None:
    target = far.start()
    delivery, _ = await far.first(target)
    far.fail("throttle", method="PUT", retry_after=9)
    receipt = await deliver(target, replace(delivery, notes=(note("aaaaaaaaaaaa"), note("bbbbbbbbbbbb"))))
    assert len(far.writes()) == 1
    assert receipt.link.stale
    assert {type(error) for error in receipt.note_errors.values()} == {TransientError}
    assert set(receipt.note_errors) == {"aaaaaaaaaaaa", "bbbbbbbbbbbb"}


async def test_the_hundred_and_first_comment_is_refused_and_delays_no_field(far: SentinelHarness) -> None:
    target = far.start()
    delivery, first = await far.first(target)
    for number in range(100):
        far.mock.comment(first.link.external_id, f"comment {number}", "Alex Wilber")
    receipt = await deliver(target, replace(changed(delivery, severity="Low"), notes=(note(),)))
    assert far.only().fields["severity"] == "Low"
    assert isinstance(receipt.note_errors[note().id], RejectedError)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a < b & c > d", "a &lt; b &amp; c &gt; d"),
        ("see https://contoso.example", "see https://contoso.example"),
        ("x" * 30_000, "x" * 30_000),
        ("x" * 30_001, "x" * 29_999 + "…"),
        ("<" * 30_000, "&lt;" * 7_499 + "…"),
        ("y" * 40_000 + " [mdxdr:0123456789ab]", "y" * 29_978 + "… [mdxdr:0123456789ab]"),
    ],
    ids=["markup", "address", "at the limit", "over it", "over it once escaped", "marker kept"],
)
def test_a_comments_text_is_escaped_and_cut(text: str, expected: str) -> None:
    assert message_of(text) == expected
