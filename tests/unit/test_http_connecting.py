"""How a connection comes to be, and what is left when a request is cancelled: nothing."""

import asyncio
import gc
import socket
import ssl
from asyncio import StreamReader, StreamWriter
from contextlib import suppress

import httpx
import pytest
import trustme

from connector.http.sockets import connected, first_to_answer
from tests.unit.http_sockets import (
    LARGE,
    PATIENT,
    Serve,
    answer,
    deaf,
    echo,
    exchange,
    lane,
    request,
    serving,
    silent,
)


async def test_an_address_that_answers_is_found() -> None:
    async with serving(echo) as port, lane() as direct:
        assert (await exchange(direct, port, host="localhost")).body == b"{}"


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "a..b"])
async def test_nobody_to_connect_to(host: str) -> None:
    async with serving(silent) as port:
        pass
    with pytest.raises(httpx.ConnectError) as caught:
        await connected(host, port, None, PATIENT)
    assert caught.value.__cause__ is not None


async def test_an_address_that_refuses_or_says_nothing_does_not_hide_the_next() -> None:
    async with deaf() as port, serving(echo, host="127.0.0.2", port=port):
        for addresses in (["127.0.0.1", "127.0.0.2"], ["127.0.0.3", "127.0.0.2"]):
            stream = await first_to_answer(addresses, port)
            await stream.write([b"PUT / HTTP/1.1\r\nContent-Length: 0\r\n\r\n"], PATIENT)
            assert b"200 OK" in await stream.read(PATIENT)
            await stream.aclose()


async def test_what_each_address_said_is_told() -> None:
    async with serving(silent) as port:
        pass
    with pytest.raises(OSError, match=r"127\.0\.0\.2.*; .*127\.0\.0\.3"):
        await first_to_answer(["127.0.0.2", "127.0.0.3"], port)


async def test_no_connection_in_time() -> None:
    async with deaf() as port, lane() as direct:
        with pytest.raises(httpx.ConnectTimeout):
            await exchange(direct, port, connect=0.05)


async def test_a_certificate_for_another_name(authority: trustme.CA, client_tls: ssl.SSLContext) -> None:
    server_tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("elsewhere.example").configure_cert(server_tls)
    async with serving(echo, server_tls) as port, lane(client_tls) as direct:
        with pytest.raises(httpx.ConnectError, match="not valid for"):
            await exchange(direct, port, scheme="https")


async def test_the_reason_of_a_distrust_is_kept(server_tls: ssl.SSLContext) -> None:
    async with serving(echo, server_tls) as port:
        with pytest.raises(httpx.ConnectError) as caught:
            await connected("127.0.0.1", port, ssl.create_default_context(), PATIENT)
    assert isinstance(caught.value.__cause__, ssl.SSLCertVerificationError)


async def test_a_handshake_that_never_ends(client_tls: ssl.SSLContext) -> None:
    async with serving(silent) as port, lane(client_tls) as direct:
        with pytest.raises(httpx.ConnectTimeout):
            await exchange(direct, port, scheme="https", connect=0.05)


async def closes_after_hello(reader: StreamReader, writer: StreamWriter) -> None:
    await reader.read(1)


async def says_nonsense(reader: StreamReader, writer: StreamWriter) -> None:
    await reader.read(1)
    writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")


@pytest.mark.parametrize("serve", [closes_after_hello, says_nonsense])
async def test_a_handshake_that_fails(serve: Serve, client_tls: ssl.SSLContext) -> None:
    async with serving(serve) as port, lane(client_tls) as direct:
        with pytest.raises(httpx.ConnectError):
            await exchange(direct, port, scheme="https")


async def test_a_connection_closed_before_its_handshake(client_tls: ssl.SSLContext) -> None:
    async def gone(reader: StreamReader, writer: StreamWriter) -> None:
        """Close at once."""

    async with serving(gone) as port:
        stream = await connected("127.0.0.1", port, None, PATIENT)
        assert await stream.read(PATIENT) == b""
        with pytest.raises(ConnectionResetError, match="before the TLS handshake"):
            await stream.encrypt(client_tls, "127.0.0.1")


async def test_a_name_that_no_certificate_has(client_tls: ssl.SSLContext) -> None:
    async with serving(silent) as port:
        stream = await connected("127.0.0.1", port, None, PATIENT)
        with pytest.raises(UnicodeError, match="idna"):
            await stream.encrypt(client_tls, ".example")
        await stream.aclose()


async def test_an_end_is_seen_before_the_loop_has_looked() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        stream = await connected("127.0.0.1", listening.getsockname()[1], None, PATIENT)
        far, _ = listening.accept()
        assert not stream.is_readable()
        far.close()
        assert stream.is_readable()
        await stream.aclose()


async def test_a_closed_stream_is_readable_and_may_be_closed_again() -> None:
    async with serving(silent) as port:
        stream = await connected("127.0.0.1", port, None, PATIENT)
        assert not stream.is_readable()
        await stream.aclose()
        assert stream.is_readable()
        await stream.aclose()


class Watched:
    """A far side that stops at one phase and tells when it got there and when the client was gone."""

    def __init__(self, phase: str) -> None:
        self.phase = phase
        self.reached, self.left = asyncio.Event(), asyncio.Event()

    async def __call__(self, reader: StreamReader, writer: StreamWriter) -> None:
        if self.phase == "handshake":
            await reader.read(1)
        elif self.phase == "write":
            await reader.readuntil(b"\r\n\r\n")
            writer.transport.pause_reading()  # type: ignore[attr-defined]  # typed as a writer's transport only
        elif self.phase in {"head", "body"}:
            await request(reader)
            writer.write(answer(b"body")[: {"head": 10, "body": -1}[self.phase]])
        self.reached.set()
        if self.phase != "write":
            with suppress(ConnectionError):
                await reader.read()
            self.left.set()


@pytest.mark.parametrize("phase", ["handshake", "head", "body", "write"])
async def test_a_request_cancelled_leaves_nothing_behind(phase: str, client_tls: ssl.SSLContext) -> None:
    far = Watched(phase)
    scheme, content = "https" if phase == "handshake" else "http", LARGE * 2 if phase == "write" else b"{}"
    async with serving(far) as port, lane(client_tls) as direct:
        asking = asyncio.create_task(exchange(direct, port, content, scheme=scheme))
        await far.reached.wait()
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        if phase != "write":
            await asyncio.wait_for(far.left.wait(), PATIENT)
    gc.collect()  # whatever was left open would complain
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_a_connection_attempt_cancelled_leaves_nothing_behind() -> None:
    async with deaf() as port, lane() as direct:
        asking = asyncio.create_task(exchange(direct, port))
        for _ in range(5):
            await asyncio.sleep(0)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
    gc.collect()
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_cancelled_at_any_step() -> None:
    """After each number of turns of the loop, wherever the request has come to by then."""
    async with serving(echo) as port:
        for turns in range(25):
            async with lane() as direct:
                asking = asyncio.create_task(exchange(direct, port))
                for _ in range(turns):
                    await asyncio.sleep(0)
                asking.cancel()
                with suppress(asyncio.CancelledError):
                    assert (await asking).body == b"{}"
                assert (await exchange(direct, port, b"next")).body == b"next"
    gc.collect()
