"""What is particular to Sentinel: whole bodies with etags, labels, and incidents that are ours."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from connector.errors import AuthError, ConflictError, RejectedError, TransientError
from connector.mocks.kernel import Refusal
from connector.model import FieldValue
from tests.contract.targets.harness import changed, deliver, note
from tests.contract.targets.sentinel_harness import SentinelHarness


@pytest.fixture
def far(tmp_path: Path) -> SentinelHarness:
    return SentinelHarness(tmp_path)


def sent(far: SentinelHarness) -> list[dict[str, Any]]:
    """The bodies of the writes so far."""
    return [entry.request_body for entry in far.writes()]


async def test_an_update_sends_everything_back_with_the_etag_in_the_body(far: SentinelHarness) -> None:
    target = far.start()
    delivery, _ = await far.first(target, tags=("Ours",))
    held = far.mock.contents()["incidents"][0]

    await deliver(target, changed(delivery, severity="Low"))

    (body,) = sent(far)
    assert body["etag"] == held["etag"]
    assert body["properties"]["title"] == "Phish"
    assert body["properties"]["severity"] == "Low"
    assert body["properties"]["labels"] == [{"labelName": "Ours"}]
    assert "incidentNumber" not in body["properties"]


async def test_after_our_own_comment_the_next_write_reads_once_and_meets_no_conflict(
    far: SentinelHarness,
) -> None:
    target = far.start()
    delivery, _ = await far.first(target)
    receipt = await deliver(target, replace(delivery, notes=(note(),)))
    assert receipt.link.stale
    far.log.clear()

    receipt = await deliver(target, changed(replace(delivery, link=receipt.link), severity="Low"))

    assert [(entry.method, entry.status) for entry in far.heard()] == [("GET", 200), ("PUT", 200)]
    assert not receipt.link.stale


async def test_after_a_lost_answer_the_incident_is_read_before_it_is_written(far: SentinelHarness) -> None:
    target = far.start()
    delivery, _ = await far.first(target)
    update = changed(delivery, severity="Low")
    far.fail("cut_after", method="PUT")
    with pytest.raises(TransientError):
        await deliver(target, update)
    far.log.clear()

    receipt = await deliver(target, replace(update, in_doubt=True))

    assert [(entry.method, entry.status) for entry in far.heard()] == [("GET", 200)]
    assert receipt.link.applied["severity"] == "Low"


async def test_a_conflict_is_merged_with_what_the_other_side_wrote(far: SentinelHarness) -> None:
    target = far.start()
    delivery, first = await far.first(target, tags=("Ours",))
    labels = [{"labelName": label} for label in ("Ours", "Theirs")]
    far.mock.edit(first.link.external_id, {"status": "Active", "labels": labels})

    receipt = await deliver(target, changed(delivery, severity="Low"))

    assert [entry.status for entry in far.heard()] == [409, 200, 200]
    held = far.only()
    assert (held.fields["severity"], held.fields["status"], held.tags) == (
        "Low",
        "Active",
        ["Ours", "Theirs"],
    )
    assert receipt.wrote == {"severity": "Low"}


async def test_a_conflict_that_leaves_nothing_to_do_is_not_written(far: SentinelHarness) -> None:
    target = far.start()
    delivery, first = await far.first(target)
    far.mock.edit(first.link.external_id, {"severity": "Low"})

    receipt = await deliver(target, changed(delivery, severity="Low"))

    assert [entry.status for entry in far.heard()] == [409, 200]
    assert receipt.wrote == {}
    assert receipt.link.applied["severity"] == "Low"


async def test_a_conflict_that_does_not_end_is_given_up_after_three_merges(far: SentinelHarness) -> None:
    target = far.start()
    delivery, _ = await far.first(target)
    body = {"error": {"code": "Conflict", "message": "Newer version of resource 'x' exists."}}
    far.fail("status", method="PUT", status=409, body=body, times=None)

    with pytest.raises(ConflictError):
        await deliver(target, changed(delivery, severity="Low"))

    assert [entry.method for entry in far.heard()] == ["PUT", "GET"] * 3 + ["PUT"]


async def test_reopening_takes_the_classification_out_of_the_body(far: SentinelHarness) -> None:
    target = far.start()
    closed: dict[str, FieldValue] = {
        **far.first_fields(),
        "status": "Closed",
        "classification": "FalsePositive",
        "classificationReason": "InaccurateData",
        "classificationComment": "not malicious",
    }
    delivery, _ = await far.first(target, fields=closed)
    cleared = dict.fromkeys(("classification", "classificationReason", "classificationComment"))

    receipt = await deliver(target, changed(delivery, status="Active", **cleared))

    (body,) = sent(far)
    assert not {name for name in body["properties"] if name.startswith("classification")}
    assert far.only().fields["status"] == "Active"
    assert receipt.not_taken == ()


async def test_a_refused_incident_is_refused_as_a_record_and_put_once(far: SentinelHarness) -> None:
    target = far.start()
    delivery, _ = await far.first(target)
    far.fail("status", method="PUT", status=400, body={"error": {"code": "BadRequest", "message": "no"}})

    with pytest.raises(RejectedError) as caught:
        await deliver(target, replace(changed(delivery, severity="Low"), notes=(note(),)))

    assert caught.value.part == "record"
    assert len(far.writes()) == 1


@pytest.mark.parametrize("missing", ["title", "severity", "status"])
async def test_an_incident_without_a_required_field_is_refused_before_any_write(
    far: SentinelHarness, missing: str
) -> None:
    target = far.start()
    fields = {name: value for name, value in far.first_fields().items() if name != missing}
    with pytest.raises(RejectedError, match=missing) as caught:
        await deliver(target, far.delivery(fields=fields))
    assert caught.value.alone
    assert far.writes() == []


async def test_labels_of_others_that_differ_only_in_case_are_all_kept(far: SentinelHarness) -> None:
    target = far.start()
    delivery, first = await far.first(target)
    far.mock.edit(first.link.external_id, {"labels": [{"labelName": "vip"}, {"labelName": "VIP"}]})
    await deliver(target, replace(delivery, record=replace(delivery.record, tags=("New",))))
    assert far.only().tags == ["vip", "VIP", "New"]


async def test_a_time_in_another_spelling_is_the_same_time(far: SentinelHarness) -> None:
    target = far.start()
    fields = {**far.first_fields(), "lastActivityTimeUtc": "2026-01-05T08:00:00Z"}
    delivery, first = await far.first(target, fields=fields)
    far.mock.edit(first.link.external_id, {"lastActivityTimeUtc": "2026-01-05T08:00:00.0000000Z"})
    following = changed(replace(delivery, in_doubt=True), severity="Low")
    assert (await deliver(target, following)).not_taken == ()


async def test_a_workspace_that_microsoft_fills_is_not_written_to(far: SentinelHarness) -> None:
    far.mock.upsert_from_provider("7", {"title": "t", "severity": "Low", "status": "New"})
    target = far.start()
    for attempt in (target.open(first_use=False), target.open(first_use=True), target.probe()):
        with pytest.raises(AuthError, match="set incidents: microsoft"):
            await attempt
    with pytest.raises(AuthError, match="set incidents: microsoft"):
        await deliver(target, far.delivery())
    assert far.writes() == []


async def test_after_a_lost_state_our_incidents_are_read_before_they_are_written(
    far: SentinelHarness,
) -> None:
    delivery, first = await far.first(far.start(), tags=("Ours",))
    far.foreign_tag(first.link.external_id, "Theirs")
    far.mock.edit(first.link.external_id, {"classificationComment": "seen"})
    target = far.start()
    await target.open(first_use=True)

    receipt = await deliver(target, replace(changed(delivery, severity="Low"), link=None))

    assert sorted(far.only().tags) == ["Ours", "Theirs"]
    assert far.only().fields["classificationComment"] == "seen"
    assert far.only().fields["severity"] == "Low"
    assert not receipt.created


async def test_an_incident_of_ours_that_is_older_than_the_newest_is_read_before_it_is_written(
    far: SentinelHarness,
) -> None:
    delivery, first = await far.first(far.start(), tags=("Ours",))
    far.foreign_tag(first.link.external_id, "Theirs")
    for number in range(60):
        far.clock.advance(timedelta(minutes=1))
        await deliver(far.start(), far.delivery(f"new-{number}", created_hint=far.clock.now().isoformat()))
    target = far.start()
    await target.open(first_use=False)
    far.log.clear()

    await deliver(target, replace(delivery, link=None))
    recent = (far.clock.now() - timedelta(minutes=1)).isoformat()
    await deliver(target, far.delivery("newest", created_hint=recent))

    assert next(held for held in far.held() if held.id == first.link.external_id).tags == ["Ours", "Theirs"]
    assert [entry.method for entry in far.heard()] == ["GET", "PUT"]


async def test_first_use_reads_every_page(far: SentinelHarness) -> None:
    far.mock.settings.next_link_raw_spaces = True
    target = far.start()
    for number in range(1005):
        await target.apply(far.delivery(str(number)))
    far.log.clear()
    await far.start().open(first_use=True)
    assert len(far.reads()) == 2
    assert len(far.reads()[0].query) > 0


async def test_nothing_is_created_against_the_mappings_will(far: SentinelHarness) -> None:
    target = far.start()
    with pytest.raises(RejectedError) as caught:
        await deliver(target, far.delivery(may_create=False))
    assert (caught.value.signature, caught.value.alone) == ("may_not_create", True)


async def test_a_follow_up_is_another_incident(far: SentinelHarness) -> None:
    target = far.start()
    await far.first(target)
    receipt = await deliver(target, far.delivery(generation=1))
    assert len(far.held()) == 2
    assert receipt.link.generation == 1


async def test_an_update_that_makes_a_deleted_incident_anew_says_so(far: SentinelHarness) -> None:
    target = far.start()
    delivery, first = await far.first(target)
    far.delete(first.link.external_id)

    receipt = await deliver(target, changed(delivery, severity="Low"))

    assert receipt.created
    assert "made it anew" in receipt.left["comments"]
    assert far.only().fields["title"] == "Phish"
    assert receipt.link.number == str(far.only().fields["incidentNumber"])
    following = replace(changed(delivery, severity="High"), link=receipt.link)
    receipt = await deliver(target, following)
    assert (receipt.created, dict(receipt.left)) == (False, {})


async def test_a_missing_role_pauses_the_target(far: SentinelHarness) -> None:
    target = far.start()
    delivery, _ = await far.first(target)
    far.mock.settings.role = "reader"
    with pytest.raises(AuthError, match="Sentinel Responder"):
        await deliver(target, changed(delivery, severity="Low"))


async def test_a_wrong_workspace_pauses_the_target(far: SentinelHarness) -> None:
    delivery, _ = await far.first(far.start())
    target = far.start(workspace="another")
    with pytest.raises(AuthError, match="check subscription_id, resource_group, workspace"):
        await target.probe()
    with pytest.raises(AuthError, match="check subscription_id, resource_group, workspace"):
        await target.apply(changed(delivery, severity="Low"))
    far.refusal = Refusal(401, "expired")
    with pytest.raises(AuthError, match="token"):
        await far.start().probe()
