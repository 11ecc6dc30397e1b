"""Lists of the Sentinel mock: filter, order, pages, refusals."""

from datetime import timedelta
from typing import Any

import httpx
import pytest

from tests.contract.mocks.sentinel_caller import INCIDENTS, Caller


@pytest.fixture
async def caller() -> Caller:
    """Incidents n1 to n5, an hour apart from 08:00; then n2 is changed, so that it comes last."""
    caller = Caller()
    severities = ["High", "Low", "High", "Medium", "Informational"]
    for number, severity in enumerate(severities, start=1):
        labels = [{"labelName": "snow" if number % 2 else "SNOW"}]
        await caller.put(f"n{number}", title=f"title {number}", severity=severity, labels=labels)
        caller.clock.advance(timedelta(hours=1))
    caller.mock.edit("n2", {"status": "Active"})
    return caller


async def names(caller: Caller, **options: Any) -> list[str]:
    answer = await caller.call("GET", options={f"${name}": value for name, value in options.items()})
    assert answer.status_code == 200, answer.text
    return [row["name"] for row in answer.json()["value"]]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("properties/lastModifiedTimeUtc ge 2026-01-05T10:00:00Z", ["n2", "n3", "n4", "n5"]),
        ("properties/lastModifiedTimeUtc gt 2026-01-05T10:00:00Z", ["n2", "n4", "n5"]),
        ("properties/lastModifiedTimeUtc le 2026-01-05T10:00:00.0000000Z", ["n1", "n3"]),
        ("properties/lastModifiedTimeUtc ge 2026-01-05T12:00:00+02:00", ["n2", "n3", "n4", "n5"]),
        ("properties/createdTimeUtc lt 2026-01-05T10:00:00Z", ["n1", "n2"]),
        ("properties/createdTimeUtc eq 2026-01-05T10:00:00Z", ["n3"]),
        ("(properties/createdTimeUtc gt 2026-01-05T08:30:00Z) and (properties/status eq 'New')", "345"),
        ("properties/status ne 'New'", ["n2"]),
        ("properties/severity eq 'Low' or properties/severity eq 'Medium'", ["n2", "n4"]),
        ("not (properties/severity eq 'High') and properties/incidentNumber le 4", ["n2", "n4"]),
        ("properties/incidentNumber eq 3", ["n3"]),
        ("properties/title eq 'title 4'", ["n4"]),
        ("properties/title eq 'it''s'", []),
        ("(properties/labels/any(i:i/labelName eq 'snow'))", ["n1", "n3", "n5"]),
        ("properties/labels/any(label: label/labelName eq 'SNOW') and properties/status eq 'New'", ["n4"]),
        ("properties/labels/any(i:i/labelName eq 'snow') or properties/incidentNumber eq 2", "1235"),
        ("properties/providerIncidentId eq '5'", ["n5"]),
        ("properties/providerName eq 'Azure Sentinel'", "12345"),
    ],
)
@pytest.mark.parametrize("order", ["properties/createdTimeUtc asc", "properties/incidentNumber"])
async def test_filters(caller: Caller, text: str, expected: list[str] | str, order: str) -> None:
    wanted = [f"n{digit}" for digit in expected] if isinstance(expected, str) else expected

    assert await names(caller, filter=text, orderby=order) == wanted


@pytest.mark.parametrize(
    "text",
    [
        "properties/description eq 'x'",
        "properties/status like 'New'",
        "properties/status eq New",
        "properties/status eq 'New",
        "properties/status eq",
        "(properties/status eq 'New'",
        "properties/status eq 'New' properties/status eq 'New'",
        "contains(properties/title, 'x')",
        "properties/lastModifiedTimeUtc ge '2026-01-05T10:00:00Z'",
        "properties/lastModifiedTimeUtc ge 2026-01-05",
        "properties/lastModifiedTimeUtc ge 2026-01-05T10:00:00",
        "properties/lastModifiedTimeUtc ge 2026-01-05T10:00:00 00:00",
        "properties/incidentNumber eq '3'",
        "and",
    ],
)
async def test_what_a_filter_does_not_know_is_refused(caller: Caller, text: str) -> None:
    answer = await caller.call("GET", options={"$filter": text})

    assert answer.status_code == 400
    assert text in answer.json()["error"]["message"]


async def test_the_provider_id_may_be_no_filter(caller: Caller) -> None:
    caller.mock.settings.filter_provider_id = False

    answer = await caller.call("GET", options={"$filter": "properties/providerIncidentId eq '5'"})

    assert answer.status_code == 400


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        (None, "54321"),
        ("properties/createdTimeUtc desc", "54321"),
        ("properties/lastModifiedTimeUtc asc", "13452"),
        ("properties/lastModifiedTimeUtc desc", "25431"),
        ("properties/incidentNumber", "12345"),
        ("properties/severity asc", "13524"),
        ("properties/status desc", "54312"),
        ("properties/title desc", "54321"),
    ],
)
async def test_orders_hold_across_pages(caller: Caller, order: str | None, expected: str) -> None:
    options = {"$top": "2", **({"$orderby": order} if order else {})}

    pages = await all_pages(caller, await caller.call("GET", options=options))

    assert [row["name"] for page in pages for row in page["value"]] == [f"n{digit}" for digit in expected]
    assert [len(page["value"]) for page in pages] == [2, 2, 1]


async def all_pages(caller: Caller, answer: httpx.Response) -> list[dict[str, Any]]:
    pages = [answer.json()]
    while link := pages[-1].get("nextLink"):
        assert len(pages) < 10, "the links do not end"
        pages.append((await caller.http.get(link)).json())
    return pages


@pytest.mark.parametrize(
    "options",
    [
        {"$top": "0"},
        {"$top": "1001"},
        {"$top": "-1"},
        {"$top": "all"},
        {"$orderby": "properties/owner"},
        {"$orderby": "properties/title up"},
        {"$orderby": "properties/title, properties/status"},
        {"$skipToken": "guess"},
        {"$skipToken": "+WyJ4IiwgMV0=/=="},
    ],
)
async def test_other_options_out_of_range_are_refused(caller: Caller, options: dict[str, str]) -> None:
    assert (await caller.call("GET", options=options)).status_code == 400


async def test_a_next_link_is_absolute_and_carries_the_query_and_an_opaque_token(caller: Caller) -> None:
    text = "properties/status eq 'New' and properties/incidentNumber gt 0"

    link = (await caller.call("GET", options={"$filter": text, "$top": "1"})).json()["nextLink"]

    url = httpx.URL(link)
    assert (url.scheme, url.host) == ("http", "management.test")
    assert url.path == INCIDENTS
    assert url.params["$filter"] == text
    assert url.params["api-version"] == "2024-09-01"
    assert set("+/=") <= set(url.params["$skipToken"])
    assert "%2B" in link
    assert " " not in link


async def test_a_next_link_may_hold_raw_spaces(caller: Caller) -> None:
    caller.mock.settings.next_link_raw_spaces = True
    options = {"$filter": "properties/status eq 'New'", "$top": "3"}

    pages = await all_pages(caller, await caller.call("GET", options=options))

    assert " eq 'New'" in pages[0]["nextLink"]
    assert [len(page["value"]) for page in pages] == [3, 1]


async def test_a_next_link_tolerates_options_again_and_another_version(caller: Caller) -> None:
    link = (await caller.call("GET", options={"$top": "2"})).json()["nextLink"]
    url = httpx.URL(link).copy_set_param("api-version", "2022-12-01-preview").copy_add_param("$top", "2")

    rows = (await caller.http.get(url)).json()["value"]

    assert [row["name"] for row in rows] == ["n3", "n2"]


@pytest.mark.parametrize(("null", "ending"), [(False, {}), (True, {"nextLink": None})])
async def test_the_last_page_has_no_link_or_null(caller: Caller, null: bool, ending: dict[str, None]) -> None:
    caller.mock.settings.next_link_null = null

    page = (await caller.call("GET")).json()

    assert {name: value for name, value in page.items() if name != "value"} == ending


async def test_rows_that_move_between_pages_are_not_repeated_and_none_is_lost(caller: Caller) -> None:
    options = {"$top": "2", "$orderby": "properties/lastModifiedTimeUtc asc"}
    first = await caller.call("GET", options=options)
    caller.clock.advance(timedelta(minutes=1))
    caller.mock.edit("n1", {"status": "Active"})

    pages = await all_pages(caller, first)

    assert [row["name"] for page in pages for row in page["value"]] == ["n1", "n3", "n4", "n5", "n2", "n1"]


async def test_a_deleted_incident_and_an_old_label_leave_the_list(caller: Caller) -> None:
    caller.mock.delete("n1")
    caller.mock.edit("n3", {"labels": []})

    label = "properties/labels/any(i:i/labelName eq 'snow')"

    assert await names(caller, filter=label) == ["n5"]
    assert await names(caller) == ["n5", "n4", "n3", "n2"]
