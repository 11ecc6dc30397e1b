"""From Defender to Sentinel: what Microsoft's own connector copies there, in which words, and when."""

from datetime import timedelta
from typing import Any

import pytest

from tests.contract.mocks.microsoft_tenant import ANALYST, Tenant


@pytest.fixture
def tenant() -> Tenant:
    return Tenant()


def test_a_defender_incident_appears_under_a_name_of_its_own(tenant: Tenant) -> None:
    incident_id = tenant.new_incident(
        displayName="Phish", description="long", severity="high", customTags=["vip"], assignedTo=ANALYST
    )
    tenant.pass_time()

    twin = tenant.twin()
    properties = twin["properties"]
    assert twin["name"] != incident_id
    assert (properties["providerName"], properties["providerIncidentId"]) == ("Microsoft XDR", incident_id)
    assert (
        properties["additionalData"]["providerIncidentUrl"] == tenant.defender(incident_id)["incidentWebUrl"]
    )
    assert (properties["title"], properties["description"]) == ("Phish", "")
    assert (properties["severity"], properties["status"]) == ("High", "New")
    assert properties["owner"]["assignedTo"] == "Alex Wilber"
    assert tenant.label_names() == ["vip"]
    assert tenant.sentinel.contents()["changes"][0]["hand"] == "microsoft"


def test_it_appears_within_ten_minutes_and_not_all_at_once(tenant: Tenant) -> None:
    tenant.actor.longest_delay = timedelta(minutes=10)
    for _ in range(40):
        tenant.new_incident()

    seen = []
    for _ in range(10):
        tenant.pass_time(minutes=1)
        seen.append(len(tenant.twins()))

    assert seen[-1] == 40
    assert len(set(seen)) >= 6


def test_nothing_happens_unless_enabled(tenant: Tenant) -> None:
    tenant.actor.enabled = False
    tenant.new_incident()
    tenant.pass_time(hours=1)

    assert tenant.twins() == []


@pytest.mark.parametrize(
    ("defender", "sentinel"),
    [
        ({"status": "active"}, {"status": "New", "classification": None}),
        ({"status": "inProgress"}, {"status": "Active"}),
        ({"status": "awaitingAction"}, {"status": "Active"}),
        (
            {"status": "resolved"},
            {"status": "Closed", "classification": "Undetermined", "classificationReason": None},
        ),
        (
            {"status": "resolved", "classification": "truePositive", "determination": "malware"},
            {"classification": "TruePositive", "classificationReason": "SuspiciousActivity"},
        ),
        (
            {"classification": "falsePositive"},
            {"classification": "FalsePositive", "classificationReason": "InaccurateData"},
        ),
        (
            {"classification": "informationalExpectedActivity", "resolvingComment": "a test"},
            {
                "classification": "BenignPositive",
                "classificationReason": "SuspiciousButExpected",
                "classificationComment": "a test",
            },
        ),
        ({"severity": "informational"}, {"severity": "Informational"}),
        ({"displayName": "renamed"}, {"title": "renamed"}),
    ],
)
def test_changes_follow_in_sentinels_words(
    tenant: Tenant, defender: dict[str, Any], sentinel: dict[str, Any]
) -> None:
    incident_id = tenant.new_incident()
    tenant.pass_time()
    tenant.graph.portal_set(incident_id, defender, ANALYST)
    tenant.pass_time(seconds=1)

    properties = tenant.twin_properties()
    assert {name: properties.get(name) for name in sentinel} == sentinel


@pytest.mark.parametrize(
    ("assigned_to", "owner"),
    [
        (None, None),
        ("", None),
        ("Unassigned", None),
        ("Customer", "Customer"),
        ("Defender Experts", "Defender Experts"),
        (ANALYST, "Alex Wilber"),
        ("stranger@fabrikam.example", "stranger@fabrikam.example"),
    ],
)
def test_owners(tenant: Tenant, assigned_to: str | None, owner: str | None) -> None:
    tenant.new_incident(assignedTo=assigned_to)
    tenant.pass_time()

    assert tenant.twin_properties()["owner"]["assignedTo"] == owner


def test_awaiting_customer_action_is_a_label_while_it_lasts(tenant: Tenant) -> None:
    incident_id = tenant.new_incident(customTags=["vip"])
    tenant.pass_time()
    tenant.sentinel.edit(tenant.twin()["name"], {"labels": ["vip", "mine"]})
    tenant.graph.portal_set(incident_id, {"status": "awaitingAction", "assignedTo": "Customer"}, "Experts")
    tenant.pass_time(seconds=1)
    waiting = tenant.label_names()
    tenant.graph.portal_set(incident_id, {"status": "resolved"}, ANALYST)
    tenant.pass_time(seconds=1)

    assert waiting == ["vip", "mine", "Awaiting Customer Action"]
    assert tenant.label_names() == ["vip", "mine"]
    assert tenant.defender(incident_id)["customTags"] == ["vip", "mine"]


def test_the_mark_goes_when_the_customer_closes_in_sentinel(tenant: Tenant) -> None:
    incident_id = tenant.new_incident(status="awaitingAction")
    tenant.pass_time()
    tenant.sentinel.edit(tenant.twin()["name"], {"status": "Closed", "classification": "Undetermined"})
    tenant.pass_time(seconds=1)

    assert tenant.defender(incident_id)["status"] == "resolved"
    assert tenant.label_names() == []


def test_a_merged_incident_is_closed_and_marked(tenant: Tenant) -> None:
    source, target = tenant.new_incident(), tenant.new_incident()
    tenant.pass_time()
    tenant.graph.portal.merge(source, target, "Microsoft Defender XDR - alert correlation")
    tenant.pass_time(seconds=1)

    by_id = {one["properties"]["providerIncidentId"]: one["properties"] for one in tenant.twins()}
    assert by_id[source]["status"] == "Closed"
    assert [label["labelName"] for label in by_id[source]["labels"]] == ["Redirected"]
    assert by_id[target]["status"] == "New"


def test_changes_within_a_window_arrive_as_one(tenant: Tenant) -> None:
    incident_id = tenant.new_incident()
    tenant.pass_time()
    tenant.actor.window = timedelta(minutes=5)
    before = tenant.sentinel.journal.last_seq
    for status in ("inProgress", "awaitingAction", "resolved"):
        tenant.graph.portal_set(incident_id, {"status": status}, ANALYST)
        tenant.pass_time(minutes=1)
    early = tenant.twin_properties()["status"]
    tenant.pass_time(minutes=3)

    assert early == "New"
    assert tenant.twin_properties()["status"] == "Closed"
    assert tenant.sentinel.journal.last_seq == before + 1


def test_a_deleted_twin_stays_deleted(tenant: Tenant) -> None:
    incident_id = tenant.new_incident()
    tenant.pass_time()
    tenant.sentinel.delete(tenant.twin()["name"])
    tenant.graph.portal_set(incident_id, {"status": "resolved"}, ANALYST)
    tenant.pass_time(seconds=1)

    assert tenant.twins() == []


def test_alerts_are_counted_up_to_the_limit(tenant: Tenant) -> None:
    alert = {"productName": "Microsoft Defender for Endpoint", "category": "Execution"}
    incident_id = tenant.new_incident(alerts=[{**alert, "mitreTechniques": ["T1059"]}] * 149)
    tenant.pass_time()
    for _ in range(5):
        tenant.graph.portal.add_alert(incident_id, alert, "Microsoft 365 Defender")
    tenant.pass_time(seconds=1)

    additional = tenant.twin_properties()["additionalData"]
    assert additional["alertsCount"] == 150
    assert additional["alertProductNames"] == ["Microsoft Defender for Endpoint"]
    assert (additional["tactics"], additional["techniques"]) == (["Execution"], ["T1059"])


def test_after_a_reset_everything_is_copied_anew(tenant: Tenant) -> None:
    tenant.new_incident()
    tenant.pass_time()
    tenant.sentinel.reset()
    tenant.actor.reset()
    tenant.pass_time()

    assert len(tenant.twins()) == 1
