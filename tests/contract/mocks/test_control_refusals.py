"""What the control API refuses, and the remedy it names."""

from typing import Any

import pytest

from tests.contract.mocks.control_desk import Desk


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.mark.parametrize(
    ("method", "path", "body", "error"),
    [
        ("POST", "/clock", {}, "'seconds' is missing"),
        ("POST", "/clock", {"seconds": -1}, "negative"),
        ("POST", "/clock", {"seconds": "5"}, "wrong type"),
        ("POST", "/clock", {"seconds": True}, "wrong type"),
        ("POST", "/clock", {"minutes": 5}, "'minutes' is unknown"),
        ("POST", "/clock", [], "no JSON object"),
        ("POST", "/scenario/advance", {"journey": "merged"}, "has not been started"),
        ("POST", "/scenario/advance", {"steps": -1}, "negative"),
        ("POST", "/reset", {"scenario": "nothing"}, "no journey 'nothing'"),
        ("POST", "/population", {}, "'incidents' is missing"),
        ("POST", "/population", {"incidents": 1_000_000}, "too many"),
        ("GET", "/incidents?limit=x", None, "'limit' is no number"),
        ("GET", "/incidents/9", None, "no incident '9'"),
        ("PATCH", "/incidents/9", {}, "no incident '9'"),
        ("PATCH", "/incidents/1", {"statuss": "active"}, "'statuss' cannot be set"),
        ("PATCH", "/incidents/1", {"tenantId": "x"}, "'tenantId' cannot be set"),
        ("PATCH", "/incidents/1", {"status": "frozen"}, "'frozen' is no status"),
        ("PATCH", "/incidents/1", {"status": None}, "None is no status"),
        ("PATCH", "/incidents/1", {"customTags": [1]}, "'customTags' has the wrong type"),
        ("PATCH", "/incidents/1", {"alerts": None}, "'alerts' has the wrong type"),
        ("PATCH", "/incidents/1", {"overrides": "x"}, "'overrides' has the wrong type"),
        ("PATCH", "/incidents/1", {"lastUpdateDateTime": "today"}, "no date-time"),
        ("PATCH", "/incidents/1", {"by": 5}, "'by' is no text"),
        ("POST", "/incidents", {"id": "1"}, "is taken"),
        ("POST", "/incidents", {"id": 5}, "not decimal digits"),
        ("POST", "/incidents", {"id": "007"}, "is taken or not a plain number"),
        ("POST", "/incidents/1/comments", {}, "'text' is missing"),
        ("POST", "/incidents/1/merge", {"into": "1"}, "into itself"),
        ("POST", "/incidents/1/merge", {"into": "9"}, "no incident '9'"),
        ("GET", "/contents/jira", None, "no mock 'jira'"),
        ("PATCH", "/sentinel/incidents/nothing", {"status": "Active"}, "no record"),
        ("PATCH", "/servicenow/incident/nothing", {"state": "2"}, ""),
        ("PATCH", "/servicenow/no_table/x", {"state": "2"}, ""),
        ("POST", "/faults", {"mock": "xdr"}, "'fault' is an object"),
        ("GET", "/log?mock=nobody", None, "no mock 'nobody'"),
        ("GET", "/log?since=-1", None, "'since' is no number"),
        ("GET", "/settings/jira", None, "no settings 'jira'"),
        ("PATCH", "/settings/xdr", {"speed": 1}, "no switch 'speed'"),
        ("PATCH", "/settings/xdr", {"max_top": "50"}, "does not fit 'max_top'"),
        ("PATCH", "/settings/xdr", {"max_top": True}, "does not fit 'max_top'"),
        ("PATCH", "/settings/xdr", {"next_link": "cursor"}, "does not fit 'next_link'"),
        ("PATCH", "/settings/xdr", {"poison_ids": [1]}, "does not fit 'poison_ids'"),
        ("PATCH", "/settings/servicenow", {"no_write_fields": "state"}, "does not fit"),
        ("PATCH", "/settings/entra", {"roles": {"x": "y"}}, "does not fit 'roles'"),
    ],
    ids=str,
)
async def test_bad_input_is_answered_with_a_remedy(
    desk: Desk, method: str, path: str, body: Any, error: str
) -> None:
    refusal = await desk.refused(method, path, body)

    assert error in refusal["error"]
    assert refusal["remedy"]


async def test_a_refused_change_changes_nothing(desk: Desk) -> None:
    before = await desk.ask("GET", "/settings/xdr")
    await desk.refused("PATCH", "/settings/xdr", {"max_top": 5, "speed": 1})
    stored = await desk.ask("GET", "/incidents/1")
    await desk.refused("PATCH", "/incidents/1", {"severity": "low", "status": "frozen"})

    assert await desk.ask("GET", "/settings/xdr") == before
    assert await desk.ask("GET", "/incidents/1") == stored


async def test_a_body_that_is_no_json_and_an_unknown_path(desk: Desk) -> None:
    broken = await desk.http.post("/clock", content=b"{")
    unknown = await desk.http.get("/nothing")
    method = await desk.http.delete("/clock")

    assert [broken.status_code, unknown.status_code, method.status_code] == [400, 404, 405]
    assert all(set(answer.json()) == {"error", "remedy"} for answer in (broken, unknown, method))
