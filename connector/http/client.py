"""A peer: one service we talk to, with its address, our credentials for it and its dialect of errors.

Reads are repeated here, inside the call, because repeating them is harmless and their callers would all do
the same. Writes are sent once: whether a lost answer may be followed by another attempt is known only where
the attempt is recorded. A 401 is the exception: it proves that nothing was carried out, so the request goes
out again with a new token.
"""

import json as jsonlib
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import tenacity

from connector.errors import AuthError, ConnectorError, RejectedError, TransientError
from connector.http.answer import Answer
from connector.http.auth import authorization
from connector.http.errors_table import PeerKind, error_for
from connector.http.rehearsal import PLAIN, Echo, rehearsed
from connector.http.settings import AnyAuth, PeerSettings
from connector.http.wire import Runtime, Wire

_ATTEMPTS = 3
_LONGEST_WAIT = 60.0
_READS = frozenset({"GET", "HEAD"})
_ID_HEADERS = {
    PeerKind.GRAPH: "client-request-id",
    PeerKind.ARM: "x-ms-client-request-id",
    PeerKind.SERVICENOW: "x-request-id",
    PeerKind.ENTRA: "client-request-id",
}
_JSON = ("Content-Type", "application/json")
_FORM = (("Accept", "application/json"), ("Content-Type", "application/x-www-form-urlencoded"))
_USER_AGENT = ("User-Agent", "xdr-connector")
_COMPACT = jsonlib.JSONEncoder(separators=(",", ":"))  # made once: jsonlib.dumps() makes one per call
_COMPRESSED = ("Accept-Encoding", "gzip, deflate")


class Peer:
    """One service: requests with its address, credentials, retries and error table. Close it after use."""

    def __init__(
        self,
        settings: PeerSettings,
        auth: AnyAuth,
        *,
        kind: PeerKind,
        runtime: Runtime,
        headers: Mapping[str, str] | None = None,
        id_header: str = "",
        echo: Echo = PLAIN,
    ) -> None:
        """Open no connection yet.

        `headers` go with every request; `id_header` replaces the kind's own; `echo` answers writes in rehearsal.
        """
        self.kind = kind
        self.base_url = settings.base_url
        self._origin = _origin(settings.base_url)
        self._runtime = runtime
        self._wire = Wire(settings, runtime)
        self._authorization = authorization(
            auth, base_url=settings.base_url, post=self._post_form, now=runtime.now
        )
        self._headers = (("Accept", "application/json"), _COMPRESSED, _USER_AGENT, *(headers or {}).items())
        self._id_header = id_header or _ID_HEADERS[kind]
        self._echo = echo

    async def request(
        self,
        method: str,
        path_or_url: str,
        *,
        operation: str,
        params: Mapping[str, str | int] | None = None,
        json: Any = None,
        headers: Mapping[str, str] | None = None,
        read: bool | None = None,
        attempts: int = _ATTEMPTS,
    ) -> Answer:
        """Make a request and return its successful (2xx) answer.

        `path_or_url` is a path below `base_url`, or a whole address on the same host, such as a next link.
        `operation` says in words what is tried, for messages. `read` says whether the request may be
        repeated; by default GET and HEAD may, up to `attempts` times in all.

        Raises what `error_for` makes of the answer; TransientError when there was none.
        """
        url = self._address(path_or_url, params)
        read = method in _READS if read is None else read
        if self._runtime.rehearsal and not read:
            return rehearsed(method, url, json, self._echo)
        body = b"" if json is None else _COMPACT.encode(json).encode()
        fixed = self._fixed(json is not None, headers)
        if not read:
            return await self._authorized(method, url, fixed, body, operation)
        return await self._repeating(attempts)(self._authorized, method, url, fixed, body, operation)

    def owns(self, url: str) -> bool:
        """Whether a whole address has this peer's scheme, host and port."""
        return _origin(url) == self._origin

    async def close(self) -> None:
        """Give the connections back."""
        await self._wire.close()

    def _address(self, path_or_url: str, params: Mapping[str, str | int] | None) -> str:
        if path_or_url.startswith("/"):
            url = self.base_url + path_or_url
        elif self.owns(path_or_url):
            url = path_or_url
        else:
            raise RejectedError(
                "an address on another host was refused",
                remedy="check base_url; the service must link to itself",
                signature="foreign_address",
            )
        if not params:
            return url
        return f"{url}{'&' if '?' in url else '?'}{_query(tuple(params.items()))}"

    def _fixed(self, has_body: bool, headers: Mapping[str, str] | None) -> tuple[tuple[str, str], ...]:
        if not has_body and not headers:
            return self._headers
        return (*self._headers, *((_JSON,) if has_body else ()), *(headers or {}).items())

    async def _authorized(
        self, method: str, url: str, fixed: tuple[tuple[str, str], ...], body: bytes, operation: str
    ) -> Answer:
        credentials = await self._authorization.header()
        answer = await self._send(method, url, fixed, body, operation, credentials)
        if answer.status == 401 and self._authorization.refused(credentials):
            credentials = await self._authorization.header()
            answer = await self._send(method, url, fixed, body, operation, credentials)
        if not 200 <= answer.status < 300:
            raise error_for(self.kind, answer, operation)
        return answer

    async def _send(
        self,
        method: str,
        url: str,
        fixed: tuple[tuple[str, str], ...],
        body: bytes,
        operation: str,
        credentials: str,
    ) -> Answer:
        request_id = self._runtime.new_id()
        headers = (*fixed, ("Authorization", credentials), (self._id_header, request_id))
        answer = await self._wire.send(method, url, headers=headers, content=body, operation=operation)
        return answer if answer.request_id else replace(answer, request_id=request_id)

    async def _post_form(self, url: str, fields: dict[str, str]) -> Answer:
        """Ask a token endpoint; a token request changes nothing there, so it may be repeated."""
        return await self._repeating(_ATTEMPTS)(self._post_once, url, urlencode(fields).encode())

    async def _post_once(self, url: str, content: bytes) -> Answer:
        operation = f"get a token from {urlsplit(url).hostname}"
        headers = (*_FORM, _USER_AGENT, (_ID_HEADERS[PeerKind.ENTRA], self._runtime.new_id()))
        answer = await self._wire.send("POST", url, headers=headers, content=content, operation=operation)
        if 200 <= answer.status < 300:
            return answer
        error = error_for(PeerKind.ENTRA, answer, operation)
        raise _as_auth(error)

    def _repeating(self, attempts: int) -> tenacity.AsyncRetrying:
        return tenacity.AsyncRetrying(
            sleep=self._runtime.sleep,
            stop=tenacity.stop_after_attempt(attempts),
            wait=self._wait,
            retry=tenacity.retry_if_exception(_is_worth_repeating),
            reraise=True,
        )

    def _wait(self, state: tenacity.RetryCallState) -> float:
        """Seconds until the next attempt: what the far side named, else about 0.5 s, 1 s, 2 s, ..."""
        error = state.outcome.exception() if state.outcome else None
        if isinstance(error, TransientError) and error.retry_after is not None:
            return error.retry_after
        return float(2 ** (state.attempt_number - 2)) * (0.75 + 0.5 * self._runtime.chance())


@lru_cache(maxsize=256)  # nearly all requests of a peer have the same few parameters
def _query(params: tuple[tuple[str, str | int], ...]) -> str:
    return urlencode(params, quote_via=quote, safe="$,:()'")


def _origin(url: str) -> tuple[str, str, int | None]:
    try:
        parts = urlsplit(url)
        port = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    except ValueError:
        return ("", "", None)
    return (parts.scheme, (parts.hostname or "").lower(), port)


def _is_worth_repeating(error: BaseException) -> bool:
    return isinstance(error, TransientError) and (error.retry_after or 0.0) <= _LONGEST_WAIT


def _as_auth(error: ConnectorError) -> ConnectorError:
    """A token endpoint's refusal is never about a record: without a token nothing gets through."""
    if isinstance(error, TransientError | AuthError):
        return error
    return AuthError(error.message, remedy=error.remedy or "check auth")
