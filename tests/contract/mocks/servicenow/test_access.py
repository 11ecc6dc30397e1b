from datetime import timedelta

import httpx
import pytest

from connector.mocks.kernel import Clock
from connector.mocks.servicenow import ServiceNowMock

LIST = "/api/now/table/incident"
ENVELOPE = {
    "error": {"message": "User is not authenticated", "detail": "Required to provide Auth information"},
    "status": "failure",
}
CLIENT = {"client_id": "integration-client", "client_secret": "right"}
PASSWORD = {"grant_type": "password", "username": "integration", "password": "right"}


async def token(client: httpx.AsyncClient, **form: str) -> httpx.Response:
    return await client.post("/oauth_token.do", data={**CLIENT, **form})


async def listed(client: httpx.AsyncClient, access_token: str) -> int:
    authorization = httpx.Headers({"Authorization": f"Bearer {access_token}"})
    request = client.build_request("GET", LIST, headers=authorization)
    return (await client.send(request, auth=None)).status_code


@pytest.mark.parametrize(
    "authorization", [None, "Basic !!", "Basic aW50ZWdyYXRpb246d3Jvbmc=", "Bearer nothing", "Digest x"]
)
async def test_a_caller_without_usable_credentials(
    client: httpx.AsyncClient, authorization: str | None
) -> None:
    headers = {"Authorization": authorization} if authorization else {}
    answer = await client.send(client.build_request("GET", LIST, headers=headers), auth=None)
    assert (answer.status_code, answer.json()) == (401, ENVELOPE)
    assert answer.headers["WWW-Authenticate"] == 'BASIC realm="Service-now"'


@pytest.mark.parametrize(("switch", "header"), [("basic_refused", None), ("mfa_required", "invalid")])
async def test_gates_refuse_a_right_password(
    client: httpx.AsyncClient, mock: ServiceNowMock, switch: str, header: str | None
) -> None:
    setattr(mock.settings, switch, True)
    answer = await client.get(LIST)
    assert (answer.status_code, answer.json()) == (401, ENVELOPE)
    assert answer.headers.get("X-MFA_TOKEN") == header


async def test_the_three_grants(client: httpx.AsyncClient, clock: Clock) -> None:
    by_password = (await token(client, **PASSWORD)).json()
    assert set(by_password) == {"access_token", "refresh_token", "scope", "token_type", "expires_in"}
    assert by_password["expires_in"] == 1799
    by_client = (await token(client, grant_type="client_credentials")).json()
    assert "refresh_token" not in by_client
    clock.advance(timedelta(seconds=1799))
    assert await listed(client, by_password["access_token"]) == 200
    assert await listed(client, by_client["access_token"]) == 200
    clock.advance(timedelta(seconds=1))
    assert await listed(client, by_password["access_token"]) == 401
    renewed = await token(client, grant_type="refresh_token", refresh_token=by_password["refresh_token"])
    assert await listed(client, renewed.json()["access_token"]) == 200


@pytest.mark.parametrize(
    "form",
    [
        {**PASSWORD, "password": "wrong"},
        {**PASSWORD, "client_secret": "wrong"},
        {"grant_type": "refresh_token", "refresh_token": "nothing"},
        {"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer"},
        {},
    ],
)
async def test_a_refused_token_request(client: httpx.AsyncClient, form: dict[str, str]) -> None:
    answer = await token(client, **form)
    assert answer.status_code == 401
    assert answer.json() == {"error_description": "access_denied", "error": "server_error"}


async def test_a_client_may_name_itself_by_basic_credentials(
    client: httpx.AsyncClient, mock: ServiceNowMock
) -> None:
    mock.settings.oauth_client_secret = "secret of the client"
    account = ("integration-client", "secret of the client")
    answer = await client.post("/oauth_token.do", data={"grant_type": "client_credentials"}, auth=account)
    assert answer.status_code == 200


async def test_grants_can_be_switched_off_and_tokens_expired(
    client: httpx.AsyncClient, mock: ServiceNowMock
) -> None:
    issued = (await token(client, grant_type="client_credentials")).json()["access_token"]
    mock.expire_tokens()
    assert await listed(client, issued) == 401
    mock.settings.oauth_grants.discard("client_credentials")
    assert (await token(client, grant_type="client_credentials")).status_code == 401


async def test_a_rate_rule_announces_itself_and_refuses(
    client: httpx.AsyncClient, mock: ServiceNowMock, clock: Clock
) -> None:
    assert "X-RateLimit-Limit" not in (await client.get(LIST)).headers
    mock.settings.rate_limit_per_hour = 2
    answers = [await client.get(LIST) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert {answer.headers["X-RateLimit-Limit"] for answer in answers} == {"2"}
    assert answers[0].headers["X-RateLimit-Reset"] == "1772618400"
    assert answers[2].headers["Retry-After"] == "2995"
    assert answers[2].json()["error"]["detail"] == "Rate limit of 2 requests per hour for Table API exceeded"
    clock.advance(timedelta(seconds=2995))
    assert (await client.get(LIST)).status_code == 200


async def test_a_sleeping_instance_answers_200_with_a_page(
    client: httpx.AsyncClient, mock: ServiceNowMock
) -> None:
    mock.settings.hibernating = True
    answer = await client.get(LIST)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/html;charset=UTF-8"
    assert "Instance Hibernating page" in answer.text


@pytest.mark.parametrize(
    ("method", "path", "headers", "status", "message"),
    [
        ("GET", "/api/now/table/u_nothing", {}, 400, "Invalid table u_nothing"),
        ("GET", "/api/now/attic", {}, 400, "Requested URI does not represent any resource"),
        ("GET", "/", {}, 400, "Requested URI does not represent any resource"),
        ("DELETE", LIST, {}, 405, "Method Not Allowed"),
        ("GET", "/api/now/v1/batch", {}, 405, "Method Not Allowed"),
        ("GET", LIST, {"Accept": "application/xml"}, 406, "Not acceptable"),
        ("POST", LIST, {"Content-Type": "text/plain"}, 415, "Unsupported media type"),
        ("POST", LIST, {}, 400, "Requested URI does not represent any resource"),
    ],
)
async def test_requests_that_fit_nothing(
    client: httpx.AsyncClient, method: str, path: str, headers: dict[str, str], status: int, message: str
) -> None:
    answer = await client.request(method, path, headers=headers)
    assert (answer.status_code, answer.json()["error"]["message"]) == (status, message)


async def test_unreadable_tables(client: httpx.AsyncClient, mock: ServiceNowMock) -> None:
    mock.settings.unreadable_tables = {"sys_choice"}
    answer = await client.get("/api/now/table/sys_choice")
    assert answer.status_code == 403
    assert answer.json()["error"] == {"message": "Insufficient rights to query records", "detail": None}
