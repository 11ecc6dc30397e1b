"""One connection each: how a request gets to the far side and its answer back.

A pool looks at every connection it has, with a system call each, for every request and again for every answer, and
a client adds what a peer must not have (cookies, redirects, credentials from the environment, hooks). So each of a
peer's few connections is a lane of its own, and a request goes to httpcore, which carries httpx's requests, without
being taken apart and put together on the way. Through a proxy, and wherever a test puts its own transport, a lane is
an httpx transport.
"""

import re
import ssl
from collections.abc import AsyncIterable, Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol, cast

import httpcore
import httpx

from connector.http.sockets import Sockets

_KEEPALIVE = 30.0  # seconds
# An address whose path needs no quoting: printable ASCII without blank, and no fragment.
_PLAIN = re.compile(r"(https?://[a-z0-9.:\[\]-]+)(/[!-\"$-~]*)", re.IGNORECASE)
_TROUBLE = (
    httpcore.TimeoutException,
    httpcore.NetworkError,
    httpcore.ProtocolError,
    httpcore.UnsupportedProtocol,
)


@dataclass(frozen=True, slots=True)
class Call:
    """A request: a whole address, headers without Host and Content-Length, and the timeouts in seconds."""

    method: str
    url: str
    headers: Iterable[tuple[str, str]]
    content: bytes
    timeouts: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer, its body read and decoded; the names of its headers are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class TooLargeError(Exception):
    """The body of an answer is larger than the lane was told to read."""


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
        self._connection: httpcore.AsyncHTTPConnection | None = None
        self._prefix = ""
        self._origin = httpcore.Origin(b"", b"", 0)
        self._host = b""

    async def exchange(self, call: Call, most: int) -> Reply:
        """See `Lane`."""
        try:
            connection, target = await self._ready(call.url)
            answer = await connection.handle_async_request(self._carried(call, target))
            try:
                body = await _read(answer.aiter_stream(), most)
            finally:
                await answer.aclose()
        except _TROUBLE as error:
            # The two libraries call their errors by the same names.
            kind = cast("type[httpx.RequestError]", getattr(httpx, type(error).__name__))
            raise kind(str(error)) from error
        return _reply(answer.status, answer.headers, body)

    async def aclose(self) -> None:
        """See `Lane`."""
        if self._connection is not None:
            await self._connection.aclose()

    async def _ready(self, url: str) -> tuple[httpcore.AsyncHTTPConnection, bytes]:
        """A usable connection to the right place, and the target of the request on it."""
        plain = _PLAIN.fullmatch(url) or _PLAIN.fullmatch(_quoted(url))
        if plain is None:
            raise httpx.InvalidURL("not an address of http or https")
        prefix, target = plain.groups()
        old = self._connection
        # One that is neither idle nor closed belongs to a request that was cancelled while its answer was put away.
        if old is not None and prefix == self._prefix and old.is_available() and not old.has_expired():
            return old, target.encode()
        if old is not None:
            await old.aclose()
        return self._connect(prefix), target.encode()

    def _connect(self, prefix: str) -> httpcore.AsyncHTTPConnection:
        address = httpx.URL(prefix)
        port = address.port or (443 if address.scheme == "https" else 80)
        self._prefix, self._host = prefix, address.netloc
        self._origin = httpcore.Origin(address.raw_scheme, address.raw_host, port)
        self._connection = httpcore.AsyncHTTPConnection(
            origin=self._origin,
            ssl_context=self._tls,
            keepalive_expiry=_KEEPALIVE,
            network_backend=Sockets(),
        )
        return self._connection

    def _carried(self, call: Call, target: bytes) -> httpcore.Request:
        headers = [(b"Host", self._host), *((n.encode("ascii"), v.encode("ascii")) for n, v in call.headers)]
        if call.content or call.method not in {"GET", "HEAD", "DELETE"}:
            headers.append((b"Content-Length", str(len(call.content)).encode()))
        origin = self._origin
        url = httpcore.URL(scheme=origin.scheme, host=origin.host, port=origin.port, target=target)
        return httpcore.Request(
            call.method, url, headers=headers, content=call.content, extensions={"timeout": {**call.timeouts}}
        )


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
        return _reply(answer.status_code, answer.headers.raw, body)

    async def aclose(self) -> None:
        """See `Lane`."""
        await self._transport.aclose()


def _quoted(url: str) -> str:
    """The address as httpx quotes it, without a fragment, and with a path. Raises httpx.InvalidURL."""
    address = httpx.URL(url)
    return f"{address.scheme}://{address.netloc.decode()}{address.raw_path.decode()}"


def _reply(status: int, raw: list[tuple[bytes, bytes]], body: bytes) -> Reply:
    headers: dict[str, str] = {}
    for raw_name, raw_value in raw:
        name, value = raw_name.lower().decode("latin-1"), raw_value.decode("latin-1")
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    if "content-encoding" in headers:
        body = httpx.Response(status, headers=raw, content=body).content
    return Reply(status, headers, body)


async def _read(stream: AsyncIterable[bytes], most: int) -> bytes:
    size, chunks = 0, []
    async for chunk in stream:
        size += len(chunk)
        if size > most:
            raise TooLargeError
        chunks.append(chunk)
    return chunks[0] if len(chunks) == 1 else b"".join(chunks)
