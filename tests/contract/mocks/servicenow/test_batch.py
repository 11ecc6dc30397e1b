import base64
import json
from typing import Any

import httpx
import pytest

from connector.mocks.servicenow import ServiceNowMock

BATCH = "/api/now/v1/batch"
ROW = "0123456789abcdef" * 2


def item(name: str, method: str, url: str, body: Any = None) -> dict[str, Any]:
    encoded = {} if body is None else {"body": base64.b64encode(json.dumps(body).encode()).decode()}
    return {"id": name, "method": method, "url": url, "headers": [], **encoded}


async def send(client: httpx.AsyncClient, *items: dict[str, Any], batch_id: Any = 1) -> dict[str, Any]:
    answer = await client.post(BATCH, json={"batch_request_id": batch_id, "rest_requests": list(items)})
    assert answer.status_code == 200, answer.text
    result: dict[str, Any] = answer.json()
    return result


def decoded(served: dict[str, Any]) -> Any:
    return json.loads(base64.b64decode(served["body"]))


async def test_items_are_served_in_order_and_one_by_one(client: httpx.AsyncClient) -> None:
    table = "/api/now/table/incident"
    result = await send(
        client,
        item("a", "POST", table, {"sys_id": ROW, "short_description": "x"}),
        item("b", "PATCH", f"{table}/{ROW}", {"state": "6"}),
        item("c", "GET", f"{table}/{ROW}?sysparm_fields=sys_id,state"),
        item("d", "GET", "/api/now/table/nothing"),
        item("e", "DELETE", f"{table}/{ROW}"),
    )
    served = result["serviced_requests"]
    assert result["batch_request_id"] == "1"
    assert result["unserviced_requests"] == []
    assert [(each["id"], each["status_code"]) for each in served] == [
        ("a", 201), ("b", 403), ("c", 200), ("d", 400), ("e", 204),
    ]  # fmt: skip
    assert [served[0]["status_text"], served[1]["status_text"]] == ["Created", "Forbidden"]
    assert decoded(served[2]) == {"result": {"sys_id": ROW, "state": "1"}}
    assert {"name": "Content-Type", "value": "application/json;charset=UTF-8"} in served[2]["headers"]
    assert served[4]["body"] == ""


async def test_an_empty_batch_and_the_unversioned_path(client: httpx.AsyncClient) -> None:
    assert await send(client, batch_id="x") == {
        "batch_request_id": "x",
        "serviced_requests": [],
        "unserviced_requests": [],
    }
    body = {"batch_request_id": "1", "rest_requests": []}
    assert (await client.post("/api/now/batch", json=body)).status_code == 200


async def test_a_query_too_long_for_a_url_goes_through(
    client: httpx.AsyncClient, mock: ServiceNowMock
) -> None:
    mock.create("incident", {"correlation_id": "k"})
    query = f"sysparm_query=correlation_idINk,{'x' * 20_000}"
    url = f"/api/now/table/incident?{query}&sysparm_fields=correlation_id"
    served = (await send(client, item("a", "GET", url)))["serviced_requests"][0]
    assert decoded(served) == {"result": [{"correlation_id": "k"}]}


async def test_items_can_come_back_unserviced(client: httpx.AsyncClient, mock: ServiceNowMock) -> None:
    mock.settings.unserviced_items = 1
    items = [item(name, "POST", "/api/now/table/incident", {"correlation_id": name}) for name in "ab"]
    result = await send(client, *items)
    assert [each["id"] for each in result["serviced_requests"]] == ["a"]
    assert result["unserviced_requests"] == ["b"]
    assert [row["correlation_id"] for row in mock.contents()["incident"]] == ["a"]
    assert (await send(client, items[1]))["unserviced_requests"] == []


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        {"batch_request_id": "1", "rest_requests": [{"id": "a"}]},
        {"batch_request_id": "1", "rest_requests": [{**item("a", "GET", "/"), "body": "no base64"}]},
    ],
)
async def test_a_batch_that_cannot_be_read(client: httpx.AsyncClient, body: Any) -> None:
    assert (await client.post(BATCH, json=body)).status_code == 400
