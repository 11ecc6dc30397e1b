"""A peer: headers, addresses, retries, and what becomes of answers that are none."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from connector.errors import RejectedError, TransientError
from connector.http import BadAnswerError, Peer, PeerKind, PeerSettings, Runtime
from tests.unit.http_far_side import BASIC, FarSide


@pytest.fixture
def far(monkeypatch: pytest.MonkeyPatch) -> FarSide:
    monkeypatch.setenv("PEER_SECRET", "not-a-secret")
    return FarSide()


@pytest.mark.parametrize(
    ("kind", "header"),
    [
        (PeerKind.GRAPH, "client-request-id"),
        (PeerKind.ARM, "x-ms-client-request-id"),
        (PeerKind.SERVICENOW, "x-request-id"),
    ],
)
async def test_every_request_has_an_id_of_its_own(far: FarSide, kind: PeerKind, header: str) -> None:
    peer = far.peer(kind=kind)
    answers = [await peer.request("GET", "/x", operation="try") for _ in range(2)]
    assert [request.headers[header] for request in far.requests] == ["id-1", "id-2"]
    assert [answer.request_id for answer in answers] == ["id-1", "id-2"]


async def test_the_far_sides_request_id_wins(far: FarSide) -> None:
    far.replies = [httpx.Response(200, json=[], headers={"request-id": "theirs"})]
    assert (await far.peer().request("GET", "/x", operation="try")).request_id == "theirs"


async def test_a_request_as_it_leaves(far: FarSide) -> None:
    peer = far.peer(headers={"X-Fixed": "1"})
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
async def test_other_hosts_are_refused(far: FarSide, url: str) -> None:
    if url.startswith("//"):
        await far.peer().request("GET", url, operation="x")
        assert far.requests[0].url.host == "far.example"
        return
    with pytest.raises(RejectedError) as caught:
        await far.peer().request("GET", url, operation="x")
    assert caught.value.signature == "foreign_address"
    assert far.requests == []


async def test_a_whole_address_on_the_same_host_is_used_as_it_is(far: FarSide) -> None:
    link = "https://FAR.example:443/x?$skiptoken=a%2Fb"
    await far.peer().request("GET", link, operation="x")
    assert far.requests[0].url.query == b"$skiptoken=a%2Fb"


async def test_redirects_are_not_followed(far: FarSide) -> None:
    far.replies = [httpx.Response(302, headers={"location": "https://other.example/"})] * 3
    with pytest.raises(TransientError, match="302"):
        await far.peer().request("GET", "/x", operation="x")
    assert {request.url.host for request in far.requests} == {"far.example"}


async def test_reads_are_repeated_and_writes_are_not(far: FarSide) -> None:
    peer = far.peer()
    far.replies = [httpx.Response(500), httpx.ReadError("cut"), httpx.Response(200, json={"ok": 1})]
    assert (await peer.request("GET", "/x", operation="x")).data == {"ok": 1}
    assert far.slept == [0.5, 1.0]
    far.replies = [httpx.Response(503)]
    with pytest.raises(TransientError):
        await peer.request("POST", "/x", json={}, operation="x")
    assert len(far.requests) == 4


async def test_a_post_that_reads_is_repeated(far: FarSide) -> None:
    far.replies = [httpx.Response(503)]
    assert (await far.peer().request("POST", "/x", json={}, operation="x", read=True)).data == {}


async def test_reads_are_given_up_after_three_attempts(far: FarSide) -> None:
    far.replies = [httpx.Response(500)] * 9
    with pytest.raises(BadAnswerError) as caught:
        await far.peer().request("GET", "/x", operation="x")
    assert (caught.value.status, len(far.requests)) == (500, 3)


@pytest.mark.parametrize(("named", "slept"), [("60", [60.0]), ("61", []), ("0", [0.0])])
async def test_the_far_sides_wait_wins(far: FarSide, named: str, slept: list[float]) -> None:
    far.replies = [httpx.Response(429, headers={"Retry-After": named})]
    if slept:
        await far.peer().request("GET", "/x", operation="x")
    else:
        with pytest.raises(TransientError) as caught:
            await far.peer().request("GET", "/x", operation="x")
        assert caught.value.retry_after == 61
    assert far.slept == slept


@pytest.mark.parametrize("status", [400, 403, 404, 409])
async def test_refusals_are_not_repeated(far: FarSide, status: int) -> None:
    far.replies = [httpx.Response(status)]
    with pytest.raises(RejectedError):
        await far.peer().request("GET", "/x", operation="x")
    assert len(far.requests) == 1


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
async def test_a_success_without_json_is_none(far: FarSide, reply: httpx.Response, hint: str) -> None:
    far.replies = [reply]
    with pytest.raises(TransientError, match=hint):
        await far.peer().request("POST", "/x", operation="x")


async def test_no_content_is_a_success(far: FarSide) -> None:
    far.replies = [httpx.Response(204)]
    assert (await far.peer().request("DELETE", "/x", operation="x")).data is None


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b'"a\\ud800b"', "a\ud800b"),
        (b'"a\\u0000b"', "a\x00b"),
        (b'"a\xffb"', "a\udcffb"),
        (b"\xef\xbb\xbf1", 1),
    ],
)
async def test_odd_characters_do_not_fail_here(far: FarSide, body: bytes, expected: Any) -> None:
    far.replies = [httpx.Response(200, content=body, headers={"content-type": "application/json"})]
    assert (await far.peer().request("GET", "/x", operation="x")).data == expected


async def test_an_answer_that_takes_too_long_is_given_up(far: FarSide) -> None:
    async def never(request: httpx.Request) -> httpx.Response:
        await asyncio.Event().wait()
        raise AssertionError

    settings = PeerSettings.model_validate({"base_url": "https://far.example", "timeout": {"total": "0s"}})
    peer = Peer(settings, BASIC, kind=PeerKind.ARM, runtime=Runtime(transport=httpx.MockTransport(never)))
    with pytest.raises(BadAnswerError, match=r"far\.example") as caught:
        await peer.request("PUT", "/x", operation="x")
    assert caught.value.status == 0
    await peer.close()


async def test_an_endless_body_is_not_read_to_its_end(far: FarSide) -> None:
    async def endless() -> AsyncIterator[bytes]:
        while True:
            given.append(1)
            yield b"x" * 2**20

    given: list[int] = []
    far.replies = [httpx.Response(200, content=endless(), headers={"content-type": "application/json"})]
    with pytest.raises(BadAnswerError, match="larger"):
        await far.peer().request("POST", "/x", operation="x")
    assert len(given) < 100


@pytest.mark.parametrize(
    ("error", "hint"),
    [
        (httpx.ConnectTimeout("slow"), "no connection to far.example in time"),
        (httpx.ReadTimeout("slow"), "no answer from far.example in time"),
        (httpx.ProxyError("407 not-a-secret@proxy"), "the proxy refused"),
        (httpx.RemoteProtocolError("Server disconnected\nwithout"), "the connection broke"),
    ],
)
async def test_failures_of_the_network_are_one_line(far: FarSide, error: Exception, hint: str) -> None:
    far.replies = [error]
    with pytest.raises(TransientError, match=hint) as caught:
        await far.peer().request("POST", "/x", operation="x")
    assert "\n" not in str(caught.value)
