"""The Entra mock: who gets a token, how a refusal reads, and what a token is good for."""

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from connector.mocks.entra import GRAPH, MANAGEMENT, READ_WRITE, AppRegistration, EntraMock
from connector.mocks.kernel import Clock, Grant, Refusal

TOKEN = "/tenant-1/oauth2/v2.0/token"
FORM = {
    "grant_type": "client_credentials",
    "client_id": "client-1",
    "client_secret": "open sesame",
    "scope": f"{GRAPH}/.default",
    "client_info": "1",
}


class Directory:
    """The mock with a frozen clock and a client for it."""

    def __init__(self) -> None:
        self.clock = Clock(datetime(2026, 1, 5, 8, tzinfo=UTC))
        self.mock = EntraMock(self.clock, AppRegistration("tenant-1", "client-1", "open sesame", "Test App"))
        transport = httpx.ASGITransport(self.mock.app)
        self.http = httpx.AsyncClient(transport=transport, base_url="https://login.test")

    async def ask(self, **changes: str | None) -> httpx.Response:
        form = {"path": TOKEN, **FORM, **changes}
        path = form.pop("path") or TOKEN
        return await self.http.post(
            path, data={name: value for name, value in form.items() if value is not None}
        )

    async def header(self, **changes: str) -> str:
        return f"Bearer {(await self.ask(**changes)).json()['access_token']}"


@pytest.fixture
def directory() -> Directory:
    return Directory()


def assertion(**claims: Any) -> dict[str, str | None]:
    payload = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return {
        "client_secret": None,
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "client_assertion": f"e30.{payload}.c2ln",
    }


async def test_a_token_is_issued(directory: Directory) -> None:
    answer = await directory.ask()
    body = answer.json()

    assert answer.status_code == 200
    assert (body["token_type"], body["expires_in"], body["ext_expires_in"]) == ("Bearer", 3599, 3599)
    grant = directory.mock.tokens.check(f"bearer {body['access_token']}", GRAPH)
    assert isinstance(grant, Grant)
    assert (grant.app_name, grant.user, grant.roles) == ("Test App", "Test App", frozenset({READ_WRITE}))


@pytest.mark.parametrize(
    ("changes", "status", "error", "code"),
    [
        ({"client_secret": "guess"}, 401, "invalid_client", 7000215),
        ({"client_secret": None}, 401, "invalid_client", 7000218),
        ({"path": "/tenant-2/oauth2/v2.0/token"}, 400, "invalid_request", 90002),
        ({"client_id": "client-2"}, 400, "unauthorized_client", 700016),
        ({"client_id": None}, 400, "invalid_request", 900144),
        ({"scope": None}, 400, "invalid_request", 900144),
        ({"scope": "https://foo.example/.default"}, 400, "invalid_scope", 70011),
        ({"scope": "User.Read"}, 400, "invalid_scope", 1002012),
        ({"scope": f"{GRAPH}/.default {MANAGEMENT}/.default"}, 400, "invalid_scope", 1002012),
        ({"grant_type": "password"}, 400, "unsupported_grant_type", 70003),
        (assertion(sub="client-1", exp=2_000_000_000), 401, "invalid_client", 700027),
    ],
    ids=str,
)
async def test_refusals(
    directory: Directory, changes: dict[str, str], status: int, error: str, code: int
) -> None:
    answer = await directory.ask(**changes)
    body = answer.json()

    assert (answer.status_code, body["error"], body["error_codes"]) == (status, error, [code])
    assert body["error_description"].startswith(f"AADSTS{code}: ")
    assert body["trace_id"] in body["error_description"]
    assert body["timestamp"] == "2026-01-05 08:00:00Z"
    assert "correlation_id" in body


@pytest.mark.parametrize(
    ("claims", "status", "code"),
    [
        ({"sub": "client-1", "exp": 2_000_000_000}, 200, None),
        ({"sub": "client-1", "exp": 1_000_000_000}, 401, 700024),
        ({"sub": "client-1"}, 401, 700024),
        ({"exp": 2_000_000_000}, 401, 700027),
    ],
    ids=str,
)
async def test_assertions_are_accepted_when_switched_on(
    directory: Directory, claims: dict[str, Any], status: int, code: int | None
) -> None:
    directory.mock.settings.accept_assertions = True

    answer = await directory.ask(**assertion(**claims))

    assert answer.status_code == status
    assert answer.json().get("error_codes") == ([code] if code else None)


@pytest.mark.parametrize("text", ["", "x", "a.!!.c", "a.e30.c", "a.W10.c"])
async def test_an_unreadable_assertion_is_refused(directory: Directory, text: str) -> None:
    directory.mock.settings.accept_assertions = True

    assert (await directory.ask(client_secret=None, client_assertion=text or ".")).status_code == 401


@pytest.mark.parametrize(
    ("scope", "audience"),
    [
        ("https://graph.microsoft.us/.default", GRAPH),
        (f"{MANAGEMENT}//.default", MANAGEMENT),
        ("http://127.0.0.1:4711/.default", GRAPH),
    ],
)
async def test_other_names_of_an_audience(directory: Directory, scope: str, audience: str) -> None:
    directory.mock.know("http://127.0.0.1:4711", GRAPH)

    header = await directory.header(scope=scope)

    assert isinstance(directory.mock.authorize(audience)(header), Grant)


async def test_a_token_is_good_for_its_audience_and_its_time_only(directory: Directory) -> None:
    header = await directory.header()
    check = directory.mock.tokens.check

    assert check(header, MANAGEMENT) == Refusal(403, "Access token validation failure. Invalid audience.")
    for bad in (None, "", "Bearer", "Basic eDp5", "Bearer nonsense"):
        refusal = check(bad, GRAPH)
        assert isinstance(refusal, Refusal)
        assert refusal.status == 401
    directory.clock.advance(timedelta(seconds=3598))
    assert isinstance(check(header, GRAPH), Grant)
    directory.clock.advance(timedelta(seconds=1))
    assert isinstance(check(header, GRAPH), Refusal)


async def test_lifetime_roles_and_expiry_can_be_changed(directory: Directory) -> None:
    directory.mock.settings.token_lifetime = 60
    assert (await directory.ask()).json()["expires_in"] == 60
    header = await directory.header()

    directory.mock.settings.roles[GRAPH] = []
    grant = directory.mock.tokens.check(header, GRAPH)
    assert isinstance(grant, Grant)
    assert grant.roles == frozenset()

    assert directory.mock.contents()["live_tokens"] == 2
    assert directory.mock.tokens.expire_all() == 2
    assert isinstance(directory.mock.tokens.check(header, GRAPH), Refusal)


async def test_discovery_names_the_token_endpoint(directory: Directory) -> None:
    body = (await directory.http.get("/tenant-1/v2.0/.well-known/openid-configuration")).json()
    unknown = await directory.http.get("/tenant-2/v2.0/.well-known/openid-configuration")

    assert body["token_endpoint"] == f"https://login.test{TOKEN}"
    assert {"authorization_endpoint", "issuer"} <= set(body)
    assert unknown.json()["error_codes"] == [90002]


async def test_what_the_tenant_shows_holds_no_secret(directory: Directory) -> None:
    assert "open sesame" not in json.dumps(directory.mock.contents())
