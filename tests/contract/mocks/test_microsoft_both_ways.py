"""What Microsoft's own connector carries both ways, and that it neither repeats nor answers itself."""

from typing import Any

import pytest

from connector.mocks.microsoft import SENTINEL_APP
from tests.contract.mocks.microsoft_tenant import ANALYST, Tenant


@pytest.fixture
def tenant() -> Tenant:
    return Tenant()


def test_comments_cross_both_ways_once(tenant: Tenant) -> None:
    incident_id = tenant.new_incident()
    tenant.graph.portal_comment(incident_id, "from defender", ANALYST)
    tenant.pass_time()
    tenant.graph.portal_comment(incident_id, "and another", "Defender Experts")
    tenant.sentinel.comment(tenant.twin()["name"], "from sentinel", "Megan Bowen")
    for _ in range(5):
        tenant.pass_time(seconds=1)

    here = [(one["message"], one["author"]["name"]) for one in tenant.comments()]
    there = [
        (one["comment"], one["createdByDisplayName"]) for one in tenant.defender(incident_id)["comments"]
    ]
    assert here == [
        ("from defender", "Alex Wilber"),
        ("from sentinel", "Megan Bowen"),
        ("and another", "Defender Experts"),
    ]
    assert there == [
        ("from defender", ANALYST),
        ("and another", "Defender Experts"),
        ("from sentinel", SENTINEL_APP),
    ]


async def test_what_an_api_caller_writes_reaches_defender_as_microsoft_sentinel(tenant: Tenant) -> None:
    incident_id = tenant.new_incident(customTags=["theirs"])
    tenant.pass_time()
    name, before = tenant.twin()["name"], tenant.defender(incident_id)["lastUpdateDateTime"]
    labels = [{"labelName": "theirs"}, {"labelName": "ticket: INC7"}]

    await tenant.caller.put(name, title="Incident 1", severity="Medium", labels=labels)
    comment = {"properties": {"message": "a note"}}
    await tenant.caller.call("PUT", f"/{name}/comments/c1", comment)
    tenant.pass_time(seconds=1)

    incident = tenant.defender(incident_id)
    assert incident["customTags"] == ["theirs", "ticket: INC7"]
    assert [one["comment"] for one in incident["comments"]] == ["a note"]
    assert incident["lastModifiedBy"] == SENTINEL_APP
    assert incident["lastUpdateDateTime"] > before


@pytest.mark.parametrize(
    ("edit", "defender"),
    [
        ({"status": "Active"}, {"status": "inProgress"}),
        (
            {
                "status": "Closed",
                "classification": "FalsePositive",
                "classificationReason": "IncorrectAlertLogic",
            },
            {"status": "resolved", "classification": "falsePositive", "determination": "unknown"},
        ),
        ({"owner": {"email": "alex.wilber@contoso.example"}}, {"assignedTo": ANALYST}),
        ({"owner": {"assignedTo": "Customer"}}, {"assignedTo": "Customer"}),
        ({"severity": "Low", "title": "renamed"}, {"severity": "low", "displayName": "renamed"}),
        ({"labels": ["b"]}, {"customTags": ["b"]}),
    ],
)
def test_a_persons_edit_goes_back_and_stays(
    tenant: Tenant, edit: dict[str, Any], defender: dict[str, Any]
) -> None:
    verdict = {"classification": "truePositive", "determination": "malware"}
    incident_id = tenant.new_incident(customTags=["a"], **verdict)
    tenant.pass_time()
    edited = tenant.sentinel.edit(tenant.twin()["name"], edit)
    tenant.pass_time(seconds=1)
    settled = tenant.activity()
    for _ in range(5):
        tenant.pass_time(seconds=1)

    incident = tenant.defender(incident_id)
    assert {name: incident[name] for name in defender} == defender
    assert tenant.activity() == settled
    assert tenant.twin()["properties"] == edited["properties"]


def test_it_never_answers_itself(tenant: Tenant) -> None:
    for number in range(5):
        tenant.new_incident(customTags=[f"t{number}"], status="awaitingAction", assignedTo="Customer")
    tenant.pass_time()
    settled = tenant.activity()
    for _ in range(20):
        tenant.pass_time(minutes=1)

    assert tenant.activity() == settled


async def test_its_write_makes_an_api_callers_etag_stale(tenant: Tenant) -> None:
    incident_id = tenant.new_incident()
    tenant.pass_time()
    held = await tenant.caller.get(tenant.twin()["name"])
    tenant.graph.portal_set(incident_id, {"status": "inProgress"}, ANALYST)
    tenant.pass_time(seconds=1)

    assert (await tenant.caller.put(held["name"], etag=held["etag"])).status_code == 409


def test_a_merged_incident_is_not_written_back(tenant: Tenant) -> None:
    source, target = tenant.new_incident(), tenant.new_incident()
    tenant.pass_time()
    tenant.graph.portal.merge(source, target, "Microsoft Defender XDR - alert correlation")
    tenant.pass_time(seconds=1)
    name = next(one["name"] for one in tenant.twins() if one["properties"]["providerIncidentId"] == source)
    tenant.sentinel.edit(name, {"status": "Active"})
    tenant.pass_time(seconds=1)

    assert tenant.defender(source)["status"] == "redirected"


def test_the_hundredth_comment_is_the_last_it_copies(tenant: Tenant) -> None:
    incident_id = tenant.new_incident()
    for number in range(105):
        tenant.graph.portal_comment(incident_id, f"c{number}", ANALYST)
    tenant.pass_time()

    assert len(tenant.comments()) == 100
