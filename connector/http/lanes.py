"""One connection each: how a request gets to the far side and its answer back.

A pool looks at every connection it has, with a system call each, for every request and again for every answer, and
a client adds what a peer must not have (cookies, redirects, credentials from the environment, hooks). So each of a
peer's few connections is a lane of its own: one request at a time, over one socket. Through a proxy, and wherever a
test puts its own transport, a lane is an httpx transport; whatever goes wrong has httpx's names in both.
"""

import asyncio
import re
import ssl
from collections.abc import AsyncIterable
from contextlib import suppress
from typing import Protocol, cast

import httpx

from connector.http.exchange import Call, Reply, TooLargeError, reply_of
from connector.http.parsing import Incoming, head_of
from connector.http.sockets import connected
from connector.http.streams import SocketStream

_KEEPALIVE = 30.0  # seconds
# An address whose path needs no quoting: printable ASCII without blank, and no fragment.
_PLAIN = re.compile(r"(https?://[a-z0-9.:\[\]-]+)(/[!-\"$-~]*)", re.IGNORECASE)


class Lane(Protocol):
    """Carries one request at a time."""

    async def exchange(self, call: Call, most: int) -> Reply:
        """The answer; raises httpx's InvalidURL and RequestErrors, and TooLargeError beyond `most` bytes."""
        ...

    async def aclose(self) -> None:
        """Give the connection back."""
        ...


class Direct:
    """A connection of our own to one origin, made anew when the far side closed it."""

    def __init__(self, tls: ssl.SSLContext) -> None:
        self._tls = tls
        self._tls.set_alpn_protocols(["http/1.1"])
        self._origin = ""
        self._host = ""
        self._stream: SocketStream | None = None
        self._idle_since = 0.0

    async def exchange(self, call: Call, most: int) -> Reply:
        """See `Lane`."""
        origin, target = _parts(call.url)
        stream = await self._ready(origin, call)
        head = head_of(call, self._host, target)
        # While it is in use it is nobody's: whatever ends the exchange early, a cancellation or a bad answer, ends it.
        self._stream = None
        incoming = Incoming(call.method, most)
        try:
            # Whoever refuses a body may have answered before closing.
            with suppress(httpx.WriteError):
                await stream.write((head, call.content), call.timeouts["write"])
            while not incoming.is_complete:
                incoming.feed(await stream.read(call.timeouts["read"]))
        finally:
            incoming.release()
            if incoming.is_reusable:
                self._stream, self._idle_since = stream, asyncio.get_running_loop().time()
            else:
                await stream.aclose()
        return incoming.reply()

    async def aclose(self) -> None:
        """See `Lane`."""
        stream, self._stream = self._stream, None
        if stream is not None:
            await stream.aclose()

    async def _ready(self, origin: str, call: Call) -> SocketStream:
        """A usable connection to the right place."""
        old = self._stream
        if old is not None and origin == self._origin and self._is_fresh(old):
            return old
        await self.aclose()
        address = httpx.URL(origin)
        seconds, host = call.timeouts["connect"], address.raw_host.decode()
        tls = self._tls if address.scheme == "https" else None
        port = address.port or (80 if tls is None else 443)
        self._origin, self._host = origin, address.netloc.decode()
        self._stream = await connected(host, port, tls, seconds)
        return self._stream

    def _is_fresh(self, stream: SocketStream) -> bool:
        """Whether nothing speaks against using it again; what waits to be read on an idle one is its end, or worse."""
        idle = asyncio.get_running_loop().time() - self._idle_since
        return idle <= _KEEPALIVE and not stream.is_readable()


class Through:
    """A lane over any httpx transport."""

    def __init__(self, transport: httpx.AsyncBaseTransport) -> None:
        self._transport = transport

    @classmethod
    def proxy(cls, proxy: httpx.Proxy, tls: ssl.SSLContext) -> "Through":
        """A single connection through a proxy."""
        limits = httpx.Limits(max_connections=1, max_keepalive_connections=1, keepalive_expiry=_KEEPALIVE)
        return cls(httpx.AsyncHTTPTransport(verify=tls, proxy=proxy, limits=limits, trust_env=False))

    async def exchange(self, call: Call, most: int) -> Reply:
        """See `Lane`."""
        extensions = {"timeout": {**call.timeouts}}
        request = httpx.Request(
            call.method, call.url, headers=[*call.headers], content=call.content, extensions=extensions
        )
        answer = await self._transport.handle_async_request(request)
        try:
            body = await _read(cast("httpx.AsyncByteStream", answer.stream), most)
        finally:
            await answer.aclose()
        return reply_of(answer.status_code, answer.headers.raw, body, most)

    async def aclose(self) -> None:
        """See `Lane`."""
        await self._transport.aclose()


def _parts(url: str) -> tuple[str, str]:
    """An address's origin, and the target of a request there. Raises httpx.InvalidURL."""
    plain = _PLAIN.fullmatch(url) or _PLAIN.fullmatch(_quoted(url))
    if plain is None:
        raise httpx.InvalidURL("not an address of http or https")
    return plain[1], plain[2]


def _quoted(url: str) -> str:
    """The address as httpx quotes it, without a fragment, and with a path. Raises httpx.InvalidURL."""
    address = httpx.URL(url)
    return f"{address.scheme}://{address.netloc.decode()}{address.raw_path.decode()}"


async def _read(stream: AsyncIterable[bytes], most: int) -> bytes:
    size, chunks = 0, []
    async for chunk in stream:
        size += len(chunk)
        if size > most:
            raise TooLargeError
        chunks.append(chunk)
    return b"".join(chunks)
