"""The incident list of the Graph mock: filter, order, pages, and the oddities that switches turn on."""

from datetime import timedelta
from typing import Any

import pytest

from tests.contract.mocks.graph_caller import INCIDENTS, Caller

ASCENDING = "lastUpdateDateTime asc"


@pytest.fixture
def caller() -> Caller:
    """Five incidents, one a minute from 08:01 on."""
    caller = Caller()
    caller.create(
        {"severity": "low", "assignedTo": None},
        {"severity": "high", "assignedTo": "o'neil@contoso.example"},
        {"severity": "medium", "status": "inProgress", "assignedTo": "Customer"},
        {"severity": "high", "status": "resolved", "classification": "falsePositive"},
        {"severity": "low", "status": "awaitingAction", "determination": "malware"},
    )
    caller.clock.advance(timedelta(minutes=1))
    return caller


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("severity eq 'high'", "24"),
        ("severity eq 'HIGH'", "24"),
        ("severity ne 'high'", "135"),
        ("status eq 'awaitingAction'", "5"),
        ("classification eq 'falsePositive'", "4"),
        ("determination eq 'malware'", "5"),
        ("assignedTo eq null", "145"),
        ("assignedTo ne null", "23"),
        ("assignedTo eq 'o''neil@contoso.example'", "2"),
        ("assignedTo gt 'Customer'", "2"),
        ("lastUpdateDateTime ge 2026-01-05T08:03:00Z", "345"),
        ("lastUpdateDateTime gt 2026-01-05T08:03:00Z", "45"),
        ("lastUpdateDateTime lt 2026-01-05T08:03:00Z", "12"),
        ("lastUpdateDateTime le 2026-01-05T08:03:00.0000000Z", "123"),
        ("lastUpdateDateTime eq 2026-01-05T10:03:00+02:00", "3"),
        ("lastUpdateDateTime ne 2026-01-05T08:03:00Z", "1245"),
        ("createdDateTime ge 2026-01-05T08:05:00Z", "5"),
        ("lastUpdateDateTime ge 2026-01-05T08:02:00Z and lastUpdateDateTime lt 2026-01-05T08:04:00Z", "23"),
        ("lastUpdateDateTime ge 2026-01-05T08:02:00Z and severity eq 'high'", "24"),
        ("severity eq 'high' and status eq 'resolved' or severity eq 'medium'", "34"),
        ("severity eq 'high' and (status eq 'resolved' or severity eq 'medium')", "4"),
        ("not (severity eq 'high' or severity eq 'low')", "3"),
        ("lastUpdateDateTime lt 2026-01-05T08:02:00Z or lastUpdateDateTime gt 2026-01-05T08:04:00Z", "15"),
    ],
)
async def test_filters(caller: Caller, text: str, ids: str) -> None:
    assert await caller.ids(filter=text, orderby=ASCENDING) == list(ids)


@pytest.mark.parametrize(
    "options",
    [
        {"filter": "displayName eq 'x'"},
        {"filter": "severity eq high"},
        {"filter": "severity eq 'severe'"},
        {"filter": "severity gt 'low'"},
        {"filter": "severity contains 'low'"},
        {"filter": "assignedTo gt null"},
        {"filter": "lastUpdateDateTime ge '2026-01-05T08:03:00Z'"},
        {"filter": "lastUpdateDateTime ge 2026-01-05T08:03:00"},
        {"filter": "lastUpdateDateTime ge 2026-13-05T08:03:00Z"},
        {"filter": "(severity eq 'low'"},
        {"filter": "severity eq 'low' severity"},
        {"filter": "severity eq"},
        {"filter": "severity eq 'low' and"},
        {"filter": "severity eq 'low"},
        {"orderby": "severity"},
        {"orderby": "lastUpdateDateTime sideways"},
        {"top": "-1"},
        {"top": "many"},
        {"skip": "501"},
        {"skiptoken": "?"},
        {"expand": "comments"},
        {"select": "id,severeness"},
        {"search": "x"},
    ],
    ids=str,
)
async def test_what_is_not_supported_is_a_400(caller: Caller, options: dict[str, str]) -> None:
    answer = await caller.get(**options)

    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "BadRequest"
    assert answer.json()["error"]["message"]


async def test_the_newest_come_first_without_an_order(caller: Caller) -> None:
    caller.mock.portal_set("1", {"severity": "high"}, "somebody")

    assert await caller.ids() == ["5", "4", "3", "2", "1"]
    assert await caller.ids(orderby="lastUpdateDateTime desc") == ["1", "5", "4", "3", "2"]
    assert await caller.ids(orderby=ASCENDING) == ["2", "3", "4", "5", "1"]


async def test_the_order_follows_changes_and_late_updates(caller: Caller) -> None:
    caller.mock.portal_set("5", {"lastUpdateDateTime": "2026-01-05T08:02:30Z"}, "somebody")

    assert await caller.ids(orderby=ASCENDING) == ["1", "2", "5", "3", "4"]
    assert await caller.ids(orderby=ASCENDING, filter="lastUpdateDateTime ge 2026-01-05T08:03:00Z") == [
        "3",
        "4",
    ]


async def test_an_update_shared_by_two_incidents_orders_them_by_number() -> None:
    caller = Caller()
    caller.create({"id": "10"}, {"id": "9"}, minutes=0)

    assert await caller.ids(orderby=ASCENDING) == ["9", "10"]
    assert await caller.ids(orderby=ASCENDING, filter="lastUpdateDateTime ge 2026-01-05T08:00:00Z") == [
        "9",
        "10",
    ]


@pytest.mark.parametrize("form", ["skiptoken", "skip"])
async def test_pages_are_linked_absolutely_and_keep_their_options(caller: Caller, form: str) -> None:
    caller.mock.settings.next_link = form  # type: ignore[assignment]  # the table holds both literals
    text = "lastUpdateDateTime ge 2026-01-05T08:02:00Z"

    first = (await caller.get(top="2", orderby=ASCENDING, filter=text)).json()

    assert first["@odata.nextLink"].startswith(f"http://graph.test{INCIDENTS}?")
    assert f"${form}=" in first["@odata.nextLink"]
    assert await caller.sweep(top="2", orderby=ASCENDING, filter=text) == [["2", "3"], ["4", "5"]]


async def test_a_full_last_page_has_no_link(caller: Caller) -> None:
    assert "@odata.nextLink" not in (await caller.get(top="5")).json()


async def test_rows_that_move_between_page_requests_are_missed_or_seen_twice(caller: Caller) -> None:
    link = (await caller.get(top="2", orderby=ASCENDING)).json()["@odata.nextLink"]
    caller.mock.portal_set("1", {"severity": "high"}, "somebody")

    assert [item["id"] for item in (await caller.http.get(link)).json()["value"]] == ["4", "5"]


@pytest.mark.parametrize(
    ("asked", "strict", "status", "number"), [("80", False, 200, 3), ("80", True, 400, 0)]
)
async def test_top_is_clamped_or_refused(
    caller: Caller, asked: str, strict: bool, status: int, number: int
) -> None:
    caller.mock.settings.max_top, caller.mock.settings.strict_top = 3, strict

    answer = await caller.get(top=asked)

    assert answer.status_code == status
    assert len(answer.json().get("value", [])) == number


async def test_the_count_covers_all_pages(caller: Caller) -> None:
    answer = await caller.get(top="1", count="true", filter="severity eq 'high'")

    assert answer.json()["@odata.count"] == 2


async def test_select_and_context(caller: Caller) -> None:
    body = (await caller.get(top="1", select="id,status")).json()

    assert body["@odata.context"] == "http://graph.test/v1.0/$metadata#security/incidents"
    assert body["value"] == [{"id": "5", "status": "unknownFutureValue"}]


async def test_short_pages_hold_half_and_lose_nothing(caller: Caller) -> None:
    caller.mock.settings.short_pages = True

    assert await caller.sweep(top="4", orderby=ASCENDING) == [["1", "2"], ["3", "4"], ["5"]]


async def test_empty_pages_carry_a_link(caller: Caller) -> None:
    caller.mock.settings.empty_pages = True

    assert await caller.sweep(top="2", orderby=ASCENDING) == [["1", "2"], [], ["3", "4"], [], ["5"]]


async def test_a_link_can_fail_while_the_first_page_works(caller: Caller) -> None:
    caller.mock.settings.failing_links = True
    first = await caller.get(top="2")

    assert first.status_code == 200
    assert (await caller.http.get(first.json()["@odata.nextLink"])).status_code == 500


async def test_unsorted_pages_hold_the_same_incidents() -> None:
    caller = Caller()
    caller.create(*[{} for _ in range(30)])
    caller.mock.settings.unsorted = True

    ids = await caller.ids(orderby=ASCENDING)

    assert ids != sorted(ids, key=int)
    assert sorted(ids, key=int) == [str(number) for number in range(1, 31)]


@pytest.mark.parametrize(
    ("switches", "status"),
    [
        ({"poison_ids": ["3"]}, 500),
        ({"poison_ids": ["33"]}, 200),
        ({"max_expanded_alerts": 1}, 500),
        ({"max_expanded_alerts": 2}, 200),
    ],
    ids=str,
)
async def test_an_expanded_page_can_fail_and_works_without(
    caller: Caller, switches: dict[str, Any], status: int
) -> None:
    for incident in ("3", "4"):
        caller.mock.portal.add_alert(incident, {}, "Microsoft 365 Defender")
    for name, value in switches.items():
        setattr(caller.mock.settings, name, value)

    assert (await caller.get(expand="alerts")).status_code == status
    assert (await caller.get()).status_code == 200
    assert (await caller.get(f"{INCIDENTS}/3/alerts")).status_code == 200


async def test_the_quota_counts_refused_requests_too(caller: Caller) -> None:
    caller.mock.settings.rate_limit = 2
    answers = [await caller.get() for _ in range(3)]
    caller.clock.advance(timedelta(seconds=59))
    late = await caller.get()
    caller.clock.advance(timedelta(seconds=2))
    after = await caller.get()

    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[2].json()["error"]["code"] == "TooManyRequests"
    assert answers[2].headers["Retry-After"] == "60"
    assert late.status_code == 429
    assert after.status_code == 200


async def test_a_429_may_name_no_wait(caller: Caller) -> None:
    caller.mock.settings.rate_limit, caller.mock.settings.retry_after = 0, False

    answer = await caller.get()

    assert answer.status_code == 429
    assert "Retry-After" not in answer.headers
