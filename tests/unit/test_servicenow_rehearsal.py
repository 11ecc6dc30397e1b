"""A rehearsal comes to the very writes of a delivery, also where a process is walked and a record followed up."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from connector.http import heard
from connector.model import Delivery, FieldValue
from tests.contract.targets.harness import changed, deliver, note
from tests.contract.targets.servicenow_harness import SecurityHarness, ServiceNowHarness

CLOSURE: dict[str, FieldValue] = {
    "state": "Closed",
    "close_code": "Threat mitigated",
    "close_notes": "Mails removed",
}
BY_HAND: dict[str, Any] = {"close_code": "Duplicate", "close_notes": "by hand"}


async def walk(far: ServiceNowHarness) -> Delivery:
    delivery, _ = await far.first(far.start())
    return changed(delivery, **CLOSURE)


async def creation(far: ServiceNowHarness) -> Delivery:
    return far.delivery(fields={**far.first_fields(), "state": "Contain"})


async def follow_up(far: ServiceNowHarness) -> Delivery:
    far.mock.settings.closed_is_final = False
    delivery, first = await far.first(far.start(), fields={**far.first_fields(), "state": "2"})
    far.mock.edit(far.table, first.link.external_id, {"state": "7", **BY_HAND})
    wished = replace(delivery.record, when_record={"closed": "follow_up"})
    return changed(replace(delivery, record=wished), state="1", impact="1")


@pytest.mark.parametrize(
    ("kind", "make", "writes"),
    [(SecurityHarness, walk, 6), (SecurityHarness, creation, 3), (ServiceNowHarness, follow_up, 2)],
    ids=["walk", "creation", "follow-up"],
)
async def test_what_is_rehearsed_is_what_is_written(
    tmp_path: Path, kind: Callable[[Path], ServiceNowHarness], make: Any, writes: int
) -> None:
    far = kind(tmp_path)
    delivery = replace(await make(far), notes=(note(),))
    far.log.clear()
    with heard() as unsent:
        forecast = await deliver(far.start(rehearsal=True), delivery)
    assert far.writes() == []

    receipt = await deliver(far.start(), delivery)

    sent = [(entry.method, entry.path, entry.request_body) for entry in far.writes()]
    known = [(each.method, each.path, {**each.body}) for each in unsent]
    assert [(*each[:2], without_token(each[2])) for each in known] == [
        (*each[:2], without_token(each[2])) for each in sent
    ]
    assert len(sent) == writes
    assert (forecast.wrote, forecast.notes, forecast.left) == (receipt.wrote, receipt.notes, receipt.left)


def without_token(body: Any) -> dict[str, Any]:
    return {name: value for name, value in body.items() if name != "correlation_display"}
