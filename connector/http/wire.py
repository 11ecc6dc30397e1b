"""One request, one answer, over one of a peer's lanes.

Requests are built from parts made once, redirects are never followed, and the environment is never read.
"""

import asyncio
import socket
import ssl
import time
import uuid
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from random import random
from typing import Any

import httpx

from connector.errors import AuthError, ConfigError, ConnectorError, Problem, TransientError, unreadable
from connector.http.answer import Answer, BadAnswerError
from connector.http.body import parsed
from connector.http.exchange import Call, Reply, TooLargeError
from connector.http.lanes import Direct, Lane, Through
from connector.http.settings import PeerSettings
from connector.telemetry import escape, redact

_MAX_BODY = 64 * 1024 * 1024
_MAX_ERROR_TEXT = 16 * 1024
_BODILESS = frozenset({202, 204, 205})
_REQUEST_IDS = ("request-id", "x-ms-request-id", "x-ms-correlation-request-id", "x-transaction-id")


def _utc_now() -> datetime:
    return datetime.now(UTC)


def _random_id() -> str:
    return str(uuid.uuid4())


@dataclass(frozen=True, slots=True)
class Runtime:
    """What the composition root hands to everything that talks: clock, chance, ids, the transport.

    `monotonic` is in seconds; `chance` is uniform in [0, 1); `transport` replaces the network, e.g. with
    `httpx.ASGITransport`. In `rehearsal` nothing is written: see `connector.http.rehearsal`.
    """

    now: Callable[[], datetime] = _utc_now
    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    chance: Callable[[], float] = random
    new_id: Callable[[], str] = _random_id
    transport: httpx.AsyncBaseTransport | None = None
    rehearsal: bool = False


class Wire:
    """Sends requests to any address with one peer's proxy, certificates and timeouts."""

    def __init__(self, settings: PeerSettings, runtime: Runtime) -> None:
        self._runtime = runtime
        self._total = settings.timeout.total.total_seconds()
        self._timeouts = _timeouts(settings)
        self._idle = _lanes(settings, runtime.transport)
        self._room = asyncio.Semaphore(len(self._idle))

    async def send(
        self, method: str, url: str, *, headers: Iterable[tuple[str, str]], content: bytes, operation: str
    ) -> Answer:
        """Send one request and read its answer whole, whatever its status.

        Raises TransientError when the far side cannot be reached, BadAnswerError when a success has no JSON
        body, the body is too large, or no answer came in time, AuthError when a header cannot be sent.
        """
        sent_at, started = self._runtime.now(), self._runtime.monotonic()
        call = Call(method, url, headers, content, self._timeouts)
        try:
            async with asyncio.timeout(self._total), self._room:
                lane = self._idle.pop()
                try:
                    reply = await lane.exchange(call, _MAX_BODY)
                finally:
                    self._idle.append(lane)
        except TooLargeError:
            raise BadAnswerError(f"{operation}: the answer is larger than {_MAX_BODY >> 20} MiB") from None
        except (httpx.InvalidURL, httpx.RequestError, TimeoutError, UnicodeError) as error:
            raise _unreachable(error, operation, url, self._total) from None
        elapsed = self._runtime.monotonic() - started
        return _answer(reply, operation, sent_at, elapsed)

    async def close(self) -> None:
        """Give the connections back."""
        for lane in self._idle:
            await lane.aclose()


def _timeouts(settings: PeerSettings) -> dict[str, float]:
    timeout = settings.timeout
    read, connect = timeout.read.total_seconds(), timeout.connect.total_seconds()
    # Waiting for a free connection counts towards the total only: a full pool is no trouble of the peer's.
    return {"connect": connect, "read": read, "write": read, "pool": timeout.total.total_seconds()}


def _lanes(settings: PeerSettings, transport: httpx.AsyncBaseTransport | None) -> list[Lane]:
    if transport is not None:
        return [Through(transport) for _ in range(settings.connections)]
    tls, proxy = _tls(settings), _proxy(settings)
    if proxy is not None:
        return [Through.proxy(proxy, tls) for _ in range(settings.connections)]
    return [Direct(tls) for _ in range(settings.connections)]


def _tls(settings: PeerSettings) -> ssl.SSLContext:
    context = httpx.create_ssl_context(verify=settings.verify, trust_env=False)
    if settings.ca_file is not None:
        try:
            context.load_verify_locations(cafile=settings.ca_file)
        except OSError as error:  # ssl.SSLError, raised for a file without certificates, is an OSError, too
            what = f"the certificate authorities in {settings.ca_file} cannot be used: {unreadable(error)}"
            raise ConfigError([Problem(what, "name a readable PEM file", key="ca_file")]) from error
    return context


def _proxy(settings: PeerSettings) -> httpx.Proxy | None:
    if settings.proxy is None:
        return None
    auth = settings.proxy_auth
    return httpx.Proxy(settings.proxy, auth=(auth.username, auth.password.read()) if auth else None)


def _answer(reply: Reply, operation: str, sent_at: datetime, elapsed: float) -> Answer:
    status, headers, body = reply.status, reply.headers, reply.body
    data: Any = None
    usable = False
    if body and "html" not in headers.get("content-type", "").lower():
        with suppress(ValueError):
            data = parsed(body)
            usable = True
    if 200 <= status < 300 and not usable and (body or status not in _BODILESS):
        raise _not_json(status, headers, body, operation)
    text = "" if 200 <= status < 300 else body[:_MAX_ERROR_TEXT].decode("utf-8", "replace")
    request_id = next((headers[name] for name in _REQUEST_IDS if name in headers), "")
    return Answer(status, headers, data, text, escape(request_id[:100]), sent_at, elapsed)


def _not_json(status: int, headers: Mapping[str, str], body: bytes, operation: str) -> BadAnswerError:
    if not body:
        return BadAnswerError(f"{operation}: answered {status} with an empty body", status=status)
    if "html" in headers.get("content-type", "").lower() or body.lstrip()[:1] == b"<":
        return BadAnswerError(
            f"{operation}: answered {status} with HTML instead of JSON",
            status=status,
            remedy="the instance may hibernate, or a proxy asks for a login; check base_url and proxy",
        )
    return BadAnswerError(f"{operation}: answered {status} with a body that is not JSON", status=status)


def _unreachable(error: Exception, operation: str, url: str, total: float) -> ConnectorError:
    """The one-line error for a request without an answer."""
    host = _host(url)
    if isinstance(error, httpx.LocalProtocolError | UnicodeError):
        # The library's text quotes the header, which may be the secret.
        return AuthError(
            f"{operation}: a header cannot be sent", remedy="check the secret for stray characters"
        )
    if isinstance(error, httpx.ConnectTimeout):
        return TransientError(
            f"{operation}: no connection to {host} in time", remedy="check base_url and proxy"
        )
    if isinstance(error, httpx.TimeoutException | TimeoutError):
        return BadAnswerError(f"{operation}: no answer from {host} in time (at most {total:g} s)")
    what, remedy = _explained(error)
    return TransientError(f"{operation}: {host}: {what}", remedy=remedy)


def _explained(error: Exception) -> tuple[str, str]:
    causes = list(_causes(error))
    if any(isinstance(cause, socket.gaierror) for cause in causes):
        return "the name cannot be resolved", "check base_url, proxy and DNS"
    for cause in causes:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"the certificate is not trusted ({cause.verify_message})", "check base_url and ca_file"
    if any(isinstance(cause, ssl.SSLError) for cause in causes):
        return "no TLS connection", "check base_url, proxy and ca_file"
    if isinstance(error, httpx.ProxyError):
        return f"the proxy refused ({_words(error)})", "check proxy and proxy_auth"
    if isinstance(error, httpx.ConnectError):
        return f"no connection ({_words(error)})", "check base_url and proxy"
    return f"the connection broke ({_words(error)})", ""


def _causes(error: BaseException | None) -> Iterable[BaseException]:
    """The error and what led to it; one raised "from" itself, as test doubles do, only once."""
    seen = set[int]()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        if isinstance(error, BaseExceptionGroup):
            yield from error.exceptions
        error = error.__cause__ or error.__context__


def _words(error: Exception) -> str:
    return escape(redact(str(error)))[:200] or type(error).__name__


def _host(url: str) -> str:
    try:
        parts = httpx.URL(url)
    except httpx.InvalidURL:
        return "an address that is none"
    return escape(parts.host) + (f":{parts.port}" if parts.port else "")
