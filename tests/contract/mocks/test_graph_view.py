"""What a caller of the Graph mock gets to see: shapes, times, withheld members, versions, bad items, roles."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connector.mocks.graph.times import on_grid, parse_ticks, text_of, ticks_of
from connector.mocks.kernel import Refusal
from tests.contract.mocks.graph_caller import INCIDENTS, SHOW_NEW, Caller


@pytest.fixture
def caller() -> Caller:
    caller = Caller()
    evidence = [{"@odata.type": "#microsoft.graph.security.ipEvidence", "remediationStatus": "running"}]
    alert = {
        "title": "A",
        "serviceSource": "microsoftSentinel",
        "detectionSource": "nrtAlerts",
        "evidence": evidence,
    }
    caller.create({"status": "awaitingAction", "recommendedActions": "Do it.", "alerts": [alert]})
    return caller


async def test_an_incident_shows_every_property_and_its_context(caller: Caller) -> None:
    answer = await caller.get(f"{INCIDENTS}/1")

    assert answer.headers["Content-Type"].startswith("application/json;odata.metadata=minimal")
    assert "ServerInfo" in answer.headers["x-ms-ags-diagnostic"]
    assert answer.json() == {
        "@odata.context": "http://graph.test/v1.0/$metadata#security/incidents/$entity",
        "id": "1",
        "tenantId": "tenant-1",
        "status": "unknownFutureValue",
        "incidentWebUrl": "https://security.microsoft.com/incidents/1?tid=tenant-1",
        "redirectIncidentId": None,
        "displayName": "Incident 1",
        "createdDateTime": "2026-01-05T08:01:00Z",
        "lastUpdateDateTime": "2026-01-05T08:01:00Z",
        "assignedTo": None,
        "classification": "unknown",
        "determination": "unknown",
        "severity": "medium",
        "priorityScore": None,
        "customTags": [],
        "systemTags": [],
        "description": None,
        "summary": None,
        "resolvingComment": None,
        "lastModifiedBy": "Microsoft 365 Defender-IncidentCreation",
        "comments": [],
    }


@pytest.mark.parametrize(
    ("prefer", "shown"),
    [
        (None, False),
        ("include-unknown-enum-members", True),
        ("Include-Unknown-Enum-Members", True),
        ("odata.maxpagesize=5, include-unknown-enum-members", True),
        ("return=minimal; include-unknown-enum-members", True),
        ("include-unknown-enum-members-not", False),
    ],
)
async def test_new_members_are_withheld_unless_preferred(
    caller: Caller, prefer: str | None, shown: bool
) -> None:
    headers = {"prefer": prefer} if prefer else {}
    body = (await caller.http.get(f"{INCIDENTS}/1?$expand=alerts", headers=headers)).json()
    alert = body["alerts"][0]

    seen = [
        body["status"],
        alert["serviceSource"],
        alert["detectionSource"],
        alert["evidence"][0]["remediationStatus"],
    ]
    new = ["awaitingAction", "microsoftSentinel", "nrtAlerts", "running"]
    assert seen == (new if shown else ["unknownFutureValue"] * 4)
    assert alert["@odata.type"] == "#microsoft.graph.security.alert"


async def test_the_gate_can_be_opened(caller: Caller) -> None:
    caller.mock.settings.withhold_new_members = False

    assert (await caller.get(f"{INCIDENTS}/1")).json()["status"] == "awaitingAction"


async def test_beta_shows_more(caller: Caller) -> None:
    stable = (await caller.get(f"{INCIDENTS}/1")).json()
    beta = (await caller.get("/beta/security/incidents/1")).json()

    assert set(beta) - set(stable) == {"recommendedActions", "recommendedHuntingQueries"}
    assert beta["@odata.context"].startswith("http://graph.test/beta/")


async def test_alerts_have_their_own_address_and_expansion(caller: Caller) -> None:
    listed = (await caller.get(f"{INCIDENTS}/1/alerts")).json()["value"]
    expanded = (await caller.get(f"{INCIDENTS}/1", expand="alerts")).json()["alerts"]
    selected = (await caller.get(f"{INCIDENTS}/1", expand="alerts", select="id")).json()

    assert listed == expanded
    assert [alert["title"] for alert in listed] == ["A"]
    assert set(selected) == {"@odata.context", "id", "alerts"}


@pytest.mark.parametrize("path", [f"{INCIDENTS}/99", f"{INCIDENTS}/99/alerts", f"{INCIDENTS}/x"])
async def test_an_unknown_incident_is_a_404(caller: Caller, path: str) -> None:
    answer = await caller.http.get(path, headers={"client-request-id": "mine"})
    error = answer.json()["error"]

    assert answer.status_code == 404
    assert error["innerError"]["client-request-id"] == "mine"
    assert error["innerError"]["request-id"] == answer.headers["request-id"]


@pytest.mark.parametrize(
    ("roles", "reading", "writing"),
    [
        ({"SecurityIncident.ReadWrite.All"}, 200, 200),
        ({"SecurityIncident.Read.All"}, 200, 403),
        ({"SecurityAlert.Read.All"}, 403, 403),
        (set(), 403, 403),
    ],
    ids=str,
)
async def test_roles(caller: Caller, roles: set[str], reading: int, writing: int) -> None:
    caller.roles = frozenset(roles)

    assert (await caller.get()).status_code == reading
    assert (await caller.http.patch(f"{INCIDENTS}/1", json={"assignedTo": "x"})).status_code == writing
    comment = await caller.http.post(f"{INCIDENTS}/1/comments", json={"comment": "x"})
    assert comment.status_code == writing


@pytest.mark.parametrize(
    ("refusal", "code"),
    [(Refusal(401, "no"), "InvalidAuthenticationToken"), (Refusal(403, "no"), "Authorization_RequestDenied")],
)
async def test_refusals(refusal: Refusal, code: str) -> None:
    answer = await Caller(refusal).get()

    assert answer.status_code == refusal.status
    assert answer.json()["error"]["code"] == code
    assert ("WWW-Authenticate" in answer.headers) == (refusal.status == 401)


@pytest.mark.parametrize(
    ("served", "name", "value"),
    [
        ({"overrides": {"status": "frozenInTime"}}, "status", "frozenInTime"),
        ({"overrides": {"priorityScore": "87", "newMember": {"a": [1]}}}, "newMember", {"a": [1]}),
        ({"overrides": {"displayName": "a\u0000b"}}, "displayName", "a\u0000b"),
        ({"omit": ["severity"]}, "severity", None),
    ],
    ids=str,
)
async def test_items_no_healthy_service_sends(
    caller: Caller, served: dict[str, Any], name: str, value: Any
) -> None:
    caller.mock.portal_set("1", served, "test")

    body = (await caller.get()).json()["value"][0]

    assert body.get(name) == value
    assert (name in body) == ("omit" not in served)
    assert caller.stored("1")["status"] == "awaitingAction"


async def test_a_raw_text_is_served_as_it_is(caller: Caller) -> None:
    raw = '{"id":"1","displayName":"half \\ud800 of a pair","status":7}'
    caller.mock.portal_set("1", {"raw": raw}, "test")

    answer = await caller.get()

    assert b"half \\ud800 of a pair" in answer.content
    assert json.loads(answer.content)["value"][0]["status"] == 7
    assert (await caller.get(f"{INCIDENTS}/1")).content == raw.encode()


async def test_a_lone_surrogate_in_a_stored_text_becomes_an_escape(caller: Caller) -> None:
    caller.mock.portal_set("1", {"displayName": "x\ud800y"}, "test")

    assert b'"x\\ud800y"' in (await caller.get()).content


async def test_a_change_is_seen_in_every_view(caller: Caller) -> None:
    addresses = [f"{INCIDENTS}/1", "/beta/security/incidents/1", f"{INCIDENTS}/1?$expand=alerts"]
    for address in addresses:
        assert (await caller.http.get(address, headers=SHOW_NEW)).json()["severity"] == "medium"
    caller.mock.portal_set("1", {"severity": "high"}, "somebody")

    for address in addresses:
        assert (await caller.http.get(address, headers=SHOW_NEW)).json()["severity"] == "high"


@pytest.mark.parametrize(
    ("ticks", "text"),
    [
        (0, "1970-01-01T00:00:00Z"),
        (2_300_000, "1970-01-01T00:00:00.23Z"),
        (2_333_333, "1970-01-01T00:00:00.2333333Z"),
        (17_675_136_000_000_001, "2026-01-04T08:00:00.0000001Z"),
    ],
)
def test_times_are_written_with_trimmed_decimals_and_read_back(ticks: int, text: str) -> None:
    assert text_of(ticks) == text
    assert parse_ticks(text) == ticks


def test_times_are_read_in_any_zone_and_precision() -> None:
    assert parse_ticks("2026-01-05T10:00+02:00") == parse_ticks("2026-01-05T08:00:00.0000000z")
    with pytest.raises(ValueError, match="no date-time"):
        parse_ticks("2026-01-05T10:00")


def test_the_grid_is_a_three_hundredth_of_a_second() -> None:
    start = ticks_of(datetime(2026, 1, 5, tzinfo=UTC))
    steps = {on_grid(start + tick) for tick in range(0, 10_000_000, 997)}

    assert len(steps) == 300
    assert all(on_grid(step) == step for step in steps)
    assert text_of(on_grid(start + 433_334)) == "2026-01-05T00:00:00.0433333Z"
    assert all(on_grid(start + tick) <= start + tick for tick in range(70_000))


async def test_updates_within_a_grid_step_share_their_time(caller: Caller) -> None:
    caller.create({}, {}, minutes=0)
    caller.clock.advance(timedelta(microseconds=900))
    caller.mock.portal_set("2", {"severity": "low"}, "somebody")

    assert caller.stored("2")["lastUpdateDateTime"] == caller.stored("3")["lastUpdateDateTime"]
