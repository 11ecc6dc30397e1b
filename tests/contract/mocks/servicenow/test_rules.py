from datetime import timedelta
from typing import Any

import httpx
import pytest

from connector.mocks.kernel import Clock
from connector.mocks.servicenow import NoRowError, RefusedError, ServiceNowMock, stable_id

DANA = stable_id("sys_user", "dana.example")
SOC1 = stable_id("sys_user_group", "SOC Tier 1")
SOC2 = stable_id("sys_user_group", "SOC Tier 2")
RESOLUTION = {"close_code": "Solution provided", "close_notes": "Fixed"}
RESOLVED = {"state": "6", **RESOLUTION}
CLOSED = {"state": "7", **RESOLUTION}
NO_LINKS = {"sysparm_exclude_reference_link": "true"}


async def create(client: httpx.AsyncClient, **values: Any) -> dict[str, str]:
    answer = await client.post("/api/now/table/incident", params=NO_LINKS, json=values)
    assert answer.status_code == 201, answer.text
    row: dict[str, str] = answer.json()["result"]
    return row


async def patch(client: httpx.AsyncClient, sys_id: str, **values: Any) -> httpx.Response:
    return await client.patch(f"/api/now/table/incident/{sys_id}", params=NO_LINKS, json=values)


async def patched(client: httpx.AsyncClient, sys_id: str, **values: Any) -> dict[str, str]:
    answer = await patch(client, sys_id, **values)
    assert answer.status_code == 200, answer.text
    row: dict[str, str] = answer.json()["result"]
    return row


def detail(answer: httpx.Response) -> str:
    assert answer.status_code == 403
    assert answer.json()["error"]["message"] == "Operation Failed"
    return str(answer.json()["error"]["detail"])


async def test_a_new_incident_has_its_defaults(client: httpx.AsyncClient) -> None:
    first, second = await create(client), await create(client)
    assert [first["number"], second["number"]] == ["INC0010001", "INC0010002"]
    assert [first["state"], first["active"], first["category"], first["severity"]] == [
        "1",
        "true",
        "inquiry",
        "3",
    ]
    assert first["opened_by"] == stable_id("sys_user", "integration")
    assert first["opened_at"] == first["sys_created_on"] == "2026-03-04 09:10:05"
    assert first["sys_created_by"] == "integration"


@pytest.mark.parametrize(
    ("impact", "urgency", "priority"),
    [(1, 1, "1"), (1, 2, "2"), (2, 1, "2"), (1, 3, "3"), (2, 2, "3"), (3, 1, "3"), (2, 3, "4"), (3, 3, "5")],
)
async def test_priority_comes_from_the_matrix(
    client: httpx.AsyncClient, impact: int, urgency: int, priority: str
) -> None:
    row = await create(client, impact=impact, urgency=urgency, priority=2)
    assert row["priority"] == priority
    assert (await patched(client, row["sys_id"], priority="1"))["priority"] == priority


@pytest.mark.parametrize("state", ["6", "7"])
@pytest.mark.parametrize(
    ("sent", "labels"),
    [
        ({}, "Resolution code, Resolution notes"),
        ({"close_code": "Duplicate"}, "Resolution notes"),
        ({"close_notes": "x"}, "Resolution code"),
        ({"close_code": "", "close_notes": "x"}, "Resolution code"),
    ],
)
async def test_resolving_needs_code_and_notes(
    client: httpx.AsyncClient, mock: ServiceNowMock, state: str, sent: dict[str, str], labels: str
) -> None:
    row = await create(client)
    answer = await patch(client, row["sys_id"], state=state, **sent)
    assert detail(answer) == f"Data Policy Exception: The following fields are mandatory: {labels}"
    assert mock.contents()["incident"][0]["state"] == "1"
    mock.settings.data_policy = False
    assert (await patched(client, row["sys_id"], state=state, **sent))["state"] == state


async def test_resolving_stamps_and_reopening_counts(client: httpx.AsyncClient, clock: Clock) -> None:
    row = await create(client)
    clock.advance(timedelta(minutes=5))
    resolved = await patched(client, row["sys_id"], **RESOLVED)
    assert (resolved["resolved_at"], resolved["active"]) == ("2026-03-04 09:15:05", "true")
    assert resolved["resolved_by"] == stable_id("sys_user", "integration")
    reopened = await patched(client, row["sys_id"], state="2")
    assert (reopened["reopen_count"], reopened["resolved_at"]) == ("1", "")
    assert reopened["reopened_time"] == "2026-03-04 09:15:05"


@pytest.mark.parametrize("final", [CLOSED, {"state": "8"}])
async def test_closed_and_cancelled_are_final(
    client: httpx.AsyncClient, mock: ServiceNowMock, final: dict[str, str]
) -> None:
    row = await create(client)
    closed = await patched(client, row["sys_id"], **final)
    assert (closed["active"], closed["closed_at"]) == ("false", "2026-03-04 09:10:05")
    for change in ({"state": "2"}, {"work_notes": "more"}, {"short_description": "other"}):
        answer = await patch(client, row["sys_id"], **change)
        assert "was aborted by Business Rule 'Protect closed incidents^" in detail(answer)
    assert (await patch(client, row["sys_id"], **final)).status_code == 200, "changes nothing"
    assert mock.edit("incident", row["sys_id"], {"state": "2"}, by="admin")["active"] == "true"


async def test_closing_can_be_left_open_to_return(client: httpx.AsyncClient, mock: ServiceNowMock) -> None:
    mock.settings.closed_is_final = False
    row = await create(client)
    await patched(client, row["sys_id"], **CLOSED)
    assert (await patched(client, row["sys_id"], state="2"))["closed_at"] == ""


async def test_incident_state_mirrors_state(client: httpx.AsyncClient) -> None:
    row = await create(client, state="2")
    assert row["incident_state"] == "2"
    assert (await patched(client, row["sys_id"], incident_state="3"))["state"] == "3"
    assert (await patched(client, row["sys_id"], state="1", incident_state="2"))["incident_state"] == "1"


async def test_leaving_on_hold_clears_the_reason(client: httpx.AsyncClient, mock: ServiceNowMock) -> None:
    row = await create(client, state="3", hold_reason="4")
    assert (await patched(client, row["sys_id"], state="2"))["hold_reason"] == ""
    mock.settings.hold_reason_cleared = False
    await patched(client, row["sys_id"], state="3", hold_reason="4")
    assert (await patched(client, row["sys_id"], state="2"))["hold_reason"] == "4"


async def test_a_group_change_clears_the_assignee(client: httpx.AsyncClient) -> None:
    row = await create(client, assignment_group=SOC1, assigned_to=DANA)
    together = await patched(client, row["sys_id"], assignment_group=SOC2, assigned_to=DANA)
    assert (together["assigned_to"], together["reassignment_count"]) == (DANA, "1")
    unchanged = await patched(client, row["sys_id"], assignment_group=SOC2)
    assert unchanged["assigned_to"] == DANA
    alone = await patched(client, row["sys_id"], assignment_group=SOC1)
    assert (alone["assigned_to"], alone["reassignment_count"]) == ("", "2")


async def test_only_effective_writes_are_counted(
    client: httpx.AsyncClient, mock: ServiceNowMock, clock: Clock
) -> None:
    row = await create(client, short_description="x")
    clock.advance(timedelta(seconds=1.9))
    same = await patched(client, row["sys_id"], short_description="x", u_unknown="y", priority="1")
    assert (same["sys_mod_count"], same["sys_updated_on"]) == ("0", "2026-03-04 09:10:05")
    other = await patched(client, row["sys_id"], short_description="z")
    assert (other["sys_mod_count"], other["sys_updated_on"]) == ("1", "2026-03-04 09:10:06")
    noted = await patched(client, row["sys_id"], work_notes="n")
    assert noted["sys_mod_count"] == "2"
    assert mock.edit("incident", row["sys_id"], {"state": "2"})["sys_updated_by"] == "dana.example"


async def test_the_callers_comment_ends_the_wait_for_the_caller(
    client: httpx.AsyncClient, mock: ServiceNowMock
) -> None:
    row = await create(client, state="3", hold_reason="1", caller_id=DANA)
    await patched(client, row["sys_id"], comments="We are waiting")
    assert mock.contents()["incident"][0]["state"] == "3"
    after = mock.edit("incident", row["sys_id"], {"comments": "Here I am"}, by="dana.example")
    assert (after["state"], after["hold_reason"]) == ("2", "")


async def test_awaiting_the_caller_may_demand_a_comment(
    client: httpx.AsyncClient, mock: ServiceNowMock
) -> None:
    row = await create(client)
    mock.settings.awaiting_caller_needs_comment = True
    answer = await patch(client, row["sys_id"], state="3", hold_reason="1")
    assert detail(answer).endswith("mandatory: Additional comments")
    await patched(client, row["sys_id"], state="3", hold_reason="1", comments="Please call")


@pytest.mark.parametrize("sent", [{"state": "5"}, {"close_code": "Made up"}, {"category": "made up"}])
async def test_choices_are_enforced_on_demand(
    client: httpx.AsyncClient, mock: ServiceNowMock, sent: dict[str, str]
) -> None:
    row = await create(client)
    assert (await patched(client, row["sys_id"], **sent)).items() >= sent.items()
    await patched(client, row["sys_id"], state="1", category="inquiry")
    mock.settings.choices_enforced = True
    other = await create(client)
    assert "Allow listed choices only" in detail(await patch(client, other["sys_id"], **sent))


async def test_a_failing_rule_aborts_every_write(client: httpx.AsyncClient, mock: ServiceNowMock) -> None:
    row = await create(client)
    mock.settings.failing_rule = "Validate Owner"
    assert "Business Rule 'Validate Owner^" in detail(await patch(client, row["sys_id"], state="2"))


def test_people_are_refused_by_rules_too(mock: ServiceNowMock) -> None:
    row = mock.create("incident", {"short_description": "From a person"})
    assert row["sys_created_by"] == "dana.example"
    with pytest.raises(RefusedError, match="mandatory: Resolution code"):
        mock.edit("incident", row["sys_id"], {"state": "6"})
    mock.delete("incident", row["sys_id"])
    with pytest.raises(NoRowError):
        mock.edit("incident", row["sys_id"], {"state": "2"})
    with pytest.raises(RefusedError, match="Invalid table"):
        mock.create("u_nothing", {})
