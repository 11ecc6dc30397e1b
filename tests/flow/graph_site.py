"""A world of mocks, the Graph source that looks at it, and tools to sweep it."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from connector.http import Runtime
from connector.mocks.world import World, WorldSettings
from connector.model import Page, Position, Revision
from connector.sources import GraphSettings, GraphSource

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
BEGINNING = Position(Revision.parse("2026-01-01T00:00:00Z"))


class Hosts(httpx.AsyncBaseTransport):
    """Leads each host to an application in this process, and keeps what was asked."""

    def __init__(self, apps: dict[str, Any]) -> None:
        self._transports = {host: httpx.ASGITransport(app) for host, app in apps.items()}
        self.asked: list[httpx.Request] = []
        self.before: Callable[[httpx.Request], None] | None = None
        self.replaced = (b"", b"")

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        if self.before is not None:
            self.before(request)
        response = await self._transports[request.url.host].handle_async_request(request)
        if not self.replaced[0]:
            return response
        body = (await response.aread()).replace(*self.replaced)
        return httpx.Response(
            response.status_code, headers={"content-type": "application/json"}, content=body
        )

    @property
    def names(self) -> list[str]:
        return [*self._transports]


class Site:
    """A world of mocks and the Graph source that looks at it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.world = World(WorldSettings(frozen_at=NOW, client_secret="not-a-secret"))
        self.hosts = Hosts(
            {
                "graph.microsoft.com": self.world.apps["xdr"],
                "login.microsoftonline.com": self.world.apps["entra"],
            }
        )
        self.slept: list[float] = []
        monkeypatch.setenv("GRAPH_SECRET", "not-a-secret")

    def source(self, **poll: Any) -> GraphSource:
        settings = GraphSettings.model_validate(
            {
                "name": "contoso",
                "type": "graph",
                "tenant_id": self.world.tenant_id,
                "start": "30d",
                "poll": poll,
                "auth": {
                    "type": "client_secret",
                    "client_id": self.world.entra.registration.client_id,
                    "client_secret": {"env": "GRAPH_SECRET"},
                },
            }
        )
        return settings.build(Runtime(now=self.world.clock.now, sleep=self._sleep, transport=self.hosts))

    async def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.world.clock.advance(timedelta(seconds=seconds))

    def incident(self, minute: float, **values: Any) -> str:
        """Create an incident last updated so many minutes into February 2026; returns its id."""
        moment = datetime(2026, 2, 1, tzinfo=UTC) + timedelta(minutes=minute)
        created = self.world.graph.portal.create(
            values | {"lastUpdateDateTime": moment.strftime("%FT%T.23Z")}
        )
        return str(created["id"])

    def touch(self, incident: str, **values: Any) -> None:
        self.world.clock.advance(timedelta(seconds=1))
        self.world.graph.portal.set(incident, values, by="somebody")

    @property
    def lists(self) -> list[str]:
        return [str(r.url) for r in self.hosts.asked if r.url.path.endswith("/incidents")]


async def sweep(source: GraphSource, since: Position = BEGINNING, again: Sequence[str] = ()) -> list[Page]:
    pages = [page async for page in source.changes(since, again=again)]
    await source.close()
    assert [page.last for page in pages] == [False] * (len(pages) - 1) + [True]
    return pages


def ids(pages: Sequence[Page]) -> list[str]:
    return [incident.key.incident for page in pages for incident in page.incidents]


def positions(pages: Sequence[Page]) -> list[str]:
    return [page.position.revision.raw for page in pages if page.position]
