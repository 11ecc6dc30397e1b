"""Microsoft's own connector between the Graph and the Sentinel mocks: what it copies, when, never twice."""

from datetime import timedelta
from typing import Any

import pytest

from connector.mocks.graph import GraphMock
from connector.mocks.kernel import Clock, Refusal
from connector.mocks.microsoft import SENTINEL_APP, MicrosoftConnector
from tests.contract.mocks.sentinel_caller import Caller

ANALYST = "alexw@contoso.example"


class Tenant:
    """Both mocks on one frozen clock, and the actor between them, without delay."""

    def __init__(self) -> None:
        self.caller = Caller()
        self.clock: Clock = self.caller.clock
        self.sentinel = self.caller.mock
        self.graph = GraphMock(self.clock, authorize=lambda header: Refusal(401, ""), tenant_id="t")
        self.actor = MicrosoftConnector(self.clock, self.graph, self.sentinel)
        self.actor.enabled = True
        self.actor.longest_delay = timedelta()

    def new_incident(self, **values: Any) -> str:
        incident_id: str = self.graph.portal.create(values)["id"]
        return incident_id

    def pass_time(self, **by: float) -> None:
        self.clock.advance(timedelta(**by))
        self.actor.tick()

    def defender(self, incident_id: str) -> dict[str, Any]:
        return self.graph.portal.get(incident_id)

    def twins(self) -> list[dict[str, Any]]:
        incidents: list[dict[str, Any]] = self.sentinel.contents()["incidents"]
        return incidents

    def twin(self) -> dict[str, Any]:
        (incident,) = self.twins()
        return incident

    def twin_properties(self) -> dict[str, Any]:
        properties: dict[str, Any] = self.twin()["properties"]
        return properties

    def label_names(self) -> list[str]:
        return [label["labelName"] for label in self.twin_properties()["labels"]]

    def comments(self) -> list[dict[str, Any]]:
        rows = self.sentinel.contents()["comments"].get(self.twin()["name"], [])
        return [row["properties"] for row in rows]

    def activity(self) -> tuple[int, list[str]]:
        return self.sentinel.journal.last_seq, [one["lastUpdateDateTime"] for one in self.graph.incidents()]


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


def test_the_hundredth_comment_is_the_last_it_copies(tenant: Tenant) -> None:
    incident_id = tenant.new_incident()
    for number in range(105):
        tenant.graph.portal_comment(incident_id, f"c{number}", ANALYST)
    tenant.pass_time()

    assert len(tenant.comments()) == 100


def test_after_a_reset_everything_is_copied_anew(tenant: Tenant) -> None:
    tenant.new_incident()
    tenant.pass_time()
    tenant.sentinel.reset()
    tenant.actor.reset()
    tenant.pass_time()

    assert len(tenant.twins()) == 1
