"""The middleware around every mock: latency, faults, the request log and request-id headers.

It is plain ASGI, not a Starlette middleware class, because it must be able to close the connection and
it sits on every request of a load test.
"""

import asyncio
import json
import uuid
from collections.abc import Callable, MutableMapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import httpx
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from connector.mocks.faults import Fault, Faults
from connector.mocks.kernel import Clock, Heard, Kind, RequestLog

CLOSE_CONNECTION = "connector.mocks.close_connection"
"""Key in `scope["state"]` under which the mocks' server offers a function that closes the connection."""

_WRITES = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_SENTINEL_READS = ("/alerts", "/bookmarks", "/entities")
_CLIENT_REQUEST_IDS = frozenset({b"client-request-id", b"x-ms-client-request-id"})
_THROTTLED: dict[str, object] = {
    "xdr": {"error": {"code": "TooManyRequests", "message": "Too many requests, please try again later."}},
    "sentinel": {"error": {"code": "TooManyRequests", "message": "Rate limit is exceeded. Try again later."}},
    "servicenow": {"error": "Rate limit exceeded"},
    "entra": {"error": "temporarily_unavailable", "error_description": "AADSTS90055: Too many requests."},
}
_HTML = b"<!DOCTYPE html><html><head><title>Sign in</title></head><body>Please sign in.</body></html>"


def guarded(
    app: ASGIApp,
    *,
    mock: str,
    clock: Clock,
    log: RequestLog,
    faults: Faults,
    latency: Callable[[], float] = lambda: 0.0,
) -> ASGIApp:
    """Return `app` with faults, a log, request-id headers and a delay of `latency()` seconds."""
    return _Guard(app, mock, clock, log, faults, latency)


def kind_of(mock: str, method: str, path: str) -> Kind:
    """Return whether a request asks for a token, writes or reads (Sentinel reads some lists by POST)."""
    if mock == "entra":
        return "token" if method == "POST" else "read"
    if method not in _WRITES or (mock == "sentinel" and path.endswith(_SENTINEL_READS)):
        return "read"
    return "token" if path.endswith("/oauth_token.do") else "write"


@dataclass(slots=True)
class _Call:
    """One request under way: what was read, what was answered."""

    scope: Scope
    receive: Receive
    send: Send
    client_request_id: str | None
    fault: Fault | None
    limit: int
    status: int | None = None
    request: list[bytes] = field(default_factory=list)
    response: list[bytes] = field(default_factory=list)
    held: list[Message] = field(default_factory=list)

    async def hear(self) -> Message:
        message = await self.receive()
        if message["type"] == "http.request" and message.get("body"):
            self.request.append(message["body"])
        return message

    async def answer(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self._add_ids(message)
        elif message.get("body"):
            self.response.append(message["body"])
        await self.send(message)

    def asked(self) -> bytes:
        """Return the request body, empty when it is too large to keep."""
        return _joined(self.request, self.limit) or b""

    def answered(self) -> bytes | None:
        """Return the response body, None when it is too large to keep."""
        return _joined(self.response, self.limit)

    async def hold(self, message: Message) -> None:
        self.held.append(message)

    def _add_ids(self, message: MutableMapping[str, Any]) -> None:
        headers = list(message.get("headers") or ())
        if not any(name == b"request-id" for name, _ in headers):
            headers.append((b"request-id", str(uuid.uuid4()).encode()))
        if self.client_request_id is not None:
            headers.append((b"client-request-id", self.client_request_id.encode("latin-1", "replace")))
        message["headers"] = headers


class _Guard:
    def __init__(
        self,
        app: ASGIApp,
        mock: str,
        clock: Clock,
        log: RequestLog,
        faults: Faults,
        latency: Callable[[], float],
    ) -> None:
        self._app = app
        self._mock = mock
        self._clock = clock
        self._log = log
        self._faults = faults
        self._latency = latency

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        method, path = scope["method"], scope["path"]
        query = scope["query_string"].decode("latin-1")
        kind = kind_of(self._mock, method, path)
        fault = self._faults.match(self._mock, method, path, query, kind)
        call = _Call(scope, receive, send, _client_request_id(scope), fault, self._log.body_limit)
        at = self._clock.now()
        try:
            await self._delay()
            with suppress(ClientDisconnect):  # the client died in mid-request: nobody waits for an answer
                await self._carry_out(call)
        finally:
            kept = kind != "token"  # token requests hold secrets, their answers tokens
            heard = Heard(
                0,
                at,
                self._mock,
                method,
                path,
                query,
                call.status,
                call.client_request_id,
                fault.kind if fault else None,
                kind,
            )
            self._log.record(heard, call.asked() if kept else b"", call.answered() if kept else None)

    async def _delay(self) -> None:
        seconds = self._latency()
        if seconds > 0:
            await asyncio.sleep(seconds)

    async def _carry_out(self, call: _Call) -> None:
        fault = call.fault
        if fault is None:
            await self._app(call.scope, call.hear, call.answer)
        elif fault.kind == "slow":
            await asyncio.sleep(fault.seconds)
            await self._app(call.scope, call.hear, call.answer)
        elif fault.kind in ("late", "cut_after", "partial"):
            await self._handle_first(call, fault)
        elif fault.kind == "cut_before":
            await _cut(call)
        else:
            await _answer_instead(call, fault, self._mock)

    async def _handle_first(self, call: _Call, fault: Fault) -> None:
        await self._app(call.scope, call.hear, call.hold)
        if fault.kind == "cut_after":
            await _cut(call)
            return
        if fault.kind == "late":
            await asyncio.sleep(fault.seconds)
        for message in call.held:
            await call.answer(_as_partial(message) if fault.kind == "partial" else message)


async def _cut(call: _Call) -> None:
    """Close the connection without an answer; in process the caller sees httpx's own disconnect error."""
    close = call.scope.get("state", {}).get(CLOSE_CONNECTION)
    if close is None:
        raise httpx.RemoteProtocolError("Server disconnected without sending a response.")
    close()
    # The server must notice the closed connection before we return, or it would try to answer 500.
    while (await call.receive())["type"] != "http.disconnect":
        pass


def _as_partial(message: Message) -> Message:
    if message["type"] != "http.response.start":
        return message
    warning = (b"warning", b'199 - "Part of the answer is missing"')
    return {**message, "status": 206, "headers": [*message["headers"], warning]}


async def _answer_instead(call: _Call, fault: Fault, mock: str) -> None:
    while (await call.hear()).get("more_body"):
        pass
    status, media, body = _replacement(fault, mock)
    headers = [(b"content-type", media), (b"content-length", str(len(body)).encode())]
    if fault.retry_after is not None:
        headers.append((b"retry-after", str(fault.retry_after).encode()))
    await call.answer({"type": "http.response.start", "status": status, "headers": headers})
    await call.answer({"type": "http.response.body", "body": body})


def _replacement(fault: Fault, mock: str) -> tuple[int, bytes, bytes]:
    if fault.kind == "html":
        page = fault.body.encode() if isinstance(fault.body, str) else _HTML
        return fault.status or 200, b"text/html; charset=utf-8", page
    if fault.kind == "malformed":
        return fault.status or 200, b"application/json", b'{"value": [{"id": "1", "displayName": "cut o'
    if fault.kind == "empty":
        return fault.status or 200, b"application/json", b""
    status = fault.status or 429
    body = fault.body if fault.body is not None else _default_body(status, mock)
    if isinstance(body, str):
        return status, b"text/plain; charset=utf-8", body.encode()
    return status, b"application/json", json.dumps(body).encode()


def _default_body(status: int, mock: str) -> object:
    if status == 429:
        return _THROTTLED[mock]
    code = {500: "InternalServerError", 503: "serviceNotAvailable", 504: "GatewayTimeout"}.get(
        status, "Error"
    )
    return {"error": {"code": code, "message": "The request could not be served."}}


def _client_request_id(scope: Scope) -> str | None:
    for name, value in scope["headers"]:
        if name in _CLIENT_REQUEST_IDS:
            return str(value.decode("latin-1"))
    return None


def _joined(chunks: list[bytes], limit: int) -> bytes | None:
    if sum(map(len, chunks)) > limit:
        return None
    return b"".join(chunks)
