"""Tokens and passwords: asked for once, renewed in time, replaced when refused, never shown."""

import asyncio
import base64
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from connector.errors import AuthError, TransientError
from connector.http import BasicAuth, BearerAuth, OAuth2Auth, Peer, PeerKind, PeerSettings, Runtime, Secret
from tests.unit.http_far_side import APP, SECRET, FarSide


@pytest.fixture
def far(monkeypatch: pytest.MonkeyPatch) -> FarSide:
    monkeypatch.setenv("PEER_SECRET", "not-a-secret")
    return FarSide()


async def test_a_token_is_asked_for_once_and_renewed_a_minute_early(far: FarSide) -> None:
    peer = far.peer(APP, PeerKind.GRAPH)
    for minutes in (0, 58, 1):
        far.at += timedelta(minutes=minutes)
        await peer.request("GET", "/x", operation="x")
    assert far.tokens == ["token-1", "token-2"]
    form = "grant_type=client_credentials&client_id=app&scope=https%3A%2F%2Ffar.example%2F.default"
    assert far.forms[0] == f"{form}&client_secret=not-a-secret"


async def test_many_requests_at_once_make_one_token_request(far: FarSide) -> None:
    peer, far.gate = far.peer(APP), asyncio.Event()
    waiting = [asyncio.create_task(peer.request("GET", "/x", operation="x")) for _ in range(20)]
    await asyncio.sleep(0)
    far.gate.set()
    await asyncio.gather(*waiting)
    assert far.tokens == ["token-1"]


async def test_a_refused_token_is_replaced_once_for_writes_too(far: FarSide) -> None:
    peer = far.peer(APP)
    await peer.request("GET", "/x", operation="x")
    far.tokens.append("revoked everything before")
    await peer.request("POST", "/x", json={"n": 1}, operation="x")
    assert [request.method for request in far.requests] == ["GET", "POST", "POST"]
    assert far.tokens[-1] == "token-3"


async def test_a_second_refusal_is_final(far: FarSide) -> None:
    far.replies = [httpx.Response(401), httpx.Response(401)]
    with pytest.raises(AuthError):
        await far.peer(APP).request("GET", "/x", operation="x")
    assert len(far.requests) == 2


async def test_a_password_that_was_rotated_is_tried_once_more(far: FarSide, tmp_path: Path) -> None:
    path = tmp_path / "password"
    path.write_text("old")

    def rotate(request: httpx.Request) -> httpx.Response:
        if request.headers["authorization"] == "Basic " + base64.b64encode(b"user:old").decode():
            path.write_text("newer")
            return httpx.Response(401)
        return httpx.Response(200, json={})

    auth = BasicAuth(type="basic", username="user", password=Secret(file=path))
    settings = PeerSettings(base_url="https://far.example")
    peer = Peer(
        settings, auth, kind=PeerKind.SERVICENOW, runtime=Runtime(transport=httpx.MockTransport(rotate))
    )
    await peer.request("POST", "/x", json={}, operation="x")
    await peer.close()


async def test_a_wrong_password_is_tried_once(far: FarSide) -> None:
    far.replies = [httpx.Response(401)]
    with pytest.raises(AuthError):
        await far.peer().request("GET", "/x", operation="x")
    assert len(far.requests) == 1


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (httpx.Response(401, json={"error_description": "AADSTS7000215: Invalid client secret."}), AuthError),
        (httpx.Response(404), AuthError),
        (httpx.Response(410), AuthError),
        (httpx.Response(200, json={"token_type": "Bearer"}), TransientError),
        (httpx.Response(200, json={"access_token": "a\nb"}), AuthError),
    ],
)
async def test_no_token_is_nobodys_record(
    far: FarSide, reply: httpx.Response, expected: type[Exception]
) -> None:
    far.token_replies = [reply]
    with pytest.raises(expected) as caught:
        await far.peer(APP).request("POST", "/x", json={}, operation="x")
    assert "not-a-secret" not in str(caught.value)
    assert far.requests == []


async def test_a_token_endpoint_in_trouble_is_asked_again(far: FarSide) -> None:
    far.token_replies = [httpx.Response(503), httpx.ConnectError("refused")]
    await far.peer(APP).request("POST", "/x", json={}, operation="x")
    assert len(far.forms) == 3


@pytest.mark.parametrize(
    "lifetime", [60, "60", None, "soon", -5, 80_000_000_000_000, -80_000_000_000_000, "1e999", "nan"]
)
async def test_odd_lifetimes_never_stop_the_flow(far: FarSide, lifetime: Any) -> None:
    far.lifetime = lifetime
    peer = far.peer(
        OAuth2Auth(type="oauth2", token_url="https://far.example/token", client_id="c", client_secret=SECRET)
    )
    await peer.request("GET", "/x", operation="x")
    await peer.request("GET", "/x", operation="x")
    assert "scope" not in far.forms[0]


@pytest.mark.parametrize("token", ["two words", "line\nbreak", "umlaut-ü"])
async def test_a_token_no_header_can_hold_is_not_shown(
    far: FarSide, monkeypatch: pytest.MonkeyPatch, token: str
) -> None:
    monkeypatch.setenv("PEER_SECRET", token)
    with pytest.raises(AuthError, match="PEER_SECRET") as caught:
        await far.peer(BearerAuth(type="bearer", token=SECRET)).request("GET", "/x", operation="x")
    assert token not in str(caught.value)
