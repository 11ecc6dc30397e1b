"""Security incidents: a process that goes forward only; and what the instance says of its own tables."""

from typing import Any

import httpx
import pytest

from connector.mocks.servicenow import ServiceNowMock

SECURITY = "/api/now/table/sn_si_incident"
DRAFT, ANALYSIS, CONTAIN, ERADICATE, RECOVER, REVIEW, CLOSED, CANCELLED = [
    "10",
    "16",
    "18",
    "19",
    "20",
    "100",
    "3",
    "7",
]
CLOSURE = {"close_code": "Threat mitigated", "close_notes": "Done"}


async def send(client: httpx.AsyncClient, sys_id: str, **values: Any) -> httpx.Response:
    return await client.patch(f"{SECURITY}/{sys_id}", json=values)


async def begun(client: httpx.AsyncClient) -> str:
    answer = await client.post(SECURITY, json={"short_description": "Phish"})
    assert answer.status_code == 201
    row = answer.json()["result"]
    assert (row["state"], row["number"][:3]) == (DRAFT, "SIR")
    sys_id: str = row["sys_id"]
    return sys_id


async def test_the_process_is_walked_step_by_step(client: httpx.AsyncClient) -> None:
    sys_id = await begun(client)
    for state in (ANALYSIS, CONTAIN, ERADICATE, RECOVER, REVIEW):
        assert (await send(client, sys_id, state=state)).status_code == 200
    refused = await send(client, sys_id, state=CLOSED)
    assert "mandatory: Close code, Close notes" in refused.json()["error"]["detail"]
    closed = await send(client, sys_id, state=CLOSED, **CLOSURE)
    assert closed.json()["result"]["active"] == "false"
    assert "Protect closed" in (await send(client, sys_id, work_notes="late")).json()["error"]["detail"]


@pytest.mark.parametrize(("state", "then"), [(CONTAIN, ""), (CLOSED, ""), (ANALYSIS, DRAFT), ("99", "")])
async def test_a_jump_and_a_way_back_are_refused(
    client: httpx.AsyncClient, mock: ServiceNowMock, state: str, then: str
) -> None:
    sys_id = await begun(client)
    if then:
        assert (await send(client, sys_id, state=state)).status_code == 200
    refused = await send(client, sys_id, state=then or state, **CLOSURE)
    assert refused.status_code == 403
    assert "Validate state transition" in refused.json()["error"]["detail"]
    mock.settings.process_is_stateful = False
    assert (await send(client, sys_id, state=then or state, **CLOSURE)).status_code == 200


async def test_cancelling_is_possible_at_any_time_and_a_late_beginning_is_not(
    client: httpx.AsyncClient,
) -> None:
    assert (await send(client, await begun(client), state=CANCELLED)).status_code == 200
    assert (await client.post(SECURITY, json={"state": ANALYSIS})).status_code == 403


async def test_a_plug_in_may_be_absent(client: httpx.AsyncClient, mock: ServiceNowMock) -> None:
    mock.settings.absent_tables.add("sn_si_incident")
    answer = await client.get(SECURITY)
    assert (answer.status_code, answer.json()["error"]["message"]) == (400, "Invalid table sn_si_incident")


async def test_a_column_stands_in_the_dictionary_with_the_table_that_brought_it(
    client: httpx.AsyncClient,
) -> None:
    params = {
        "sysparm_query": "nameINincident,task^elementINshort_description,close_code,state",
        "sysparm_fields": "name,element,max_length",
    }
    answer = await client.get("/api/now/table/sys_dictionary", params=params)
    found = {(row["name"], row["element"]): row["max_length"] for row in answer.json()["result"]}
    assert found == {
        ("task", "short_description"): "160",
        ("incident", "close_code"): "255",
        ("task", "state"): "255",
    }


async def test_roles_of_the_account_can_be_read(client: httpx.AsyncClient) -> None:
    params = {"sysparm_query": "user=javascript:gs.getUserID()", "sysparm_fields": "role.name"}
    answer = await client.get("/api/now/table/sys_user_has_role", params=params)
    roles = {row["role.name"] for row in answer.json()["result"]}
    assert roles == {"itil", "rest_service", "sn_si.analyst"}
