from typing import Any

import httpx
import pytest

from connector.mocks.servicenow import ServiceNowMock, stable_id

DANA = stable_id("sys_user", "dana.example")
INTEGRATION = stable_id("sys_user", "integration")
LINK = f"https://instance.test/api/now/table/sys_user/{DANA}"
ROW = "0123456789abcdef" * 2
FIELDS = (
    "state,assigned_to,caller_id,opened_at,assigned_to.email,caller_id.email,work_notes,sys_class_name,u_no"
)


@pytest.fixture(autouse=True)
async def incident(mock: ServiceNowMock) -> None:
    values = {"sys_id": ROW, "state": "2", "assigned_to": DANA, "work_notes": "First look"}
    mock.create("incident", values)
    mock.edit("sys_user", INTEGRATION, {"time_zone": "Europe/Berlin"})


HISTORY = "2026-03-04 10:10:05 - Dana Example (Work notes)\nFirst look\n\n"


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        (
            {},
            {
                "state": "2",
                "assigned_to": {"link": LINK, "value": DANA},
                "caller_id": "",
                "opened_at": "2026-03-04 09:10:05",
                "assigned_to.email": "dana@example.com",
                "caller_id.email": "",
                "work_notes": "",
                "sys_class_name": "incident",
            },
        ),
        (
            {"sysparm_display_value": "true"},
            {
                "state": "In Progress",
                "assigned_to": {"display_value": "Dana Example", "link": LINK},
                "caller_id": "",
                "opened_at": "2026-03-04 10:10:05",
                "assigned_to.email": "dana@example.com",
                "caller_id.email": "",
                "work_notes": HISTORY,
                "sys_class_name": "Incident",
            },
        ),
        (
            {"sysparm_display_value": "all"},
            {
                "state": {"display_value": "In Progress", "value": "2"},
                "assigned_to": {"display_value": "Dana Example", "value": DANA, "link": LINK},
                "caller_id": {"display_value": "", "value": ""},
                "opened_at": {"display_value": "2026-03-04 10:10:05", "value": "2026-03-04 09:10:05"},
                "assigned_to.email": {"display_value": "dana@example.com", "value": "dana@example.com"},
                "caller_id.email": {"display_value": "", "value": ""},
                "work_notes": {"display_value": HISTORY, "value": ""},
                "sys_class_name": {"display_value": "Incident", "value": "incident"},
            },
        ),
    ],
)
async def test_the_three_modes(
    client: httpx.AsyncClient, params: dict[str, str], expected: dict[str, Any]
) -> None:
    answer = await client.get(f"/api/now/table/incident/{ROW}", params={"sysparm_fields": FIELDS, **params})
    assert answer.json()["result"] == expected


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        ("false", DANA),
        ("true", "Dana Example"),
        ("all", {"display_value": "Dana Example", "value": DANA}),
    ],
)
async def test_references_without_links(client: httpx.AsyncClient, mode: str, expected: Any) -> None:
    params = {"sysparm_display_value": mode, "sysparm_exclude_reference_link": "true"}
    answer = await client.get(f"/api/now/table/incident/{ROW}", params=params)
    assert answer.json()["result"]["assigned_to"] == expected


async def test_without_a_field_list_every_field_is_there_and_is_text(client: httpx.AsyncClient) -> None:
    params = {"sysparm_exclude_reference_link": "true"}
    row = (await client.get(f"/api/now/table/incident/{ROW}", params=params)).json()["result"]
    assert len(row) > 80
    assert all(isinstance(value, str) for value in row.values())
    assert (row["active"], row["sys_mod_count"], row["sys_domain"]) == ("true", "0", "global")


async def test_unreadable_fields_are_missing(client: httpx.AsyncClient, mock: ServiceNowMock) -> None:
    mock.settings.no_read_fields = {"state", "incident.impact", "sys_user.email"}
    row = (await client.get(f"/api/now/table/incident/{ROW}")).json()["result"]
    assert "state" not in row
    assert "impact" not in row
    assert "urgency" in row


async def test_list_parameters_on_a_record_are_tolerated(client: httpx.AsyncClient) -> None:
    params = {"sysparm_query": "ORDERBYsys_id", "sysparm_limit": "100"}
    answer = await client.get(f"/api/now/table/incident/{ROW}", params=params)
    assert answer.json()["result"]["sys_id"] == ROW
