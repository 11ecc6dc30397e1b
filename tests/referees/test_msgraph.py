"""The referee for the Graph mock: Microsoft's own SDK, in its own process, over HTTPS."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connector.mocks.entra import GRAPH
from connector.mocks.world import World, WorldSettings
from tests.referees.tls_world import Authority, run_script, served

pytestmark = pytest.mark.referee

INCIDENTS = 120
EVIDENCE = [
    {"@odata.type": "#microsoft.graph.security.deviceEvidence", "deviceDnsName": "pc1.contoso.example"},
    {
        "@odata.type": "#microsoft.graph.security.userEvidence",
        "userAccount": {"accountName": "alexw", "userPrincipalName": "alexw@contoso.example"},
    },
    {"@odata.type": "#microsoft.graph.security.neverHeardOfEvidence"},
]


def furnished() -> World:
    """A world of 120 incidents: 3 is awaiting action, every tenth is high, each second shares its time."""
    world = World(WorldSettings(frozen_at=datetime(2026, 1, 5, 8, 0, tzinfo=UTC)))
    for number in range(1, INCIDENTS + 1):
        world.graph.portal.create(
            {
                "displayName": f"Incident {number}",
                "severity": "medium" if number % 10 else "high",
                "status": "awaitingAction" if number == 3 else "active",
                "assignedTo": "Customer",
                "customTags": ["vip"],
                "alerts": [{"evidence": EVIDENCE}],
            }
        )
        world.clock.advance(timedelta(seconds=number % 2))
    return world


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], World]:
    authority, world = Authority(tmp_path_factory.mktemp("tls")), furnished()
    throttle = {"kind": "throttle", "retry_after": 1}
    world.faults.add({"mock": "xdr", "path_regex": "incidents/6$", "times": 1, "fault": throttle})
    with served(world, authority) as urls:
        place = {**urls, "token": world.entra.tokens.issue(GRAPH)}
        return run_script("referees-graph", "msgraph_script.py", place, authority), world


@pytest.mark.parametrize(
    ("check", "answer"),
    [
        (
            "listed_over_pages",
            {
                "pages": [50, 50, 20],
                "ids": INCIDENTS,
                "in_order": True,
                "evidence": ["DeviceEvidence", "UserEvidence", "AlertEvidence"],
                "device": "pc1.contoso.example",
                "user": "alexw@contoso.example",
                "left_over": [],
            },
        ),
        ("counted", {"count": 12, "rows": 5}),
        (
            "got",
            {
                "id": "1",
                "name": "Incident 1",
                "status": "active",
                "severity": "medium",
                "owner": "Customer",
                "tags": ["vip"],
            },
        ),
        (
            "patched",
            {
                "answered": "resolved",
                "status": "resolved",
                "classification": "truePositive",
                "determination": "malware",
                "tags": ["x", "y"],
                "by": "API-App:XDR Connector",
            },
        ),
        ("unassigned", None),
        ("awaiting_without_prefer", "unknownFutureValue"),
        ("awaiting_with_prefer", "awaitingAction"),
        ("commented", {"status": 200, "answered": ["hello"], "read": [["hello", "XDR Connector"]]}),
        ("throttled_once", "6"),
    ],
)
def test_the_sdk_gets_what_it_expects(run: tuple[dict[str, Any], World], check: str, answer: Any) -> None:
    assert run[0][check] == answer


@pytest.mark.parametrize(
    ("check", "status"),
    [("cleared_the_wrong_way", 400), ("missing", 404), ("bad_filter", 400), ("wrong_token", 401)],
)
def test_the_sdk_understands_refusals(run: tuple[dict[str, Any], World], check: str, status: int) -> None:
    answer = run[0][check]

    assert (answer["raised"], answer["status"]) == ("ODataError", status)
    assert answer["code"]


def test_the_429_was_repeated(run: tuple[dict[str, Any], World]) -> None:
    entries = [entry for entry in run[1].log.entries("xdr") if entry.path.endswith("/incidents/6")]

    assert [entry.status for entry in entries] == [429, 200]
