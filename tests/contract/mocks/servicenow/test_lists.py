import httpx
import pytest

from connector.mocks.servicenow import ServiceNowMock

LIST = "/api/now/table/incident"


@pytest.fixture(autouse=True)
def five_incidents(mock: ServiceNowMock) -> None:
    for index in range(5):
        mock.create("incident", {"correlation_id": f"k{index}"})


def keys(answer: httpx.Response) -> list[str]:
    return [row["correlation_id"] for row in answer.json()["result"]]


def relations(answer: httpx.Response) -> dict[str, str]:
    return {str(link["rel"]): str(link["url"]) for link in answer.links.values()}


async def test_pages_are_linked_in_both_directions(client: httpx.AsyncClient) -> None:
    params = {"sysparm_query": "ORDERBYnumber", "sysparm_limit": "2", "sysparm_offset": "2"}
    answer = await client.get(LIST, params=params)
    assert keys(answer) == ["k2", "k3"]
    assert answer.headers["X-Total-Count"] == "5"
    links = relations(answer)
    assert set(links) == {"first", "prev", "next", "last"}
    assert keys(await client.get(links["next"])) == ["k4"]
    assert keys(await client.get(links["prev"])) == ["k0", "k1"]
    assert keys(await client.get(links["last"])) == ["k4"]


@pytest.mark.parametrize(
    ("params", "count", "linked"),
    [
        ({}, "5", {"first", "last"}),
        ({"sysparm_limit": "2"}, "5", {"first", "next", "last"}),
        ({"sysparm_limit": "2", "sysparm_suppress_pagination_header": "true"}, "5", set()),
        ({"sysparm_limit": "2", "sysparm_no_count": "true"}, None, set()),
        ({"sysparm_limit": "0"}, "5", set()),
    ],
)
async def test_count_and_link_headers(
    client: httpx.AsyncClient, params: dict[str, str], count: str | None, linked: set[str]
) -> None:
    answer = await client.get(LIST, params=params)
    assert answer.headers.get("X-Total-Count") == count
    assert set(relations(answer)) == linked


@pytest.mark.parametrize("name", ["sysparm_offset", "sysparm_limit"])
async def test_a_negative_window_is_refused(client: httpx.AsyncClient, name: str) -> None:
    assert (await client.get(LIST, params={name: "-1"})).status_code == 400


async def test_hidden_rows_shorten_the_page_but_stay_counted(
    client: httpx.AsyncClient, mock: ServiceNowMock
) -> None:
    mock.settings.hidden_rows = {row["sys_id"] for row in mock.contents()["incident"][:2]}
    params = {"sysparm_query": "ORDERBYnumber", "sysparm_limit": "3"}
    answer = await client.get(LIST, params=params)
    assert keys(answer) == ["k2"]
    assert answer.headers["X-Total-Count"] == "5"


async def test_only_v1_says_404_for_no_rows(client: httpx.AsyncClient) -> None:
    params = {"sysparm_query": "correlation_id=none"}
    statuses = {
        version: (await client.get(f"/api/now/{version}table/incident", params=params)).status_code
        for version in ("", "v1/", "v2/")
    }
    assert statuses == {"": 200, "v1/": 404, "v2/": 200}


async def test_head_answers_like_get_without_a_body(client: httpx.AsyncClient) -> None:
    answer = await client.head(LIST)
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["X-Total-Count"] == "5"


async def test_a_long_url_is_refused_with_a_page(client: httpx.AsyncClient) -> None:
    answer = await client.get(LIST, params={"sysparm_query": "correlation_idIN" + "x" * 12_300})
    assert answer.status_code == 414
    assert answer.text.startswith("<html>")
