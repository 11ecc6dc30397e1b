"""A peer: headers, addresses, retries, tokens, and what becomes of answers that are none."""

import asyncio
import base64
import itertools
import json
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import trustme

from connector.errors import AuthError, ConfigError, RejectedError, TransientError
from connector.http import (
    AnyAuth,
    BadAnswerError,
    BasicAuth,
    BearerAuth,
    ClientSecretAuth,
    OAuth2Auth,
    Peer,
    PeerKind,
    PeerSettings,
    Runtime,
    Secret,
)

Reply = httpx.Response | Exception


@dataclass
class FarSide:
    """A service with a token endpoint: accepts the newest token only, replies from a script, then with `{}`."""

    replies: list[Reply] = field(default_factory=list)
    requests: list[httpx.Request] = field(default_factory=list)
    token_replies: list[Reply] = field(default_factory=list)
    tokens: list[str] = field(default_factory=list)
    forms: list[str] = field(default_factory=list)
    lifetime: Any = 3600
    slept: list[float] = field(default_factory=list)
    at: datetime = datetime(2026, 3, 1, 12, tzinfo=UTC)
    gate: asyncio.Event | None = None

    async def handle(self, request: httpx.Request) -> httpx.Response:
        if "token" in request.url.path:
            return await self._token(request)
        self.requests.append(request)
        if self.tokens and request.headers["authorization"] != f"Bearer {self.tokens[-1]}":
            return httpx.Response(401, json={"error": {"code": "InvalidAuthenticationToken"}})
        return _given(self.replies, httpx.Response(200, json={}))

    async def _token(self, request: httpx.Request) -> httpx.Response:
        self.forms.append((await request.aread()).decode())
        if self.gate is not None:
            await self.gate.wait()
        self.tokens.append(f"token-{len(self.tokens) + 1}")
        body = {"access_token": self.tokens[-1], "expires_in": self.lifetime, "token_type": "Bearer"}
        return _given(self.token_replies, httpx.Response(200, json=body))

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.at += timedelta(seconds=seconds)

    def runtime(self) -> Runtime:
        numbers = itertools.count(1)
        return Runtime(
            now=lambda: self.at,
            monotonic=lambda: self.at.timestamp(),  # noqa: PLW0108  # `at` is replaced meanwhile
            sleep=self.sleep,
            chance=lambda: 0.5,
            new_id=lambda: f"id-{next(numbers)}",
            transport=httpx.MockTransport(self.handle),
        )


def _given(replies: list[Reply], otherwise: httpx.Response) -> httpx.Response:
    reply = replies.pop(0) if replies else otherwise
    if isinstance(reply, Exception):
        raise reply
    return reply


@pytest.fixture(autouse=True)
def _secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PEER_SECRET", "not-a-secret")


SECRET = Secret(env="PEER_SECRET")
BASIC = BasicAuth(type="basic", username="user", password=SECRET)
APP = ClientSecretAuth(type="client_secret", tenant_id="tenant", client_id="app", client_secret=SECRET)
Opener = Callable[..., Peer]


@pytest.fixture
def far() -> FarSide:
    return FarSide()


@pytest.fixture
async def open_peer(far: FarSide) -> AsyncIterator[Opener]:
    opened: list[Peer] = []

    def open_one(auth: AnyAuth = BASIC, kind: PeerKind = PeerKind.SERVICENOW, **options: Any) -> Peer:
        settings = PeerSettings(base_url="https://far.example")
        opened.append(Peer(settings, auth, kind=kind, runtime=far.runtime(), **options))
        return opened[-1]

    yield open_one
    for peer in opened:
        await peer.close()


# ----------------------------------------------------------------------------------------------------- requests


@pytest.mark.parametrize(
    ("kind", "header"),
    [
        (PeerKind.GRAPH, "client-request-id"),
        (PeerKind.ARM, "x-ms-client-request-id"),
        (PeerKind.SERVICENOW, "x-request-id"),
    ],
)
async def test_every_request_has_an_id_of_its_own(
    far: FarSide, open_peer: Opener, kind: PeerKind, header: str
) -> None:
    peer = open_peer(kind=kind)
    answers = [await peer.request("GET", "/x", operation="try") for _ in range(2)]
    assert [request.headers[header] for request in far.requests] == ["id-1", "id-2"]
    assert [answer.request_id for answer in answers] == ["id-1", "id-2"]


async def test_the_far_sides_request_id_wins(far: FarSide, open_peer: Opener) -> None:
    far.replies = [httpx.Response(200, json=[], headers={"request-id": "theirs"})]
    assert (await open_peer().request("GET", "/x", operation="try")).request_id == "theirs"


async def test_a_request_as_it_leaves(far: FarSide, open_peer: Opener) -> None:
    peer = open_peer(headers={"X-Fixed": "1"})
    await peer.request(
        "PATCH",
        "/a/b",
        params={"q": "a=1^b=c+d&e", "n": 2},
        json={"k": "ü"},
        headers={"X-One": "2"},
        operation="x",
    )
    (request,) = far.requests
    assert str(request.url) == "https://far.example/a/b?q=a%3D1%5Eb%3Dc%2Bd%26e&n=2"
    assert json.loads(request.content) == {"k": "ü"}
    assert request.headers["content-type"] == "application/json"
    assert (request.headers["x-fixed"], request.headers["x-one"]) == ("1", "2")
    assert request.headers["authorization"] == "Basic " + base64.b64encode(b"user:not-a-secret").decode()


@pytest.mark.parametrize(
    "url",
    [
        "https://other.example/x",
        "http://far.example/x",
        "https://far.example:444/x",
        "https://far.example@other.example/x",
        "//other.example/x",
        "https://far.example:port/x",
        "x",
    ],
)
async def test_other_hosts_are_refused(far: FarSide, open_peer: Opener, url: str) -> None:
    if url.startswith("//"):
        await open_peer().request("GET", url, operation="x")
        assert far.requests[0].url.host == "far.example"
        return
    with pytest.raises(RejectedError) as caught:
        await open_peer().request("GET", url, operation="x")
    assert caught.value.signature == "foreign_address"
    assert far.requests == []


async def test_a_whole_address_on_the_same_host_is_used_as_it_is(far: FarSide, open_peer: Opener) -> None:
    link = "https://FAR.example:443/x?$skiptoken=a%2Fb"
    await open_peer().request("GET", link, operation="x")
    assert far.requests[0].url.query == b"$skiptoken=a%2Fb"


async def test_redirects_are_not_followed(far: FarSide, open_peer: Opener) -> None:
    far.replies = [httpx.Response(302, headers={"location": "https://other.example/"})] * 3
    with pytest.raises(TransientError, match="302"):
        await open_peer().request("GET", "/x", operation="x")
    assert {request.url.host for request in far.requests} == {"far.example"}


# ------------------------------------------------------------------------------------------------------ retries


async def test_reads_are_repeated_and_writes_are_not(far: FarSide, open_peer: Opener) -> None:
    peer = open_peer()
    far.replies = [httpx.Response(500), httpx.ReadError("cut"), httpx.Response(200, json={"ok": 1})]
    assert (await peer.request("GET", "/x", operation="x")).data == {"ok": 1}
    assert far.slept == [0.5, 1.0]
    far.replies = [httpx.Response(503)]
    with pytest.raises(TransientError):
        await peer.request("POST", "/x", json={}, operation="x")
    assert len(far.requests) == 4


async def test_a_post_that_reads_is_repeated(far: FarSide, open_peer: Opener) -> None:
    far.replies = [httpx.Response(503)]
    assert (await open_peer().request("POST", "/x", json={}, operation="x", read=True)).data == {}


async def test_reads_are_given_up_after_three_attempts(far: FarSide, open_peer: Opener) -> None:
    far.replies = [httpx.Response(500)] * 9
    with pytest.raises(BadAnswerError) as caught:
        await open_peer().request("GET", "/x", operation="x")
    assert (caught.value.status, len(far.requests)) == (500, 3)


@pytest.mark.parametrize(("named", "slept"), [("60", [60.0]), ("61", []), ("0", [0.0])])
async def test_the_far_sides_wait_wins(
    far: FarSide, open_peer: Opener, named: str, slept: list[float]
) -> None:
    far.replies = [httpx.Response(429, headers={"Retry-After": named})]
    if slept:
        await open_peer().request("GET", "/x", operation="x")
    else:
        with pytest.raises(TransientError) as caught:
            await open_peer().request("GET", "/x", operation="x")
        assert caught.value.retry_after == 61
    assert far.slept == slept


@pytest.mark.parametrize("status", [400, 403, 404, 409])
async def test_refusals_are_not_repeated(far: FarSide, open_peer: Opener, status: int) -> None:
    far.replies = [httpx.Response(status)]
    with pytest.raises(RejectedError):
        await open_peer().request("GET", "/x", operation="x")
    assert len(far.requests) == 1


# ------------------------------------------------------------------------------------------------------ answers


@pytest.mark.parametrize(
    ("reply", "hint"),
    [
        (httpx.Response(200, html="<html>Instance Hibernating page</html>"), "hibernate"),
        (
            httpx.Response(200, text="<!DOCTYPE html>", headers={"content-type": "application/json"}),
            "hibernate",
        ),
        (httpx.Response(200, text="{", headers={"content-type": "application/json"}), "not JSON"),
        (httpx.Response(200), "empty"),
        (httpx.Response(201, text="[" * 100_000), "not JSON"),
    ],
)
async def test_a_success_without_json_is_none(
    far: FarSide, open_peer: Opener, reply: httpx.Response, hint: str
) -> None:
    far.replies = [reply]
    with pytest.raises(TransientError, match=hint):
        await open_peer().request("POST", "/x", operation="x")


async def test_no_content_is_a_success(far: FarSide, open_peer: Opener) -> None:
    far.replies = [httpx.Response(204)]
    assert (await open_peer().request("DELETE", "/x", operation="x")).data is None


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b'"a\\ud800b"', "a\ud800b"),
        (b'"a\\u0000b"', "a\x00b"),
        (b'"a\xffb"', "a\udcffb"),
        (b"\xef\xbb\xbf1", 1),
    ],
)
async def test_odd_characters_do_not_fail_here(
    far: FarSide, open_peer: Opener, body: bytes, expected: Any
) -> None:
    far.replies = [httpx.Response(200, content=body, headers={"content-type": "application/json"})]
    assert (await open_peer().request("GET", "/x", operation="x")).data == expected


async def test_an_answer_that_takes_too_long_is_given_up() -> None:
    async def never(request: httpx.Request) -> httpx.Response:
        await asyncio.Event().wait()
        raise AssertionError

    settings = PeerSettings.model_validate({"base_url": "https://far.example", "timeout": {"total": "0s"}})
    peer = Peer(settings, BASIC, kind=PeerKind.ARM, runtime=Runtime(transport=httpx.MockTransport(never)))
    with pytest.raises(BadAnswerError, match=r"far\.example") as caught:
        await peer.request("PUT", "/x", operation="x")
    assert caught.value.status == 0
    await peer.close()


# ------------------------------------------------------------------------------------------------------- tokens


async def test_a_token_is_asked_for_once_and_renewed_a_minute_early(far: FarSide, open_peer: Opener) -> None:
    peer = open_peer(APP, PeerKind.GRAPH)
    for minutes in (0, 58, 1):
        far.at += timedelta(minutes=minutes)
        await peer.request("GET", "/x", operation="x")
    assert far.tokens == ["token-1", "token-2"]
    form = "grant_type=client_credentials&client_id=app&scope=https%3A%2F%2Ffar.example%2F.default"
    assert far.forms[0] == f"{form}&client_secret=not-a-secret"


async def test_many_requests_at_once_make_one_token_request(far: FarSide, open_peer: Opener) -> None:
    peer, far.gate = open_peer(APP), asyncio.Event()
    waiting = [asyncio.create_task(peer.request("GET", "/x", operation="x")) for _ in range(20)]
    await asyncio.sleep(0)
    far.gate.set()
    await asyncio.gather(*waiting)
    assert far.tokens == ["token-1"]


async def test_a_refused_token_is_replaced_once_for_writes_too(far: FarSide, open_peer: Opener) -> None:
    peer = open_peer(APP)
    await peer.request("GET", "/x", operation="x")
    far.tokens.append("revoked everything before")
    await peer.request("POST", "/x", json={"n": 1}, operation="x")
    assert [request.method for request in far.requests] == ["GET", "POST", "POST"]
    assert far.tokens[-1] == "token-3"


async def test_a_second_refusal_is_final(far: FarSide, open_peer: Opener) -> None:
    far.replies = [httpx.Response(401), httpx.Response(401)]
    with pytest.raises(AuthError):
        await open_peer(APP).request("GET", "/x", operation="x")
    assert len(far.requests) == 2


async def test_a_password_that_was_rotated_is_tried_once_more(
    far: FarSide, open_peer: Opener, tmp_path: Path
) -> None:
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


async def test_a_wrong_password_is_tried_once(far: FarSide, open_peer: Opener) -> None:
    far.replies = [httpx.Response(401)]
    with pytest.raises(AuthError):
        await open_peer().request("GET", "/x", operation="x")
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
    far: FarSide, open_peer: Opener, reply: httpx.Response, expected: type[Exception]
) -> None:
    far.token_replies = [reply]
    with pytest.raises(expected) as caught:
        await open_peer(APP).request("POST", "/x", json={}, operation="x")
    assert "not-a-secret" not in str(caught.value)
    assert far.requests == []


async def test_a_token_endpoint_in_trouble_is_asked_again(far: FarSide, open_peer: Opener) -> None:
    far.token_replies = [httpx.Response(503), httpx.ConnectError("refused")]
    await open_peer(APP).request("POST", "/x", json={}, operation="x")
    assert len(far.forms) == 3


@pytest.mark.parametrize("lifetime", [60, "60", None, "soon", -5])
async def test_odd_lifetimes_never_stop_the_flow(far: FarSide, open_peer: Opener, lifetime: Any) -> None:
    far.lifetime = lifetime
    peer = open_peer(
        OAuth2Auth(type="oauth2", token_url="https://far.example/token", client_id="c", client_secret=SECRET)
    )
    await peer.request("GET", "/x", operation="x")
    await peer.request("GET", "/x", operation="x")
    assert "scope" not in far.forms[0]


@pytest.mark.parametrize("token", ["two words", "line\nbreak", "umlaut-ü"])
async def test_a_token_no_header_can_hold_is_not_shown(
    open_peer: Opener, monkeypatch: pytest.MonkeyPatch, token: str
) -> None:
    monkeypatch.setenv("PEER_SECRET", token)
    with pytest.raises(AuthError, match="PEER_SECRET") as caught:
        await open_peer(BearerAuth(type="bearer", token=SECRET)).request("GET", "/x", operation="x")
    assert token not in str(caught.value)


# -------------------------------------------------------------------------------------------------- the network


@asynccontextmanager
async def serving(context: ssl.SSLContext | None, reply: bytes) -> AsyncIterator[int]:
    """A server on loopback that gives one reply to each connection."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            await reader.read(65_536)
            writer.write(reply)
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    async with server:
        yield server.sockets[0].getsockname()[1]


async def ask(settings: PeerSettings) -> Any:
    peer = Peer(settings, BASIC, kind=PeerKind.ARM, runtime=Runtime())
    try:
        return (await peer.request("PUT", "/x", operation="try")).data
    finally:
        await peer.close()


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def server_side(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return context


JSON_REPLY = (
    b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\nconnection: close\r\n\r\n[]"
)


async def test_an_own_authority_is_trusted(
    authority: trustme.CA, server_side: ssl.SSLContext, tmp_path: Path
) -> None:
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    async with serving(server_side, JSON_REPLY) as port:
        assert (
            await ask(PeerSettings(base_url=f"https://127.0.0.1:{port}", ca_file=tmp_path / "ca.pem")) == []
        )
        assert await ask(PeerSettings(base_url=f"https://127.0.0.1:{port}", verify=False)) == []


async def test_an_unknown_authority_is_not(server_side: ssl.SSLContext) -> None:
    async with serving(server_side, JSON_REPLY) as port:
        with pytest.raises(TransientError, match="certificate is not trusted") as caught:
            await ask(PeerSettings(base_url=f"https://127.0.0.1:{port}"))
    assert "ca_file" in caught.value.remedy


async def test_a_file_that_holds_no_authority_is_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("nothing")
    for name in ("ca.pem", "missing.pem"):
        with pytest.raises(ConfigError, match=name):
            await ask(PeerSettings(base_url="https://127.0.0.1:1", ca_file=tmp_path / name))


async def test_plain_http_where_tls_is_expected() -> None:
    async with serving(None, JSON_REPLY) as port:
        with pytest.raises(TransientError) as caught:
            await ask(PeerSettings(base_url=f"https://127.0.0.1:{port}"))
    assert caught.value.remedy


@pytest.mark.parametrize(
    "reply",
    [b"", JSON_REPLY[:-1], JSON_REPLY.replace(b"close", b"close\r\ncontent-encoding: gzip")],
    ids=["no answer", "short", "not compressed"],
)
async def test_a_connection_that_is_cut(reply: bytes) -> None:
    async with serving(None, reply) as port:
        with pytest.raises(TransientError, match="connection broke"):
            await ask(PeerSettings(base_url=f"http://127.0.0.1:{port}"))


async def test_nobody_listens() -> None:
    async with serving(None, b"") as port:
        pass
    with pytest.raises(TransientError, match="no connection") as caught:
        await ask(PeerSettings(base_url=f"http://127.0.0.1:{port}"))
    assert "base_url" in caught.value.remedy
    assert "\n" not in str(caught.value)
