"""What every target makes of errors: the right consequence, one request, a sentence for a person."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from connector.errors import AuthError, ConnectorError, RejectedError, TransientError
from connector.model import IncidentKey
from tests.contract.targets.harness import (
    TENANT,
    Harness,
    changed,
    deliver,
    deliver_in_parts,
    note,
)
from tests.contract.targets.sentinel_harness import MicrosoftHarness
from tests.contract.targets.servicenow_harness import ServiceNowHarness


@pytest.mark.parametrize(
    ("fault", "expected", "retry_after"),
    [
        ({"kind": "status", "status": 401}, AuthError, None),
        ({"kind": "throttle", "retry_after": 7}, TransientError, 7.0),
        ({"kind": "throttle"}, TransientError, None),
        ({"kind": "status", "status": 500}, TransientError, None),
        ({"kind": "status", "status": 503, "retry_after": 11}, TransientError, 11.0),
        ({"kind": "html"}, TransientError, None),
        ({"kind": "malformed"}, TransientError, None),
        ({"kind": "empty"}, TransientError, None),
        ({"kind": "status", "status": 200, "body": {"result": [], "value": []}}, TransientError, None),
        ({"kind": "status", "status": 418, "body": {"error": "no"}}, RejectedError, None),
    ],
    ids=lambda value: str(value.get("status") or value["kind"]) if isinstance(value, dict) else "",
)
async def test_a_refused_write_has_its_consequence_and_is_sent_once(
    far: Harness, fault: dict[str, Any], expected: type[ConnectorError], retry_after: float | None
) -> None:
    target = far.start()
    delivery, _ = await far.first(target)
    far.fail(**fault, method=far.update_method, times=None)

    with pytest.raises(expected) as caught:
        await deliver(target, changed(delivery, **{far.text_field: "again"}))

    assert getattr(caught.value, "retry_after", None) == retry_after
    assert len(far.writes()) == 1
    assert "\n" not in str(caught.value)
    if isinstance(caught.value, RejectedError):
        assert caught.value.part in {"record", ""}
        assert not caught.value.alone


async def test_a_record_that_is_gone_is_refused_in_words(far: Harness) -> None:
    target = far.start()
    delivery, first = await far.first(target)
    far.delete(first.link.external_id)
    update = changed(replace(delivery, link=replace(first.link, stale=True)), **{far.text_field: "again"})

    with pytest.raises(RejectedError) as caught:
        await deliver(target, update)

    assert (caught.value.signature, caught.value.part) == ("not_found", "record")
    assert caught.value.alone
    assert first.link.number in caught.value.message
    assert far.held() == []


async def test_an_answer_about_another_record_is_not_believed(far: Harness) -> None:
    target = far.start()
    delivery, first = await far.first(target)
    other = "f" * 32
    body = {"result": {"sys_id": other}, "name": other, "etag": "another", "properties": {"title": "other"}}
    far.fail("status", status=200, body=body, method=far.update_method)

    with pytest.raises(RejectedError) as caught:
        await deliver(target, changed(delivery, **{far.text_field: "again"}))

    assert (caught.value.signature, caught.value.part) == ("another_record", "record")
    assert first.link.external_id in caught.value.message


async def test_a_field_dropped_in_silence_is_found(far: Harness) -> None:
    target = far.start()
    delivery, _ = await far.first(target)
    far.drop(far.dropped_field)

    receipt = await deliver(target, changed(delivery, **{far.dropped_field: "other words"}))

    assert [(lost.field, lost.sent, lost.held) for lost in receipt.not_taken] == [
        (far.dropped_field, "other words", "first words")
    ]


async def test_a_text_that_is_too_long_is_never_cut_in_silence(far: Harness) -> None:
    target = far.start()
    delivery, _ = await far.first(target)
    update = changed(delivery, **{far.long_field: "x" * 6000})

    try:
        receipt = await deliver(target, update)
    except RejectedError as error:
        assert far.long_field.casefold() in error.message.casefold()  # noqa: PT017  # either way is right
    else:
        assert [lost.field for lost in receipt.not_taken] == [far.long_field]


async def test_a_refused_note_delays_no_field(far: Harness) -> None:
    target = far.start()
    delivery, _ = await far.first(target)
    far.notes_refused = True
    update = replace(changed(delivery, **{far.text_field: "again"}), notes=(note(),))

    receipt, refusal = await deliver_in_parts(target, update)

    assert far.only().fields[far.text_field] == "again"
    assert far.only().notes == []
    assert receipt.link.applied[far.text_field] == "again"
    assert refusal.part in {"notes", ""}


@pytest.mark.parametrize("key", [IncidentKey(TENANT, ""), IncidentKey("", "101"), IncidentKey(" ", " ")])
async def test_an_empty_key_is_refused_before_any_request(far: Harness, key: IncidentKey) -> None:
    target = far.start()
    with pytest.raises(RejectedError) as caught:
        await target.apply(replace(far.delivery(), key=key))
    assert caught.value.part == "record"
    assert caught.value.alone
    assert far.heard() == []


@pytest.mark.parametrize("kind", [MicrosoftHarness, ServiceNowHarness])
async def test_two_records_for_one_incident_are_refused_by_name(
    kind: type[MicrosoftHarness | ServiceNowHarness], tmp_path: Path
) -> None:
    far = kind(tmp_path)
    target = far.start()
    delivery = far.delivery()
    far.arrange(delivery.key)
    far.add_twin(delivery.key)

    with pytest.raises(RejectedError) as caught:
        await deliver(target, delivery)

    numbers = [str(held.fields.get("number") or held.fields.get("incidentNumber")) for held in far.held()]
    assert len(numbers) == 2
    assert all(number in caught.value.message for number in numbers)
    assert caught.value.alone
    assert far.writes() == []
    await far.close()


async def test_probing_says_what_is_wrong_in_one_line(far: Harness) -> None:
    target = far.start()
    await target.probe()
    far.fail("html", times=None)
    with pytest.raises(TransientError, match="HTML"):
        await target.probe()
    far.faults.clear()
    far.secret.write_text("wrong")
    far.fail("status", status=401, times=None)
    with pytest.raises(AuthError):
        await target.probe()


async def test_opening_meets_what_would_refuse_every_record(far: Harness) -> None:
    await far.start().open(first_use=False)
    asked = len(far.heard())
    assert (asked, len(far.writes())) == (1, 0)
    far.fail("status", status=404, body={"error": {"message": "no such place"}}, times=None)
    with pytest.raises(AuthError, match="check "):
        await far.start().open(first_use=False)


async def test_no_secret_reaches_an_error(far: Harness) -> None:
    target = far.start()
    delivery, _ = await far.first(target)
    far.fail(
        "status", status=400, body={"error": {"code": "x", "message": "Bearer not-a-secret"}}, times=None
    )
    with pytest.raises(ConnectorError) as caught:
        await deliver(target, changed(delivery, **{far.text_field: "again"}))
    assert "not-a-secret" not in f"{caught.value!r}{caught.value}"
