"""Answers found in bytes that come in any pieces, compared with what another parser (h11) finds in them."""

import gzip
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise

import h11
import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.http.exchange import Call, Reply, TooLargeError, reply_of
from connector.http.parsing import Incoming, head_of

MOST = 1 << 20
OK = b"HTTP/1.1 200 OK\r\n"
TWO = OK + b"Content-Length: 2\r\n\r\n[]"


def received(*pieces: bytes, method: str = "GET", most: int = MOST) -> Incoming:
    """What has become of an answer after these pieces; an empty one is the end of the connection."""
    incoming = Incoming(method, most)
    for piece in pieces:
        incoming.feed(piece)
    return incoming


def split(text: bytes) -> Iterator[list[bytes]]:
    """The text in two pieces, in every way, and byte by byte."""
    for place in range(1, len(text)):
        yield [text[:place], text[place:]]
    yield [text[place : place + 1] for place in range(len(text))]


@dataclass(frozen=True)
class Case:
    """An answer's bytes, what is found in them, and whether the connection may be used again."""

    text: bytes
    status: int
    body: bytes
    again: bool
    ends: bool = False


CASES = {
    "with its length": Case(TWO, 200, b"[]", True),
    "empty": Case(OK + b"Content-Length: 0\r\n\r\n", 200, b"", True),
    "in chunks": Case(
        OK + b"Transfer-Encoding: chunked\r\n\r\n1;x=y\r\n[\r\n1\r\n]\r\n0\r\n\r\n", 200, b"[]", True
    ),
    "in chunks, with a trailer": Case(
        OK + b"Transfer-Encoding: chunked\r\n\r\n2\r\n[]\r\n0\r\nX-Sum: 1\r\n\r\n", 200, b"[]", True
    ),
    "the last one": Case(OK + b"Connection: close\r\nContent-Length: 2\r\n\r\n[]", 200, b"[]", False),
    "of an old server": Case(b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\n[]", 200, b"[]", False),
    "of an old server that stays": Case(
        b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\n[]", 200, b"[]", True
    ),
    "without a body": Case(b"HTTP/1.1 204 No Content\r\n\r\n", 204, b"", True),
    "not modified": Case(b"HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n", 304, b"", True),
    "after words in advance": Case(
        b"HTTP/1.1 100 Continue\r\nX-Early: 1\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\n" + TWO, 200, b"[]", True
    ),
    "up to the end": Case(OK + b"\r\n[]", 200, b"[]", False, ends=True),
    "up to the end, encoded otherwise": Case(
        OK + b"Transfer-Encoding: other\r\n\r\n[]", 200, b"[]", False, ends=True
    ),
    "without a reason": Case(b"HTTP/1.1 200 \r\nContent-Length: 2\r\n\r\n[]", 200, b"[]", True),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_an_answer_in_any_pieces(case: Case) -> None:
    for pieces in split(case.text):
        incoming = received(*pieces)
        assert incoming.is_complete is not case.ends
        if case.ends:
            incoming.feed(b"")
        reply = incoming.reply()
        assert (reply.status, reply.body, incoming.is_reusable) == (case.status, case.body, case.again)
        assert "x-early" not in reply.headers
        assert "x-sum" not in reply.headers


def test_an_answer_to_head_has_no_body() -> None:
    incoming = received(OK + b"Content-Length: 2\r\n\r\n", method="HEAD")
    assert (incoming.is_complete, incoming.is_reusable, incoming.reply().body) == (True, False, b"")


@pytest.mark.parametrize("more", [b"x", TWO, b"HTTP/1.1"])
@pytest.mark.parametrize("head", [b"", b"Connection: close\r\n"])
def test_what_nobody_asked_for_ends_the_connection(head: bytes, more: bytes) -> None:
    text = OK + head + b"Content-Length: 2\r\n\r\n[]" + more
    incoming = received(text)
    assert incoming.is_complete
    assert not incoming.is_reusable
    assert incoming.reply().body == b"[]"


WRONG = {
    "no HTTP": b"SSH-2.0-OpenSSH_9.6\r\n",
    "two lengths": OK + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n[]",
    "length and chunks": OK + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n[]\r\n0\r\n\r\n",
    "no length": OK + b"Content-Length: two\r\n\r\n[]",
    "no chunk": OK + b"Transfer-Encoding: chunked\r\n\r\n[]\r\n",
    "no header": OK + b"a header\r\n\r\n",
    "another protocol": b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\nx",
    "a head without end": OK + b"X-Long: " + b"x" * (128 << 10),
    "words in advance without end": b"HTTP/1.1 100 Continue\r\n\r\n" * 4_000,
}


@pytest.mark.parametrize("text", WRONG.values(), ids=WRONG)
def test_what_is_no_answer(text: bytes) -> None:
    with pytest.raises(httpx.RemoteProtocolError):
        received(text)
    with pytest.raises(httpx.RemoteProtocolError):
        received(*(text[place : place + 1_000] for place in range(0, len(text), 1_000)))


@pytest.mark.parametrize(
    "text",
    [b"", TWO[:10], TWO[:-1], b"HTTP/1.1 100 Continue\r\n\r\n", CASES["in chunks"].text[:-1]],
    ids=["nothing", "in the head", "in the body", "after a word in advance", "in the chunks"],
)
def test_an_answer_that_ends_early(text: bytes) -> None:
    with pytest.raises(httpx.RemoteProtocolError, match="closed"):
        received(*([text] if text else []), b"")


@pytest.mark.parametrize(
    "text",
    [
        OK + b"Content-Length: 2001\r\n\r\n" + b"x" * 2_001,
        OK + b"\r\n" + b"x" * 2_001,
        OK + b"Transfer-Encoding: chunked\r\n\r\n" + b"1\r\nx\r\n" * 400,
    ],
    ids=["said", "unsaid", "mostly chunk sizes"],
)
def test_more_than_is_taken(text: bytes) -> None:
    with pytest.raises(TooLargeError):
        received(text, most=2_000)


_token = st.text("abcdefghijklmnopqrstuvwxyz-", min_size=1, max_size=12).map(
    lambda name: f"x-{name}".encode()
)
_value = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), max_size=20).map(str.encode)
_length = st.sampled_from(["length", "chunks", "end"])


def spoken(body: bytes, how: str, headers: list[tuple[bytes, bytes]], cuts: list[int]) -> bytes:
    """An answer with these headers and this body, its end told in one of three ways."""
    lines = b"".join(b"%s: %s\r\n" % header for header in headers)
    if how == "length":
        return OK + lines + b"Content-Length: %d\r\n\r\n" % len(body) + body
    if how == "end":
        return OK + lines + b"\r\n" + body
    places = sorted({0, len(body), *(cut % (len(body) + 1) for cut in cuts)})
    chunks = [body[start:end] for start, end in pairwise(places)]
    coded = b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks)
    return OK + lines + b"Transfer-Encoding: chunked\r\n\r\n" + coded + b"0\r\n\r\n"


def found_by_h11(text: bytes) -> tuple[int, dict[str, str], bytes]:
    connection, headers, body = h11.Connection(h11.CLIENT), dict[str, str](), b""
    connection.send(h11.Request(method="GET", target="/", headers=[("Host", "far.example")]))
    connection.send(h11.EndOfMessage())
    connection.receive_data(text)
    connection.receive_data(b"")
    status = 0
    while True:
        match connection.next_event():
            case h11.Response() as response:
                status = response.status_code
                for name, value in response.headers:
                    key, word = name.decode(), value.decode()
                    headers[key] = f"{headers[key]}, {word}" if key in headers else word
            case h11.Data() as data:
                body += bytes(data.data)
            case _:
                return status, headers, body


@given(
    body=st.binary(max_size=200),
    how=_length,
    headers=st.lists(st.tuples(_token, _value), max_size=4),
    cuts=st.lists(st.integers(1, 300), max_size=6),
)
def test_two_parsers_find_the_same(
    body: bytes, how: str, headers: list[tuple[bytes, bytes]], cuts: list[int]
) -> None:
    text = spoken(body, how, headers, cuts)
    places = sorted({0, len(text), *(cut % len(text) for cut in cuts)})
    incoming = received(*(text[start:end] for start, end in pairwise(places)))
    if how == "end":
        incoming.feed(b"")
    reply = incoming.reply()
    assert (reply.status, dict(reply.headers), reply.body) == found_by_h11(text)
    assert incoming.is_reusable is (how != "end")


@pytest.mark.parametrize(
    "value", ["hush\r\nX: 1", "hush\nhush", "hush\0", " hush", "hush ", "\thush", "hüsh", "hush\x7f"]
)
def test_a_header_that_cannot_be_sent(value: str) -> None:
    with pytest.raises(httpx.LocalProtocolError) as caught:
        head_of(Call("GET", "", [("Authorization", value)], b"", {}), "far.example", "/")
    assert value not in str(caught.value)


@pytest.mark.parametrize("name", ["", "a b", "a:", "a\r\n"])
def test_a_name_that_no_header_has(name: str) -> None:
    with pytest.raises(httpx.LocalProtocolError):
        head_of(Call("GET", "", [(name, "1")], b"", {}), "far.example", "/")


@pytest.mark.parametrize(
    ("method", "content", "length"),
    [("GET", b"", None), ("DELETE", b"", None), ("POST", b"", "0"), ("PUT", b"{}", "2"), ("GET", b"{}", "2")],
)
def test_a_body_has_its_length(method: str, content: bytes, length: str | None) -> None:
    call = Call(method, "", [("A", "1"), ("B", "")], content, {})
    first, *lines = head_of(call, "far.example:8080", "/x?y=1").decode().split("\r\n")
    assert first == f"{method} /x?y=1 HTTP/1.1"
    expected = ["Host: far.example:8080", "A: 1", "B: "] + ([f"Content-Length: {length}"] if length else [])
    assert lines == [*expected, "", ""]


def test_a_reply_is_what_it_holds() -> None:
    assert received(TWO).reply() == Reply(200, {"content-length": "2"}, b"[]")


def bare(body: bytes) -> bytes:
    """Deflated without zlib's frame, as some services do."""
    deflater = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return deflater.compress(body) + deflater.flush()


def unpacked(encoding: str, body: bytes, most: int = MOST) -> bytes:
    return reply_of(200, [(b"Content-Encoding", encoding.encode())], body, most).body


@pytest.mark.parametrize(
    ("encoding", "packed"),
    [
        ("gzip", gzip.compress(b"[1]")),
        ("GZIP", gzip.compress(b"[1]")),
        ("deflate", zlib.compress(b"[1]")),
        ("deflate", bare(b"[1]")),
        ("deflate, gzip", gzip.compress(zlib.compress(b"[1]"))),
        ("identity", b"[1]"),
        ("gzip", b""),
    ],
    ids=["gzip", "in capitals", "deflate", "bare", "twice", "not at all", "nothing"],
)
def test_a_compressed_body(encoding: str, packed: bytes) -> None:
    assert unpacked(encoding, packed) == (b"[1]" if packed else b"")


@pytest.mark.parametrize("packed", [b"[1]", gzip.compress(b"x" * 999)[:-9], zlib.compress(b"x" * 999)[:-5]])
def test_a_body_that_is_not_compressed_as_it_says(packed: bytes) -> None:
    with pytest.raises(httpx.DecodingError):
        unpacked("gzip", packed)


@pytest.mark.parametrize("pack", [gzip.compress, zlib.compress, bare])
def test_a_small_body_that_unpacks_to_too_much(pack: Callable[[bytes], bytes]) -> None:
    assert len(unpacked("deflate", pack(b"x" * 2_000), most=2_000)) == 2_000
    with pytest.raises(TooLargeError):
        unpacked("deflate", pack(b"x" * 2_001), most=2_000)
