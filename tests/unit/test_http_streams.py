"""Requests over connections of our own: bodies of any size, and whatever a far side may do to a connection."""

import asyncio
import socket
import ssl
import struct
from asyncio import StreamReader, StreamWriter

import httpx
import pytest

from connector.http.exchange import Call
from connector.http.sockets import connected
from tests.unit.http_sockets import (
    LARGE,
    MOST,
    PATIENT,
    answer,
    echo,
    exchange,
    lane,
    request,
    serving,
    silent,
)


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("content", [b"{}", b"y" * 70_000, LARGE], ids=["small", "middling", "large"])
async def test_bodies_go_both_ways_on_one_connection(
    scheme: str, content: bytes, server_tls: ssl.SSLContext, client_tls: ssl.SSLContext
) -> None:
    connections = []

    async def counting(reader: StreamReader, writer: StreamWriter) -> None:
        connections.append(writer)
        await echo(reader, writer)

    async with (
        serving(counting, server_tls if scheme == "https" else None) as port,
        lane(client_tls) as direct,
    ):
        for _ in range(2):
            assert (await exchange(direct, port, content, scheme=scheme)).body == content
    assert len(connections) == 1


async def test_a_head_and_its_body_come_together() -> None:
    seen = []

    async def once(reader: StreamReader, writer: StreamWriter) -> None:
        seen.append(await reader.read(65_536))
        writer.write(answer(b""))

    async with serving(once) as port, lane() as direct:
        await exchange(direct, port, b"the body")
    assert seen[0].endswith(b"\r\n\r\nthe body")


async def test_a_request_without_a_body_is_sent_when_the_answer_is_awaited() -> None:
    async def once(reader: StreamReader, writer: StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer(b"[]"))

    async with serving(once) as port, lane() as direct:
        call = Call(
            "GET",
            f"http://127.0.0.1:{port}/x",
            (),
            b"",
            {"connect": PATIENT, "read": PATIENT, "write": PATIENT},
        )
        assert (await direct.exchange(call, MOST)).body == b"[]"


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_a_connection_closed_while_idle_is_made_anew(
    scheme: str, server_tls: ssl.SSLContext, client_tls: ssl.SSLContext
) -> None:
    closed = asyncio.Semaphore(0)

    async def once(reader: StreamReader, writer: StreamWriter) -> None:
        writer.write(answer(await request(reader)))
        await writer.drain()
        writer.transport.abort()
        closed.release()

    async with serving(once, server_tls if scheme == "https" else None) as port, lane(client_tls) as direct:
        for content in (b"1", b"2", b"3"):
            assert (await exchange(direct, port, content, scheme=scheme)).body == content
            await closed.acquire()
            await asyncio.sleep(0)  # an aborted socket is closed by the loop


def reset(writer: StreamWriter) -> None:
    """Close with a reset instead of an end."""
    linger = struct.pack("ii", 1, 0)
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    writer.transport.abort()


@pytest.mark.parametrize("part", [0, 10, -1], ids=["nothing", "of the head", "of the body"])
@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_an_answer_cut_short(
    part: int, scheme: str, server_tls: ssl.SSLContext, client_tls: ssl.SSLContext
) -> None:
    async def cut(reader: StreamReader, writer: StreamWriter) -> None:
        await request(reader)
        writer.write(answer(b"body")[:part])
        await writer.drain()

    async with serving(cut, server_tls if scheme == "https" else None) as port, lane(client_tls) as direct:
        with pytest.raises(httpx.RemoteProtocolError):
            await exchange(direct, port, scheme=scheme)


async def test_a_reset_is_told_after_what_came_before_it() -> None:
    async def resets(reader: StreamReader, writer: StreamWriter) -> None:
        await reader.readexactly(1)
        writer.write(b"first")
        await reader.readexactly(1)
        reset(writer)

    async with serving(resets) as port:
        stream = await connected("127.0.0.1", port, None, PATIENT)
        await stream.write([b"1"], PATIENT)
        assert await stream.read(PATIENT) == b"first"
        await stream.write([b"2"], PATIENT)
        with pytest.raises(httpx.ReadError) as caught:
            await stream.read(PATIENT)
        assert isinstance(caught.value.__cause__, ConnectionResetError)
        with pytest.raises(httpx.WriteError):
            await stream.write([b"3"], PATIENT)
        await stream.aclose()


async def test_an_answer_that_never_comes() -> None:
    async with serving(silent) as port, lane() as direct:
        with pytest.raises(httpx.ReadTimeout):
            await exchange(direct, port, read=0.05)


async def test_a_far_side_that_takes_nothing() -> None:
    gone = asyncio.Event()

    async def never(reader: StreamReader, writer: StreamWriter) -> None:
        writer.transport.pause_reading()  # type: ignore[attr-defined]  # typed as a writer's transport only
        await gone.wait()

    async with serving(never) as port, lane() as direct:
        with pytest.raises(httpx.WriteTimeout):
            await exchange(direct, port, LARGE * 2, write=0.05)
        gone.set()


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_an_early_answer_is_seen_while_the_body_is_still_being_sent(
    scheme: str, server_tls: ssl.SSLContext, client_tls: ssl.SSLContext
) -> None:
    answered = asyncio.Event()

    async def refuse(reader: StreamReader, writer: StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer(b"too much", b"413 Content Too Large"))
        if writer.can_write_eof():  # TLS cannot: there, closing says it
            writer.write_eof()
            await answered.wait()

    async with serving(refuse, server_tls if scheme == "https" else None) as port, lane(client_tls) as direct:
        reply = await exchange(direct, port, LARGE * 2, scheme=scheme)
        answered.set()
    assert (reply.status, reply.body) == (413, b"too much")


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_what_nobody_reads_is_not_taken(
    scheme: str, server_tls: ssl.SSLContext, client_tls: ssl.SSLContext
) -> None:
    async def pours(reader: StreamReader, writer: StreamWriter) -> None:
        writer.write(LARGE * 2)
        await reader.read()

    async with serving(pours, server_tls if scheme == "https" else None) as port:
        stream = await connected("127.0.0.1", port, client_tls if scheme == "https" else None, PATIENT)
        seen = len(await stream.read(PATIENT))
        for _ in range(1_000):  # the loop would have taken everything by then
            await asyncio.sleep(0)
        assert len(stream._received) < 1 << 20
        while seen < len(LARGE) * 2:
            seen += len(await stream.read(PATIENT))
        await stream.aclose()


async def test_headers_are_found_in_lower_case_and_repeated_ones_are_joined() -> None:
    async def once(reader: StreamReader, writer: StreamWriter) -> None:
        await request(reader)
        writer.write(b"HTTP/1.1 204 No Content\r\nX-One: 1\r\nx-ONE: 2\r\nETag: \xe9\r\n\r\n")

    async with serving(once) as port, lane() as direct:
        reply = await exchange(direct, port)
    assert (reply.status, dict(reply.headers)) == (204, {"x-one": "1, 2", "etag": "é"})
