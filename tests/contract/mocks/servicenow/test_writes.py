import json
from typing import Any

import httpx
import pytest

from connector.mocks.servicenow import ServiceNowMock, stable_id

DANA = stable_id("sys_user", "dana.example")
TABLE = "/api/now/table/incident"
NO_LINKS = {"sysparm_exclude_reference_link": "true"}
CHOSEN = "0123456789abcdef" * 2


async def create(client: httpx.AsyncClient, values: Any, **params: str) -> httpx.Response:
    return await client.post(TABLE, params={**NO_LINKS, **params}, json=values)


async def test_create_read_change_delete(client: httpx.AsyncClient) -> None:
    created = await create(client, {"short_description": "x"}, sysparm_fields="sys_id,state,u_unknown")
    assert created.status_code == 201
    sys_id = created.json()["result"]["sys_id"]
    assert created.json() == {"result": {"sys_id": sys_id, "state": "1"}}
    place = created.headers["Location"]
    assert place == f"https://instance.test{TABLE}/{sys_id}"
    assert (await client.put(place, json={"state": "2"})).json()["result"]["state"] == "2"
    assert (await client.get(place)).json()["result"]["short_description"] == "x", "PUT is partial too"
    removed = await client.delete(place)
    assert (removed.status_code, removed.content) == (204, b"")
    gone = await client.get(place)
    assert gone.status_code == 404
    assert gone.json() == {
        "error": {
            "message": "No Record found",
            "detail": "Record doesn't exist or ACL restricts the record retrieval",
        },
        "status": "failure",
    }
    assert [(await client.patch(place, json={})).status_code, (await client.delete(place)).status_code] == [
        404,
        404,
    ]


@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        ({"short_description": "x" * 200}, {"short_description": "x" * 160}),
        ({"description": "x" * 4001}, {"description": "x" * 4000}),
        ({"correlation_id": "k" * 101}, {"correlation_id": "k" * 100}),
        ({"impact": 2, "knowledge": True, "description": None}, {"impact": "2", "knowledge": "true"}),
        (
            {"sys_created_by": "me", "sys_mod_count": "9"},
            {"sys_created_by": "integration", "sys_mod_count": "0"},
        ),
        ({"category": ""}, {"category": "inquiry"}),
        ({"number": "INC924565"}, {"number": "INC924565"}),
        ({"assigned_to": DANA}, {"assigned_to": DANA}),
        ({"assigned_to": "e" * 32}, {"assigned_to": "e" * 32}),
        ({"assigned_to": "Dana Example"}, {"assigned_to": ""}),
        ({"description": {"nested": 1}}, {"description": ""}),
        ({"description": "caf\u00e9 \U0001f512"}, {"description": "caf\u00e9 \U0001f512"}),
        ({"due_date": "2026-07-01 12:00:00"}, {"due_date": "2026-07-01 12:00:00"}),
        ({"due_date": "soon"}, {"due_date": ""}),
        ({"due_date": "2026-02-30 12:00:00"}, {"due_date": ""}),
        ({"close_code": "Anything goes"}, {"close_code": "Anything goes"}),
    ],
)
async def test_what_is_stored_of_what_is_sent(
    client: httpx.AsyncClient, sent: dict[str, Any], stored: dict[str, str]
) -> None:
    answer = await create(client, sent)
    assert answer.status_code == 201
    assert answer.json()["result"].items() >= stored.items()


@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        ({"assigned_to": "Dana Example"}, {"assigned_to": DANA}),
        ({"assigned_to": "Alex Kim"}, {"assigned_to": stable_id("sys_user", "alex.kim")}),
        ({"assigned_to": "Nobody Here"}, {"assigned_to": ""}),
        ({"state": "In Progress", "impact": "1 - High"}, {"state": "2", "impact": "1"}),
        ({"due_date": "2026-07-01 12:00:00"}, {"due_date": "2026-07-01 10:00:00"}),
        ({"due_date": "soon"}, {"due_date": ""}),
    ],
)
async def test_display_values_are_resolved_on_demand(
    client: httpx.AsyncClient, mock: ServiceNowMock, sent: dict[str, str], stored: dict[str, str]
) -> None:
    mock.edit("sys_user", stable_id("sys_user", "integration"), {"time_zone": "Europe/Berlin"})
    answer = await create(client, sent, sysparm_input_display_value="true")
    assert answer.json()["result"].items() >= stored.items()


async def test_a_chosen_sys_id_is_kept_and_is_unique(client: httpx.AsyncClient, mock: ServiceNowMock) -> None:
    first = await create(client, {"sys_id": CHOSEN})
    assert first.json()["result"]["sys_id"] == CHOSEN
    again = await create(client, {"sys_id": CHOSEN})
    assert again.status_code == 403
    assert again.json()["error"]["message"] == "Operation Failed"
    assert "Unique Key violation detected by database (Duplicate entry" in again.json()["error"]["detail"]
    assert len(mock.contents()["incident"]) == 1


async def test_a_site_may_not_take_a_chosen_sys_id(client: httpx.AsyncClient, mock: ServiceNowMock) -> None:
    assert (await create(client, {"sys_id": "no-id"})).json()["result"]["sys_id"] != "no-id"
    mock.settings.hide_sys_id_writes = True
    assert (await create(client, {"sys_id": CHOSEN})).json()["result"]["sys_id"] != CHOSEN


async def test_correlation_ids_repeat_unless_the_site_forbids_it(
    client: httpx.AsyncClient, mock: ServiceNowMock
) -> None:
    for _ in range(2):
        assert (await create(client, {"correlation_id": "same"})).status_code == 201
    mock.settings.correlation_unique = True
    assert (await create(client, {"correlation_id": "same"})).status_code == 403
    assert (await create(client, {"correlation_id": ""})).status_code == 201
    other = (await create(client, {"correlation_id": "other"})).json()["result"]["sys_id"]
    assert (await client.patch(f"{TABLE}/{other}", json={"correlation_id": "same"})).status_code == 403
    assert (await client.patch(f"{TABLE}/{other}", json={"state": "2"})).status_code == 200


async def test_fields_without_write_access_are_dropped(
    client: httpx.AsyncClient, mock: ServiceNowMock
) -> None:
    mock.settings.no_write_fields = {"urgency", "incident.correlation_display", "work_notes"}
    sent = {"urgency": "1", "correlation_display": "x", "work_notes": "n", "impact": "1"}
    row = (await create(client, sent)).json()["result"]
    assert (row["urgency"], row["correlation_display"], row["impact"]) == ("3", "", "1")
    assert mock.contents()["sys_journal_field"] == []


@pytest.mark.parametrize(("method", "verb"), [("POST", "Insert"), ("PATCH", "Update"), ("DELETE", "Delete")])
async def test_read_only_tables(
    client: httpx.AsyncClient, mock: ServiceNowMock, method: str, verb: str
) -> None:
    mock.settings.read_only_tables.add("incident")
    row = mock.create("incident", {})
    path = TABLE if method == "POST" else f"{TABLE}/{row['sys_id']}"
    answer = await client.request(method, path, json={})
    assert answer.status_code == 403
    assert answer.json()["error"]["detail"] == f"ACL Exception {verb} Failed due to security constraints"


async def test_journals_only_grow(client: httpx.AsyncClient, mock: ServiceNowMock) -> None:
    row = (await create(client, {"work_notes": "one"})).json()["result"]
    place = f"{TABLE}/{row['sys_id']}"
    answer = await client.patch(place, json={"work_notes": "two", "comments": "three"})
    assert (answer.json()["result"]["work_notes"], answer.json()["result"]["comments"]) == ("", "")
    await client.patch(place, json={"work_notes": ""})
    params = {"sysparm_display_value": "true", "sysparm_fields": "work_notes,comments_and_work_notes"}
    shown = (await client.get(place, params=params)).json()["result"]
    block = "2026-03-04 09:10:05 - Defender Integration (Work notes)\n{}\n\n"
    assert shown["work_notes"] == block.format("two") + block.format("one")
    assert "(Additional comments)\nthree" in shown["comments_and_work_notes"]
    query = f"element_id={row['sys_id']}^name=incident^elementINwork_notes^ORDERBYsys_created_on"
    listed = await client.get("/api/now/table/sys_journal_field", params={"sysparm_query": query})
    assert [entry["value"] for entry in listed.json()["result"]] == ["one", "two"]
    mock.settings.journals_readable = False
    refused = await client.get("/api/now/table/sys_journal_field", params={"sysparm_query": query})
    assert refused.status_code == 403
    assert refused.json()["error"] == {"message": "Insufficient rights to query records", "detail": None}


async def test_the_joined_journal_is_computed(client: httpx.AsyncClient, mock: ServiceNowMock) -> None:
    await create(client, {"comments_and_work_notes": "lost"})
    assert mock.contents()["sys_journal_field"] == []


async def test_a_changed_key_is_found_and_the_old_one_is_not(
    client: httpx.AsyncClient, mock: ServiceNowMock
) -> None:
    row = mock.create("incident", {"correlation_id": "old"})
    await client.patch(f"{TABLE}/{row['sys_id']}", json={"correlation_id": "new"})
    query = "sysparm_fields=correlation_id&sysparm_query=correlation_idINold,new"
    listed = await client.get(f"{TABLE}?{query}")
    assert listed.json() == {"result": [{"correlation_id": "new"}]}


async def test_only_the_first_element_of_an_array_counts(
    client: httpx.AsyncClient, mock: ServiceNowMock
) -> None:
    answer = await create(client, [{"correlation_id": "one"}, {"correlation_id": "two"}])
    assert answer.json()["result"]["correlation_id"] == "one"
    assert len(mock.contents()["incident"]) == 1


@pytest.mark.parametrize("body", [b"{", b'"text"', b"\xff"])
async def test_bodies_that_are_no_object_are_refused(client: httpx.AsyncClient, body: bytes) -> None:
    answer = await client.post(TABLE, content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 400


async def test_a_lone_surrogate_comes_back_as_a_question_mark(client: httpx.AsyncClient) -> None:
    body = json.dumps({"short_description": "a\ud800b"}).encode()
    answer = await client.post(TABLE, content=body, headers={"Content-Type": "application/json"})
    assert answer.json()["result"]["short_description"] == "a?b"


async def test_the_body_of_the_answer_can_be_left_out(client: httpx.AsyncClient) -> None:
    answer = await client.post(TABLE, json={}, headers={"X-no-response-body": "true"})
    assert (answer.status_code, answer.content) == (201, b"")
    assert answer.headers["Location"].startswith(f"https://instance.test{TABLE}/")


async def test_a_post_may_carry_another_verb(client: httpx.AsyncClient, mock: ServiceNowMock) -> None:
    row = mock.create("incident", {})
    place = f"{TABLE}/{row['sys_id']}"
    answer = await client.post(place, json={"state": "2"}, headers={"X-HTTP-Method-Override": "PATCH"})
    assert (answer.status_code, answer.json()["result"]["state"]) == (200, "2")


async def test_the_directory_and_the_choices_are_there(
    client: httpx.AsyncClient, mock: ServiceNowMock
) -> None:
    async def values(table: str, query: str, field: str) -> list[str]:
        params = {"sysparm_query": query, "sysparm_fields": field}
        answer = await client.get(f"/api/now/table/{table}", params=params)
        return [row[field] for row in answer.json()["result"]]

    codes = await values("sys_choice", "name=incident^element=close_code^inactive=false", "value")
    assert {"Closed/Resolved by Caller", "Solution provided"} < set(codes)
    assert await values("sys_choice", "name=incident^element=state^ORDERBYsequence", "value") == list(
        "123678"
    )
    assert await values("sys_user", "name=Alex Kim^ORDERBYuser_name", "user_name") == [
        "alex.kim",
        "alex.kim2",
    ]
    assert await values("sys_user_group", "nameINSOC-PCI,SOC Tier 1^ORDERBYname", "name") == [
        "SOC Tier 1",
        "SOC-PCI",
    ]
    assert await values("sys_db_object", "name=incident", "super_class.name") == ["task"]
    mock.settings.users_visible = False
    assert await values("sys_user", "user_name=dana.example", "name") == []
    assert (await client.get(f"/api/now/table/sys_user/{DANA}")).status_code == 404


def test_a_reset_brings_back_the_new_instance(mock: ServiceNowMock) -> None:
    before = mock.contents()
    ids = [mock.create("incident", {})["sys_id"] for _ in range(2)]
    mock.reset()
    assert mock.contents() == before
    assert [mock.create("incident", {})["sys_id"] for _ in range(2)] == ids
