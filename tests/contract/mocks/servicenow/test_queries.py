from datetime import timedelta

import httpx
import pytest

from connector.mocks.kernel import Clock
from connector.mocks.servicenow import ServiceNowMock, stable_id

ALL = "a b c d"

SOC1 = stable_id("sys_user_group", "SOC Tier 1")
SOC2 = stable_id("sys_user_group", "SOC Tier 2")
INTEGRATION = stable_id("sys_user", "integration")


@pytest.fixture(autouse=True)
def four_incidents(mock: ServiceNowMock, clock: Clock) -> None:
    """One an hour: a at 09:10:05, b at 10:10:05, c at 11:10:05, d at 12:10:05, all on 4 March 2026."""
    rows = (
        {"correlation_id": "a", "short_description": "Mail rule", "urgency": "1", "assignment_group": SOC1},
        {"correlation_id": "b", "short_description": "Mail flood", "urgency": "2", "assignment_group": SOC2},
        {
            "correlation_id": "c",
            "short_description": "Odd sign-in",
            "urgency": "3",
            "description": "Mail rule",
        },
        {"correlation_id": "d", "short_description": "Closed", "state": "8", "number": "INC7777777"},
    )
    for row in rows:
        mock.create("incident", row)
        clock.advance(timedelta(hours=1))


async def found(client: httpx.AsyncClient, query: str) -> str:
    params = {"sysparm_query": query, "sysparm_fields": "correlation_id"}
    answer = await client.get("/api/now/table/incident", params=params)
    assert answer.status_code == 200, answer.text
    return " ".join(row["correlation_id"] for row in answer.json()["result"])


@pytest.mark.parametrize(
    ("query", "keys"),
    [
        ("correlation_id=b", "b"),
        ("correlation_id=", ""),
        ("correlation_id!=b", "a c d"),
        ("correlation_idINc,a,nothing", "c a"),
        ("correlation_idNOT INc,a", "b d"),
        ("correlation_idINb^state=8", ""),
        ("urgency<3", "a b"),
        ("urgency<=2", "a b"),
        ("urgency>2", "c d"),
        ("urgency>=3", "c d"),
        ("short_descriptionSTARTSWITHMail", "a b"),
        ("short_descriptionENDSWITHrule", "a"),
        ("short_description%rule", "a"),
        ("short_descriptionLIKEsign", "c"),
        ("short_descriptionLIKEMAIL", ""),
        ("short_descriptionCONTAINSsign", "c"),
        ("short_description*sign", "c"),
        ("short_descriptionNOT LIKEMail", "c d"),
        ("short_description!*Mail", "c d"),
        ("short_descriptionDOES NOT CONTAINMail", "c d"),
        ("descriptionISEMPTY", "a b d"),
        ("descriptionISNOTEMPTY", "c"),
        ("descriptionEMPTYSTRING", "a b d"),
        ("description=NULL", "a b d"),
        ("descriptionANYTHING", ALL),
        ("urgencyBETWEEN1@2", "a b"),
        ("impactSAMEASurgency", "c d"),
        ("impactNSAMEASurgency", "a b"),
        ("impactGT_FIELDurgency", "a b"),
        ("urgencyLT_FIELDimpact", "a b"),
        ("urgencyGT_OR_EQUALS_FIELDimpact", "c d"),
        ("urgencyLT_OR_EQUALS_FIELDimpact", ALL),
        ("sys_class_nameINSTANCEOFtask", ALL),
        ("123TEXTQUERY321=mail rule", "a c"),
        ("active=true", "a b c"),
        ("assignment_group.name=SOC Tier 2", "b"),
        ("assignment_group.nameINSOC Tier 1,SOC Tier 2", "a b"),
        ("assignment_groupSTARTSWITHSOC", "a b"),
        (f"assignment_group={SOC1}", "a"),
        ("opened_by.user_name=dana.example", ALL),
    ],
)
async def test_operators(client: httpx.AsyncClient, query: str, keys: str) -> None:
    assert await found(client, query) == keys


@pytest.mark.parametrize(
    ("query", "keys"),
    [
        ("active=true^urgency=1", "a"),
        ("active=true^urgency=1^ORurgency=2", "a b"),
        ("urgency=1^ORurgency=3^active=true", "a c"),
        ("correlation_id=a^ORcorrelation_id=d", "a d"),
        ("correlation_id=a^NQcorrelation_id=c", "a c"),
        ("urgency=1^NQurgency=2^ORurgency=3^active=true", "a b c"),
        ("correlation_id=a^NQcorrelation_id=a", "a"),
        ("correlation_id=a^EQ", "a"),
        ("ORDERBYDESCcorrelation_id", "d c b a"),
        ("ORDERBYurgency^ORDERBYDESCcorrelation_id", "a b d c"),
        ("correlation_idINd,a^ORDERBYcorrelation_id", "a d"),
        ("active=true^ORDERBYDESCassignment_group", "b a c"),
        ("ORDERBYDESCsys_mod_count^ORDERBYnumber", ALL),
    ],
)
async def test_and_or_new_query_and_order(client: httpx.AsyncClient, query: str, keys: str) -> None:
    assert await found(client, query) == keys


@pytest.mark.parametrize(
    "query",
    [
        "u_no_such_field=x",
        "nonsense",
        "assignment_group.u_no_such_field=x",
        "short_description.name=x",
        "opened_at>=yesterday",
        "opened_at>=javascript:gs.noSuchFunction()",
        "opened_at>=javascript:gs.noSuchFunction(1)",
        "opened_at>=javascript:gs.daysAgo('many')",
        "opened_at>=javascript:new Date()",
        "opened_at>=2026-02-30 00:00:00",
        "opened_atBETWEENnever@never",
        "opened_atRELATIVEGT@fortnight@ago@1",
        "impactSAMEASu_no_such_field",
        "^".join(["AAAA=BBBB"] * 100),
    ],
)
async def test_what_cannot_be_read_is_no_condition(
    client: httpx.AsyncClient, mock: ServiceNowMock, query: str
) -> None:
    assert await found(client, query) == ALL
    assert await found(client, f"correlation_id=c^{query}") == "c"
    mock.settings.invalid_query_returns_no_rows = True
    assert await found(client, query) == ""


async def test_an_or_after_a_bad_condition_does_not_join_the_one_before(client: httpx.AsyncClient) -> None:
    assert await found(client, "active=true^nonsense^ORurgency=1") == "a"


@pytest.mark.parametrize(
    ("query", "keys"),
    [
        ("opened_at>=2026-03-04 11:10:05", "c d"),
        ("opened_at>2026-03-04 11:10:05", "d"),
        ("opened_at<2026-03-04", ""),
        ("opened_at>=javascript:gs.dateGenerate('2026-03-04','11:00:00')", "c d"),
        ("opened_at>=javascript:gs.hoursAgo(2)", "c d"),
        ("opened_at>=javascript:gs.minutesAgo(61)", "d"),
        ("opened_at>=javascript:gs.daysAgo(1)", ALL),
        ("opened_at<javascript:gs.daysAgoStart(0)", ""),
        ("opened_at<=javascript:gs.daysAgoEnd(0)", ALL),
        ("opened_at<=javascript:gs.nowDateTime()", ALL),
        (
            "opened_atONToday@javascript:gs.beginningOfToday()@javascript:gs.endOfToday()",
            ALL,
        ),
        (
            "opened_atNOTONToday@javascript:gs.beginningOfToday()@javascript:gs.endOfToday()",
            "",
        ),
        ("opened_atBETWEEN2026-03-04 10:00:00@2026-03-04 11:30:00", "b c"),
        ("opened_atRELATIVEGE@hour@ago@2", "c d"),
        ("opened_atRELATIVELT@hour@ago@2", "a b"),
        ("opened_by=javascript:gs.getUserID()", ""),
        ("sys_created_by!=javascript:gs.getUserName()", ALL),
    ],
)
async def test_dates_and_server_side_functions(client: httpx.AsyncClient, query: str, keys: str) -> None:
    assert await found(client, query) == keys


@pytest.mark.parametrize(
    ("query", "keys"),
    [
        ("opened_at>=2026-03-04 11:10:05", "b c d"),
        ("opened_at>=javascript:gs.dateGenerate('2026-03-04','13:00:00')", "d"),
        ("opened_at>=javascript:gs.hoursAgo(2)", "c d"),
    ],
)
async def test_a_literal_is_read_in_the_users_zone(
    client: httpx.AsyncClient, mock: ServiceNowMock, query: str, keys: str
) -> None:
    mock.edit("sys_user", INTEGRATION, {"time_zone": "Europe/Berlin"})
    assert await found(client, query) == keys


@pytest.mark.parametrize(
    ("own", "default", "keys"),
    [
        ("", "Europe/Berlin", "b c d"),
        ("GMT", "Europe/Berlin", "c d"),
        ("Nowhere/At all", "Europe/Berlin", "c d"),
    ],
)
async def test_a_user_without_a_zone_has_the_instances(
    client: httpx.AsyncClient, mock: ServiceNowMock, own: str, default: str, keys: str
) -> None:
    rows = mock.contents()["sys_properties"]
    mock.edit("sys_properties", rows[0]["sys_id"], {"value": default})
    mock.edit("sys_user", INTEGRATION, {"time_zone": own})
    assert await found(client, "opened_at>=2026-03-04 11:10:05") == keys


@pytest.mark.parametrize("query", ["JOINincident.caller_id=sys_user.sys_id", "opened_atDATEPARTMonday@x"])
async def test_an_operator_the_mock_does_not_know_is_refused_aloud(
    client: httpx.AsyncClient, query: str
) -> None:
    answer = await client.get("/api/now/table/incident", params={"sysparm_query": query})
    assert answer.status_code == 400
    assert "Not served by this mock" in answer.text


@pytest.mark.parametrize(
    ("params", "keys"),
    [
        ({"correlation_id": "b"}, ["b"]),
        ({"state": "Canceled"}, ["d"]),
        ({"state": "8", "active": "false"}, ["d"]),
        ({"assignment_group": "SOC Tier 1"}, ["a"]),
        ({"u_no_such_field": "x", "correlation_id": "c"}, ["c"]),
        ({"correlation_id": "b", "sysparm_query": "correlation_id=a"}, ["a"]),
    ],
)
async def test_plain_parameters_accept_raw_and_display_values(
    client: httpx.AsyncClient, params: dict[str, str], keys: list[str]
) -> None:
    answer = await client.get("/api/now/table/incident", params=params)
    assert [row["correlation_id"] for row in answer.json()["result"]] == keys
