"""Far sides on loopback sockets, and a lane to talk to them."""

import asyncio
import socket
import ssl
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

from connector.http.exchange import Call, Reply
from connector.http.lanes import Direct

Serve = Callable[[StreamReader, StreamWriter], Awaitable[None]]
LARGE = b"x" * (8 << 20)  # more than the sockets of both sides hold
MOST = 64 << 20
PATIENT = 20.0  # seconds; no test waits so long


@asynccontextmanager
async def serving(
    serve: Serve, tls: ssl.SSLContext | None = None, *, host: str = "127.0.0.1", port: int = 0
) -> AsyncIterator[int]:
    """A server on loopback whose connections are over when `serve` is."""
    tasks = []

    async def one(reader: StreamReader, writer: StreamWriter) -> None:
        tasks.append(asyncio.current_task())
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            await serve(reader, writer)
        writer.close()
        with suppress(ConnectionError, ssl.SSLError):
            await writer.wait_closed()

    server = await asyncio.start_server(one, host, port, ssl=tls, limit=1 << 20)
    async with server:
        yield server.sockets[0].getsockname()[1]
    await asyncio.gather(*(task for task in tasks if task is not None))


@asynccontextmanager
async def lane(tls: ssl.SSLContext | None = None) -> AsyncIterator[Direct]:
    opened = Direct(tls or ssl.create_default_context())
    try:
        yield opened
    finally:
        await opened.aclose()


async def exchange(
    direct: Direct, port: int, content: bytes = b"{}", *, scheme: str = "http", host: str = "127.0.0.1",
    connect: float = PATIENT, read: float = PATIENT, write: float = PATIENT,
) -> Reply:  # fmt: skip
    timeouts = {"connect": connect, "read": read, "write": write}
    return await direct.exchange(Call("PUT", f"{scheme}://{host}:{port}/x", (), content, timeouts), MOST)


async def request(reader: StreamReader) -> bytes:
    """The body of the request that comes next."""
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    return await reader.readexactly(int(head.partition(b"content-length:")[2].split(b"\r\n")[0]))


def answer(body: bytes, status: bytes = b"200 OK") -> bytes:
    return b"HTTP/1.1 %s\r\ncontent-length: %d\r\n\r\n%s" % (status, len(body), body)


async def echo(reader: StreamReader, writer: StreamWriter) -> None:
    while True:
        writer.write(answer(await request(reader)))
        await writer.drain()


async def silent(reader: StreamReader, writer: StreamWriter) -> None:
    await reader.read()


@asynccontextmanager
async def deaf() -> AsyncIterator[int]:
    """A port that lets nobody in: its queue is full."""
    with socket.socket() as listening, socket.socket() as first, socket.socket() as second:
        listening.bind(("127.0.0.1", 0))
        listening.listen(0)
        for each in (first, second):
            each.setblocking(False)
            with suppress(BlockingIOError):
                each.connect(listening.getsockname())
        yield listening.getsockname()[1]
