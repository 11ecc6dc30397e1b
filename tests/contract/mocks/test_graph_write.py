"""Writes to the Graph mock: what PATCH, comments and merges do, and what they refuse."""

from datetime import timedelta
from typing import Any

import pytest

from tests.contract.mocks.graph_caller import INCIDENTS, Caller


@pytest.fixture
def caller() -> Caller:
    caller = Caller()
    caller.create({"customTags": ["old"], "alerts": [{"title": "A"}, {"title": "B"}]}, {}, {})
    caller.clock.advance(timedelta(seconds=1, microseconds=123_456))
    return caller


async def patch(caller: Caller, incident_id: str, body: Any) -> dict[str, Any]:
    answer = await caller.http.patch(f"{INCIDENTS}/{incident_id}", json=body)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


@pytest.mark.parametrize(
    ("body", "stored"),
    [
        ({"assignedTo": "a@contoso.example"}, {"assignedTo": "a@contoso.example"}),
        ({"assignedTo": None}, {"assignedTo": None}),
        ({"status": "inProgress"}, {"status": "inProgress"}),
        ({"status": "Resolved"}, {"status": "resolved"}),
        ({"customTags": ["a", "b", "a"]}, {"customTags": ["a", "b"]}),
        ({"customTags": None}, {"customTags": []}),
        (
            {"classification": "TruePositive", "determination": "malware"},
            {"classification": "truePositive", "determination": "malware"},
        ),
        (
            {"classification": "falsePositive"},
            {"classification": "falsePositive", "determination": "unknown"},
        ),
        ({"severity": "high", "displayName": "x", "summary": None}, {"severity": "high", "displayName": "x"}),
        (
            {"@odata.type": "#microsoft.graph.security.incident", "resolvingComment": "r"},
            {"resolvingComment": "r"},
        ),
    ],
    ids=str,
)
async def test_a_patch_answers_with_the_whole_incident(
    caller: Caller, body: dict[str, Any], stored: dict[str, Any]
) -> None:
    answer = await patch(caller, "1", body)

    assert stored.items() <= answer.items()
    assert stored.items() <= caller.stored("1").items()
    assert answer["lastModifiedBy"] == "API-App:Test App"
    assert {"comments", "createdDateTime", "id", "@odata.context"} <= set(answer)


@pytest.mark.parametrize(
    "body",
    [
        {"assigned_to": "x"},
        {"status": "awaitingAction"},
        {"status": "redirected"},
        {"status": None},
        {"status": "closed"},
        {"determination": "confirmedUserActivity", "classification": "informationalExpectedActivity"},
        {"determination": "apt", "classification": "truePositive"},
        {"determination": "malware", "classification": "falsePositive"},
        {"determination": "malware"},
        {"classification": 3},
        {"customTags": "a"},
        {"customTags": [1]},
        {"assignedTo": 5},
        {"systemTags": ["x"]},
        {"lastUpdateDateTime": "2026-01-05T08:00:00Z"},
        {"comments": []},
        {"id": "1"},
        ["status"],
    ],
    ids=str,
)
async def test_a_refused_patch_changes_nothing(caller: Caller, body: Any) -> None:
    before = caller.stored("1")

    answer = await caller.http.patch(f"{INCIDENTS}/1", json=body)

    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "BadRequest"
    assert caller.stored("1") == before


async def test_text_that_is_no_json_is_refused(caller: Caller) -> None:
    assert (await caller.http.patch(f"{INCIDENTS}/1", content=b"{status:")).status_code == 400


async def test_switches_widen_or_narrow_what_may_be_written(caller: Caller) -> None:
    caller.mock.settings.strict_pairs = False
    assert (await patch(caller, "1", {"determination": "malware"}))["determination"] == "malware"

    caller.mock.settings.portal_fields = False
    assert (await caller.http.patch(f"{INCIDENTS}/1", json={"severity": "low"})).status_code == 400


async def test_the_answers_update_time_is_finer_than_later_reads(caller: Caller) -> None:
    answer = await patch(caller, "1", {"assignedTo": "x"})
    later = (await caller.get(f"{INCIDENTS}/1")).json()["lastUpdateDateTime"]

    assert later == "2026-01-05T08:03:01.1233333Z"
    assert answer["lastUpdateDateTime"].startswith("2026-01-05T08:03:01.123456")
    assert len(answer["lastUpdateDateTime"]) == len("2026-01-05T08:03:01.1234567Z")


async def test_resolving_resolves_the_alerts_and_an_owner_is_given_to_them(caller: Caller) -> None:
    await patch(caller, "1", {"status": "resolved", "assignedTo": "x"})

    alerts = caller.stored("1")["alerts"]
    assert [(alert["status"], alert["assignedTo"]) for alert in alerts] == [("resolved", "x")] * 2
    assert all(alert["resolvedDateTime"] == "2026-01-05T08:03:01.1233333Z" for alert in alerts)


async def test_a_comment_answers_with_all_comments_in_the_apps_name(caller: Caller) -> None:
    first = await caller.http.post(f"{INCIDENTS}/1/comments", json={"comment": "one"})
    body = {"@odata.type": "microsoft.graph.security.alertComment", "comment": "two"}
    second = await caller.http.post(f"{INCIDENTS}/1/comments", json=body)

    assert (first.status_code, second.status_code) == (200, 200)
    assert [item["comment"] for item in second.json()["value"]] == ["one", "two"]
    assert second.json()["value"][0] == {
        "comment": "one",
        "createdByDisplayName": "Test App",
        "createdDateTime": "2026-01-05T08:03:01.123456Z",
    }
    assert caller.stored("1")["lastUpdateDateTime"] == "2026-01-05T08:03:01.1233333Z"


@pytest.mark.parametrize(
    "body",
    [{}, {"comment": " "}, {"comment": 5}, {"comment": "x", "author": "me"}, {"comment": "x" * 30_001}],
)
async def test_refused_comments(caller: Caller, body: dict[str, Any]) -> None:
    assert (await caller.http.post(f"{INCIDENTS}/1/comments", json=body)).status_code == 400
    assert caller.stored("1")["comments"] == []


@pytest.mark.parametrize("action", ["mergeIncidents", "microsoft.graph.security.mergeIncidents"])
async def test_a_merge_moves_alerts_and_tags_and_leaves_comments(caller: Caller, action: str) -> None:
    caller.mock.portal.add_alert("2", {"title": "C"}, "Microsoft 365 Defender")
    caller.mock.portal_set("2", {"customTags": ["old", "new"]}, "somebody")
    caller.mock.portal_comment("2", "stays here", "somebody")
    body = {"incidentIds": ["2", "1"], "incidentComment": "same campaign", "mergeReasons": "sameActor"}

    answer = await caller.http.post(f"{INCIDENTS}/{action}", json=body)

    assert answer.status_code == 200
    assert answer.json()["targetIncidentId"] == "1"
    target, source = caller.stored("1"), caller.stored("2")
    assert [alert["title"] for alert in target["alerts"]] == ["A", "B", "C"]
    assert {alert["incidentId"] for alert in target["alerts"]} == {"1"}
    assert target["customTags"] == ["old", "new"]
    assert [comment["comment"] for comment in target["comments"]] == ["same campaign"]
    assert (source["status"], source["redirectIncidentId"]) == ("redirected", "1")
    assert (source["alerts"], source["customTags"]) == ([], [])
    assert source["systemTags"] == ["Redirected"]
    assert [comment["comment"] for comment in source["comments"]] == ["stays here"]
    assert source["lastUpdateDateTime"] == target["lastUpdateDateTime"] == "2026-01-05T08:03:01.1233333Z"


async def test_merges_may_form_a_chain_and_a_merged_incident_stays_redirected(caller: Caller) -> None:
    caller.mock.portal.merge("3", "2", "Microsoft 365 Defender")
    caller.mock.portal.merge("2", "1", "Microsoft 365 Defender")

    answer = await patch(caller, "3", {"status": "resolved", "assignedTo": "x"})

    assert (answer["status"], answer["redirectIncidentId"], answer["assignedTo"]) == ("redirected", "2", "x")
    assert caller.stored("2")["redirectIncidentId"] == "1"


@pytest.mark.parametrize(
    ("change", "ids"),
    [
        ({"assignedTo": "x"}, ["1", "2"]),
        ({"classification": "truePositive"}, ["1", "2"]),
        ({"status": "resolved"}, ["1", "2"]),
        ({}, ["1"]),
        ({}, ["1", "1"]),
        ({}, ["1", 2]),
        ({}, ["1", "2", "3", "4", "5", "6"]),
    ],
    ids=str,
)
async def test_refused_merges(caller: Caller, change: dict[str, Any], ids: list[Any]) -> None:
    caller.mock.portal_set("2", change, "somebody")

    answer = await caller.http.post(f"{INCIDENTS}/mergeIncidents", json={"incidentIds": ids})

    assert answer.status_code == 400
    assert caller.stored("2")["redirectIncidentId"] is None


async def test_merging_an_unknown_incident_is_a_404(caller: Caller) -> None:
    answer = await caller.http.post(f"{INCIDENTS}/mergeIncidents", json={"incidentIds": ["1", "9"]})

    assert answer.status_code == 404


async def test_merging_needs_a_right_of_its_own_or_the_right_to_write(caller: Caller) -> None:
    answers = []
    for role in ("SecurityIncident.Read.All", "SecurityData.Manage.All"):
        caller.roles = frozenset({role})
        answers.append(
            await caller.http.post(f"{INCIDENTS}/mergeIncidents", json={"incidentIds": ["1", "2"]})
        )

    assert [answer.status_code for answer in answers] == [403, 200]
