"""`$batch` of the Graph mock: independent parts, order, dependencies, and batches that fail as a whole."""

from typing import Any

import pytest

from connector.mocks.kernel import Refusal
from tests.contract.mocks.graph_caller import Caller

JSON = {"Content-Type": "application/json"}


@pytest.fixture
def caller() -> Caller:
    caller = Caller()
    caller.create(*[{} for _ in range(20)])
    return caller


def get(name: str, incident: str = "1", **more: Any) -> dict[str, Any]:
    return {"id": name, "method": "GET", "url": f"/security/incidents/{incident}", **more}


def patch(name: str, body: Any, **more: Any) -> dict[str, Any]:
    return {**get(name), "method": "PATCH", "body": body, **more}


async def batch(caller: Caller, *parts: Any, version: str = "v1.0") -> dict[str, dict[str, Any]]:
    answer = await caller.http.post(f"/{version}/$batch", json={"requests": parts})
    assert answer.status_code == 200, answer.text
    return {part["id"]: part for part in answer.json()["responses"]}


async def test_parts_are_answered_each_for_itself(caller: Caller) -> None:
    parts = (get("a"), get("b", "99"), patch("c", {"assignedTo": "x"}, headers=JSON), patch("d", {}))

    answers = await batch(caller, *parts)

    assert {name: part["status"] for name, part in answers.items()} == {
        "a": 200,
        "b": 404,
        "c": 200,
        "d": 400,
    }
    assert answers["a"]["body"]["id"] == "1"
    assert answers["c"]["body"]["assignedTo"] == caller.stored("1")["assignedTo"] == "x"


async def test_answers_come_in_any_order(caller: Caller) -> None:
    answers = await batch(caller, *[get(str(number), str(number)) for number in range(1, 21)])

    assert list(answers) != sorted(answers, key=int)
    assert all(part["body"]["id"] == name for name, part in answers.items())


async def test_parts_see_the_version_and_their_own_headers(caller: Caller) -> None:
    caller.mock.portal_set("1", {"status": "awaitingAction"}, "Defender Experts")
    new = {"Prefer": "include-unknown-enum-members"}

    answers = await batch(caller, get("plain"), get("new", headers=new), version="beta")

    assert answers["plain"]["body"]["status"] == "unknownFutureValue"
    assert answers["new"]["body"]["status"] == "awaitingAction"
    assert "recommendedActions" in answers["new"]["body"]


async def test_what_depends_on_a_failed_part_is_not_done(caller: Caller) -> None:
    parts = (
        get("missing", "99"),
        patch("after", {"assignedTo": "x"}, headers=JSON, dependsOn=["missing"]),
        get("last", dependsOn=["after"]),
        get("free"),
    )

    answers = await batch(caller, *parts)

    statuses = {name: part["status"] for name, part in answers.items()}
    assert statuses == {"missing": 404, "after": 424, "last": 424, "free": 200}
    assert caller.stored("1")["assignedTo"] is None


async def test_each_part_counts_against_the_quota(caller: Caller) -> None:
    caller.mock.settings.rate_limit = 2

    answers = await batch(caller, get("a"), get("b"), get("c"))

    assert [answers[name]["status"] for name in "abc"] == [200, 200, 429]
    assert answers["c"]["headers"]["Retry-After"] == "60"


@pytest.mark.parametrize(
    "parts",
    [
        [],
        [get(str(number)) for number in range(21)],
        [get("a"), get("a")],
        [get("a", dependsOn=["b"]), get("b")],
        [{"id": "a", "method": "GET"}],
        [{"id": "a", "method": "GET", "url": "https://graph.test/v1.0/security/incidents/1"}],
        ["a"],
    ],
    ids=["empty", "too many", "same id", "later dependency", "no url", "absolute url", "no object"],
)
async def test_malformed_batches_fail_as_a_whole(caller: Caller, parts: list[Any]) -> None:
    assert (await caller.http.post("/v1.0/$batch", json={"requests": parts})).status_code == 400


async def test_a_batch_needs_a_token() -> None:
    caller = Caller(Refusal(401, "no"))

    assert (await caller.http.post("/v1.0/$batch", json={"requests": [get("a")]})).status_code == 401
