"""How owners are spelled for Sentinel, and recognised when the service has completed them."""

from pathlib import Path
from typing import Any

import pytest

from connector.model import FieldValue
from connector.targets.sentinel.owner import is_owner, spelled
from tests.contract.targets.harness import changed, deliver
from tests.contract.targets.sentinel_harness import SentinelHarness

NOBODY: dict[str, Any] = {"objectId": None, "email": None, "assignedTo": None, "userPrincipalName": None}
ALEX_ID = "11111111-0000-4000-8000-000000000001"


@pytest.fixture
def far(tmp_path: Path) -> SentinelHarness:
    return SentinelHarness(tmp_path)


@pytest.mark.parametrize(
    ("wanted", "body"),
    [
        (None, NOBODY),
        ("", NOBODY),
        ("Defender Experts", {**NOBODY, "assignedTo": "Defender Experts"}),
        (ALEX_ID, {**NOBODY, "objectId": ALEX_ID}),
        (
            "alexw@contoso.example",
            {
                **NOBODY,
                "email": "alexw@contoso.example",
                "assignedTo": "alexw@contoso.example",
                "userPrincipalName": "alexw@contoso.example",
            },
        ),
    ],
)
async def test_an_owner_is_spelled_as_the_service_understands_it(
    far: SentinelHarness, wanted: FieldValue, body: dict[str, Any]
) -> None:
    assert spelled(wanted) == body
    target = far.start()
    delivery, _ = await far.first(target, fields={**far.first_fields(), "owner": "Customer"})

    receipt = await deliver(target, changed(delivery, owner=wanted))

    assert far.writes()[0].request_body["properties"]["owner"] == body
    assert receipt.not_taken == ()
    assert is_owner(far.only().fields["owner"], wanted)


async def test_an_owner_the_service_did_not_take_is_found(far: SentinelHarness) -> None:
    target = far.start()
    delivery, _ = await far.first(target)
    far.drop("owner")
    receipt = await deliver(target, changed(delivery, owner="Customer"))
    assert [lost.field for lost in receipt.not_taken] == ["owner"]


@pytest.mark.parametrize(
    ("held", "wanted", "expected"),
    [
        ({}, None, True),
        (None, "", True),
        ({"ownerType": "Unknown", "assignedTo": ""}, None, True),
        ({"assignedTo": "Customer"}, None, False),
        ({"assignedTo": "CUSTOMER"}, " Customer ", True),
        ({"assignedTo": "Alex Wilber", "email": "a@x", "userPrincipalName": "alexw@x"}, "ALEXW@X", True),
        ({"assignedTo": "Alex Wilber"}, "Alex", False),
        ("no owner at all", "Alex", False),
    ],
)
def test_owners_are_compared_by_identity(held: Any, wanted: FieldValue, expected: bool) -> None:
    assert is_owner(held, wanted) is expected
