"""The front of the Sentinel mock: addresses, api-version, callers and roles, throttling, headers."""

from datetime import timedelta

import pytest

from connector.mocks.kernel import Refusal
from connector.mocks.sentinel.settings import Role
from tests.contract.mocks.sentinel_caller import INCIDENTS, NAME, Caller

COMMENT = {"properties": {"message": "x"}}


@pytest.fixture
def caller() -> Caller:
    return Caller()


@pytest.mark.parametrize(
    ("header", "code"),
    [(None, "AuthenticationFailed"), ("Bearer bad", "InvalidAuthenticationToken")],
)
async def test_an_unknown_caller_is_challenged(caller: Caller, header: str | None, code: str) -> None:
    del caller.http.headers["Authorization"]
    headers = {"Authorization": header} if header else {}

    answer = await caller.http.get(INCIDENTS, headers=headers)

    assert answer.status_code == 401
    assert answer.json()["error"]["code"] == code
    challenge = answer.headers["WWW-Authenticate"]
    assert challenge.startswith("Bearer authorization_uri=")
    assert caller.mock.tenant_id in challenge


@pytest.mark.parametrize(
    ("role", "reading", "writing", "deleting"),
    [("reader", 200, 403, 403), ("responder", 200, 201, 403), ("contributor", 200, 201, 204)],
)
async def test_roles(caller: Caller, role: Role, reading: int, writing: int, deleting: int) -> None:
    await caller.put()
    caller.mock.settings.role = role

    assert (await caller.call("GET", f"/{NAME}")).status_code == reading
    assert (await caller.call("PUT", f"/{NAME}/comments/c", COMMENT)).status_code == writing
    assert (await caller.call("DELETE", f"/{NAME}/comments/d")).status_code == deleting


async def test_a_missing_right_is_named(caller: Caller) -> None:
    caller.mock.settings.role = "reader"

    error = (await caller.put()).json()["error"]

    assert error["code"] == "AuthorizationFailed"
    assert "perform action 'Microsoft.SecurityInsights/incidents/write' over scope" in error["message"]


async def test_a_token_without_any_right_is_forbidden(caller: Caller) -> None:
    caller.mock._authorize = lambda header: Refusal(403, "no role")

    assert (await caller.call("GET")).status_code == 403


async def test_a_token_for_another_audience_is_no_token(caller: Caller) -> None:
    caller.mock._authorize = lambda header: Refusal(403, "Invalid audience.")

    answer = await caller.call("GET")

    assert answer.status_code == 401
    assert answer.json()["error"]["code"] == "InvalidAuthenticationTokenAudience"


@pytest.mark.parametrize(
    ("version", "code"),
    [
        ("", "MissingApiVersionParameter"),
        ("latest", "InvalidApiVersionParameter"),
        ("2024-9-1", "InvalidApiVersionParameter"),
    ],
)
async def test_the_api_version_is_required(caller: Caller, version: str, code: str) -> None:
    answer = await caller.call("GET", options={"api-version": version})

    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == code


@pytest.mark.parametrize(
    ("path", "code"),
    [
        (INCIDENTS.replace("22222222", "99999999"), "SubscriptionNotFound"),
        (INCIDENTS.replace("/soc/", "/other/"), "ResourceGroupNotFound"),
        (INCIDENTS.replace("/contoso/", "/other/"), "ResourceNotFound"),
        (INCIDENTS.replace("/incidents", "/alertRules"), "InvalidResourceType"),
        (INCIDENTS + f"/{NAME}/owners", "InvalidResourceType"),
        (INCIDENTS + f"/{NAME}/alerts/1", "InvalidResourceType"),
        (INCIDENTS + f"/{NAME}/comments/1/2", "InvalidResourceType"),
        (INCIDENTS + f"/{NAME}", "NotFound"),
        ("/", "InvalidResourceType"),
    ],
)
async def test_what_is_not_there(caller: Caller, path: str, code: str) -> None:
    method = "POST" if path.endswith("/alerts/1") else "GET"

    answer = await caller.http.request(method, path, params={"api-version": "2024-09-01"})

    assert answer.status_code == 404
    assert answer.json()["error"]["code"] == code


async def test_an_id_with_an_encoded_slash_is_one_segment(caller: Caller) -> None:
    assert (await caller.put("a%2Fb")).json()["name"] == "a/b"
    assert (await caller.call("GET", "/a%2Fb")).status_code == 200


@pytest.mark.parametrize(("method", "below"), [("PATCH", f"/{NAME}"), ("POST", f"/{NAME}"), ("PUT", "")])
async def test_methods_the_api_does_not_have(caller: Caller, method: str, below: str) -> None:
    answer = await caller.call(method, below, {})

    assert answer.status_code == 405
    assert answer.json()["error"]["code"] == "MethodNotAllowed"


async def test_every_answer_carries_its_ids(caller: Caller) -> None:
    sent = {"x-ms-client-request-id": "mine", "x-ms-correlation-request-id": "chain"}
    caller.http.headers.update(sent)

    answers = [await caller.put(), await caller.call("GET"), await caller.call("GET", "/missing")]

    for answer in answers:
        assert answer.headers["x-ms-client-request-id"] == "mine"
        assert answer.headers["x-ms-correlation-request-id"] == "chain"
        assert answer.headers["content-type"] == "application/json; charset=utf-8"
    assert len({answer.headers["x-ms-request-id"] for answer in answers}) == 3
    assert "x-ms-ratelimit-remaining-subscription-writes" in answers[0].headers
    assert "x-ms-ratelimit-remaining-subscription-reads" in answers[1].headers


async def test_the_providers_window_counts_each_endpoint(caller: Caller) -> None:
    caller.mock.settings.provider_limits = True
    accepted = [(await caller.put(f"n{number}")).status_code for number in range(75)]
    caller.clock.advance(timedelta(seconds=100.5))

    refused = await caller.put("one too many")

    assert set(accepted) == {201}
    assert refused.status_code == 429
    assert refused.headers["Retry-After"] == "200"
    assert refused.json()["error"]["code"] == "TooManyRequests"
    assert (await caller.call("PUT", "/n1/comments/c", COMMENT)).status_code == 201
    assert (await caller.call("GET", "/n1")).status_code == 200
    caller.clock.advance(timedelta(seconds=200))
    assert (await caller.put("one too many")).status_code == 201


async def test_comments_may_be_read_a_hundred_times(caller: Caller) -> None:
    await caller.put()
    caller.mock.settings.provider_limits = True

    statuses = [(await caller.call("GET", f"/{NAME}/comments")).status_code for _ in range(101)]

    assert statuses == [200] * 100 + [429]


async def test_arms_bucket_empties_and_refills(caller: Caller) -> None:
    caller.mock.settings.arm_limits = True
    caller.mock.settings.arm_writes = 3
    answers = [await caller.put() for _ in range(4)]
    caller.clock.advance(timedelta(seconds=0.2))
    after = [await caller.put() for _ in range(3)]

    header = "x-ms-ratelimit-remaining-subscription-writes"
    assert [answer.headers.get(header) for answer in answers] == ["2", "1", "0", None]
    assert answers[3].status_code == 429
    assert answers[3].headers["Retry-After"] == "1"
    assert [answer.status_code for answer in after] == [200, 200, 429]
    assert (await caller.call("GET")).status_code == 200


async def test_limits_are_off_unless_switched_on(caller: Caller) -> None:
    statuses = {(await caller.put()).status_code for _ in range(300)}

    assert statuses == {200, 201}
