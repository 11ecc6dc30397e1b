"""A world with its control API, in process."""

from datetime import UTC, datetime
from typing import Any

import httpx

from connector.mocks.control import control_app
from connector.mocks.entra import GRAPH
from connector.mocks.world import World, WorldSettings

BEGIN = datetime(2026, 1, 5, 8, tzinfo=UTC)


class Desk:
    """A world with a frozen clock, its control API, and Graph as the connector sees it."""

    def __init__(self) -> None:
        self.world = World(WorldSettings(frozen_at=BEGIN, scenario="true-positive-handed-over"))
        self.http = self._client(control_app(self.world))
        self.xdr = self._client(self.world.apps["xdr"])
        self.xdr.headers["Authorization"] = f"Bearer {self.world.entra.tokens.issue(GRAPH)}"

    async def ask(self, method: str, path: str, body: Any = None) -> Any:
        answer = await self.http.request(method, path, json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def refused(self, method: str, path: str, body: Any) -> dict[str, str]:
        answer = await self.http.request(method, path, json=body)
        assert answer.status_code == 400, answer.text
        assert set(answer.json()) == {"error", "remedy"}
        return dict(answer.json())

    def _client(self, app: Any) -> httpx.AsyncClient:
        return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://mocks.test")
