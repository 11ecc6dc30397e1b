"""What the Sentinel mock accepts as an incident's content, and how it completes and shows it."""

from typing import Any

import pytest

from connector.mocks.sentinel import Person
from tests.contract.mocks.sentinel_caller import INCIDENTS, NAME, Caller

ALEX = {
    "objectId": "11111111-0000-4000-8000-000000000001",
    "email": "alex.wilber@contoso.example",
    "assignedTo": "Alex Wilber",
    "userPrincipalName": "alexw@contoso.example",
    "ownerType": "User",
}
NOBODY = dict.fromkeys(ALEX)


@pytest.fixture
def caller() -> Caller:
    return Caller()


@pytest.mark.parametrize(
    ("properties", "message"),
    [
        ({"title": None}, "'Title' must have a non-empty value"),
        ({"title": "  "}, "'Title' must have a non-empty value"),
        ({"status": None}, "status must not be empty."),
        ({"severity": ""}, "severity must not be empty."),
        ({"severity": "high"}, "Invalid value 'high' for 'severity'"),
        ({"status": "Resolved"}, "Invalid value 'Resolved' for 'status'"),
        ({"classification": "Malware"}, "Invalid value 'Malware' for 'classification'"),
        ({"classification": ["TruePositive"]}, "for 'classification'"),
        (
            {"classification": "TruePositive", "classificationReason": "InaccurateData"},
            "'InaccurateData' is not valid for classification 'TruePositive'",
        ),
        (
            {"classification": "Undetermined", "classificationReason": "SuspiciousActivity"},
            "not valid for classification 'Undetermined'",
        ),
        ({"status": "Closed"}, "classification must not be empty when status is Closed."),
        ({"status": "Closed", "classification": "FalsePositive"}, "classificationReason must not be empty"),
        ({"description": "d" * 5001}, "must not exceed 5000 characters"),
        ({"description": 5}, "'description' must be a string"),
        ({"owner": "alex"}, "'owner' must be an object"),
        ({"owner": {"objectId": "alex"}}, "'alex' is not a valid objectId"),
        ({"labels": ["x"]}, "non-empty 'labelName'"),
        ({"labels": {"labelName": "x"}}, "'labels' must be an array"),
        ({"firstActivityTimeUtc": "yesterday"}, "'firstActivityTimeUtc' is not a valid date-time"),
    ],
)
async def test_unacceptable_content_is_refused(
    caller: Caller, properties: dict[str, Any], message: str
) -> None:
    answer = await caller.put(**properties)

    assert answer.status_code == 400
    assert message in answer.json()["error"]["message"]
    assert caller.mock.contents()["incidents"] == []


@pytest.mark.parametrize(
    ("switch", "properties"),
    [
        ("strict_pairs", {"classification": "TruePositive", "classificationReason": "InaccurateData"}),
        ("closed_needs_classification", {"status": "Closed"}),
    ],
)
async def test_what_no_source_settles_is_refused_by_a_switch(
    caller: Caller, switch: str, properties: dict[str, Any]
) -> None:
    setattr(caller.mock.settings, switch, False)

    assert (await caller.put(**properties)).status_code == 201


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"title": "x"}', b'{"properties": []}'])
async def test_a_body_that_is_no_incident_is_refused(caller: Caller, content: bytes) -> None:
    answer = await caller.http.put(
        f"{INCIDENTS}/{NAME}", content=content, params={"api-version": "2024-09-01"}
    )

    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "BadRequest"


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        ({"objectId": ALEX["objectId"]}, ALEX),
        ({"email": "ALEX.wilber@contoso.example"}, ALEX),
        ({"userPrincipalName": "alexw@contoso.example", "assignedTo": "another name"}, ALEX),
        ({"objectId": None, "email": ALEX["email"], "assignedTo": "Alex Wilber"}, ALEX),
        ({"assignedTo": "Customer"}, {**NOBODY, "assignedTo": "Customer"}),
        ({"assignedTo": "Defender Experts"}, {**NOBODY, "assignedTo": "Defender Experts"}),
        ({}, NOBODY),
        (NOBODY, NOBODY),
        (None, NOBODY),
    ],
)
async def test_owners_are_completed_from_the_directory(caller: Caller, given: Any, stored: Any) -> None:
    assert (await caller.put(owner=given)).json()["properties"]["owner"] == stored


async def test_people_can_be_added_to_the_directory(caller: Caller) -> None:
    caller.mock.directory.add(Person("55555555-0000-4000-8000-000000000000", "Kim", "kim@x.example", "kim@y"))

    owner = (await caller.put(owner={"email": "kim@x.example"})).json()["properties"]["owner"]

    assert (owner["assignedTo"], owner["ownerType"]) == ("Kim", "User")


async def test_labels_keep_their_order_and_their_type(caller: Caller) -> None:
    await caller.put()
    caller.mock.edit(NAME, {"labels": ["b"]})

    sent = [{"labelName": name} for name in ("b", "a", "b", "B")]
    labels = (await caller.put(labels=sent)).json()["properties"]["labels"]

    assert [label["labelName"] for label in labels] == ["b", "a", "B"]
    assert {label["labelType"] for label in labels} == {"User"}


async def test_a_label_the_service_assigned_keeps_its_type(caller: Caller) -> None:
    await caller.put()
    caller.mock.edit(NAME, {"labels": [{"labelName": "auto", "labelType": "AutoAssigned"}]})

    labels = (await caller.put(labels=[{"labelName": "auto"}, {"labelName": "mine"}])).json()["properties"]

    assert labels["labels"] == [
        {"labelName": "auto", "labelType": "AutoAssigned"},
        {"labelName": "mine", "labelType": "User"},
    ]


@pytest.mark.parametrize(
    "edit",
    [{"owner": "x"}, {"labels": "x"}, {"labels": [{}]}, {"labels": [""]}, {"additionalData": [1]}],
)
async def test_an_edit_that_cannot_be_stored_is_refused(caller: Caller, edit: dict[str, Any]) -> None:
    etag = (await caller.put()).json()["etag"]

    with pytest.raises(ValueError, match="'labels'"):
        caller.mock.edit(NAME, edit)
    assert (await caller.get())["etag"] == etag


@pytest.mark.parametrize(
    ("version", "provider_fields", "techniques"),
    [
        ("2021-10-01", False, False),
        ("2024-09-01", True, False),
        ("2025-09-01", True, False),
        ("2022-12-01-preview", True, True),
    ],
)
async def test_bodies_follow_the_api_version(
    caller: Caller, version: str, provider_fields: bool, techniques: bool
) -> None:
    additional = {
        "providerIncidentUrl": "https://security.microsoft.com/incidents/7",
        "techniques": ["T1566"],
    }
    name = caller.mock.upsert_from_provider("7", {"title": "t", "additionalData": additional})

    answer = await caller.call("GET", f"/{name}", options={"api-version": version})

    body = answer.json()["properties"]
    assert ("providerName" in body, "providerIncidentId" in body) == (provider_fields, provider_fields)
    assert ("ownerType" in body["owner"]) == provider_fields
    assert ("providerIncidentUrl" in body["additionalData"]) == provider_fields
    assert ("techniques" in body["additionalData"]) == techniques
