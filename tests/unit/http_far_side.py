"""A service with a token endpoint, in memory, and peers that talk to it."""

import asyncio
import itertools
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import respx

from connector.http import AnyAuth, BasicAuth, ClientSecretAuth, Peer, PeerKind, PeerSettings, Runtime, Secret

SECRET = Secret(env="PEER_SECRET")
BASIC = BasicAuth(type="basic", username="user", password=SECRET)
APP = ClientSecretAuth(type="client_secret", tenant_id="tenant", client_id="app", client_secret=SECRET)
Reply = httpx.Response | Exception


@dataclass
class FarSide:
    """A service with a token endpoint: accepts the newest token only, replies from a script, then with `{}`."""

    replies: list[Reply] = field(default_factory=list)
    requests: list[httpx.Request] = field(default_factory=list)
    token_replies: list[Reply] = field(default_factory=list)
    tokens: list[str] = field(default_factory=list)
    forms: list[str] = field(default_factory=list)
    lifetime: Any = 3600
    slept: list[float] = field(default_factory=list)
    at: datetime = datetime(2026, 3, 1, 12, tzinfo=UTC)
    gate: asyncio.Event | None = None

    def peer(self, auth: AnyAuth = BASIC, kind: PeerKind = PeerKind.SERVICENOW, **options: Any) -> Peer:
        """A peer that talks to this far side; it holds no connections, so it need not be closed."""
        settings = PeerSettings(base_url="https://far.example")
        return Peer(settings, auth, kind=kind, runtime=self.runtime(), **options)

    def transport(self) -> httpx.MockTransport:
        routes = respx.MockRouter(assert_all_called=False)
        routes.post(path__regex="/token$").mock(side_effect=self._token)
        routes.route().mock(side_effect=self._answer)
        return httpx.MockTransport(routes.async_handler)

    async def _answer(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        if self.tokens and request.headers["authorization"] != f"Bearer {self.tokens[-1]}":
            return httpx.Response(401, json={"error": {"code": "InvalidAuthenticationToken"}})
        return _given(self.replies, httpx.Response(200, json={}))

    async def _token(self, request: httpx.Request) -> httpx.Response:
        self.forms.append((await request.aread()).decode())
        if self.gate is not None:
            await self.gate.wait()
        self.tokens.append(f"token-{len(self.tokens) + 1}")
        body = {"access_token": self.tokens[-1], "expires_in": self.lifetime, "token_type": "Bearer"}
        return _given(self.token_replies, httpx.Response(200, json=body))

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.at += timedelta(seconds=seconds)

    def runtime(self) -> Runtime:
        numbers = itertools.count(1)
        return Runtime(
            now=lambda: self.at,
            monotonic=lambda: self.at.timestamp(),  # noqa: PLW0108  # `at` is replaced meanwhile
            sleep=self.sleep,
            chance=lambda: 0.5,
            new_id=lambda: f"id-{next(numbers)}",
            transport=self.transport(),
        )


def _given(replies: list[Reply], otherwise: httpx.Response) -> httpx.Response:
    reply = replies.pop(0) if replies else otherwise
    if isinstance(reply, Exception):
        raise reply
    return reply
