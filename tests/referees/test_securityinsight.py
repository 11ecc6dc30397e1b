"""The referee for the Sentinel mock: two releases of Microsoft's SDK, each in its own process, over HTTPS."""

from typing import Any

import pytest

from connector.mocks.entra import MANAGEMENT
from connector.mocks.world import World
from tests.referees.tls_world import Authority, run_script, served

pytestmark = pytest.mark.referee

RELEASES = ("1.0.0", "2.0.0b2")
NAME = "73e01a99-5cd7-4139-a149-9f2736ff2ab5"
FORBIDDEN = {"raised": "HttpResponseError", "status": 403, "code": "AuthorizationFailed"}
CONFLICT = {"raised": "ResourceExistsError", "status": 409, "code": "Conflict"}
CREATED = {
    "name": NAME,
    "number": 1,
    "title": "Phish",
    "severity": "High",
    "status": "New",
    "owner": "Alex Wilber",
    "labels": ["a", "b c"],
    "label_types": ["User", "User"],
    "comments": 0,
    "quoted_etag": True,
    "dated": True,
}
CLEARED: dict[str, Any] = {
    "severity": "Low",
    "status": "Active",
    "owner": None,
    "labels": [],
    "label_types": [],
}
EXPECTED = {
    "created": CREATED,
    "got": CREATED,
    "updated": CREATED | {"severity": "Low", "status": "Closed"},
    "reopened_without_owner_and_labels": CREATED | CLEARED,
    "written_back_unassigned": CREATED | CLEARED,
    "stale_update": CONFLICT,
    "update_after_a_comment": CONFLICT,
    "without_title": {"raised": "HttpResponseError", "status": 400, "code": "BadRequest"},
    "missing": {"raised": "ResourceNotFoundError", "status": 404, "code": "NotFound"},
    "listed_over_pages": [f"page-{number}" for number in range(7)],
    "listed_by_label": ["page-2", "page-5"],
    "listed_by_time": ["page-2", "page-5"],
    "bad_filter": {"raised": "HttpResponseError", "status": 400, "code": "BadRequest"},
    "related": {"name": "b1", "listed": ["r1"]},
    "surroundings": {"alerts": [], "bookmarks": [], "entities": []},
    "deleted": FORBIDDEN,
    "deleted_by_contributor": [],
    "wrong_token": {
        "raised": "ClientAuthenticationError",
        "status": 401,
        "code": "InvalidAuthenticationToken",
    },
    "throttled_once": NAME,
}
PROVIDER = {"1.0.0": "not in the model", "2.0.0b2": "Azure Sentinel"}
TASKS = {
    "1.0.0": "not in this release",
    "2.0.0b2": {"status": "Completed", "by": "XDR Connector", "listed": ["t1"]},
}


@pytest.fixture(scope="module", params=RELEASES)
def run(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The release, its report and the responder's world after the script has run."""
    authority = Authority(tmp_path_factory.mktemp("tls"))
    responder, contributor = World(), World()
    contributor.sentinel.settings.role = "contributor"
    throttle = {"kind": "throttle", "retry_after": 0}
    responder.faults.add(
        {"mock": "sentinel", "path_regex": NAME.upper(), "after": 1, "times": 1, "fault": throttle}
    )
    with served(responder, authority) as here, served(contributor, authority) as there:
        place = {
            **coordinates(responder, here["sentinel"]),
            "contributor": coordinates(contributor, there["sentinel"]),
        }
        report = run_script(
            f"referees-sentinel-{request.param}", "securityinsight_script.py", place, authority
        )
    return {"release": request.param, "report": report, "world": responder}


def coordinates(world: World, url: str) -> dict[str, str]:
    return {
        "url": url,
        "token": world.entra.tokens.issue(MANAGEMENT),
        "subscription_id": world.subscription_id,
        "resource_group": world.settings.resource_group,
        "workspace": world.settings.workspace,
    }


@pytest.mark.parametrize("check", EXPECTED)
def test_the_sdk_gets_what_it_expects(run: dict[str, Any], check: str) -> None:
    answer, expected = run["report"][check], EXPECTED[check]
    if isinstance(expected, dict) and "quoted_etag" in expected:
        expected = expected | {"provider": PROVIDER[run["release"]]}

    assert answer == expected


def test_comments(run: dict[str, Any]) -> None:
    answer = run["report"]["commented"]

    assert answer["names"][-5:] == [f"c-{number}" for number in range(1, 6)]
    assert answer["count"] == len(answer["names"]) == 6
    assert (answer["author"], answer["message"]) == ("XDR Connector", "hello, again")
    assert answer["same_time"]


def test_tasks_belong_to_the_newer_release(run: dict[str, Any]) -> None:
    assert run["report"]["tasks"] == TASKS[run["release"]]


def test_lists_were_really_paged(run: dict[str, Any]) -> None:
    reads = run["world"].log.entries("sentinel")
    pages = [entry for entry in reads if entry.path.endswith("/incidents") and "status" in entry.query]

    assert [("skipToken" in entry.query) for entry in pages] == [False, True, True]


def test_a_429_was_repeated_under_the_same_client_request_id(run: dict[str, Any]) -> None:
    entries = list(run["world"].log.entries("sentinel"))
    at = next(place for place, entry in enumerate(entries) if entry.status == 429)

    assert entries[at + 1].status == 200
    assert entries[at].client_request_id == entries[at + 1].client_request_id
