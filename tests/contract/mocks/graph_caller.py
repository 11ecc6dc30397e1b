"""A caller of the Graph mock in process, with a token that allows everything."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from connector.mocks.graph import GraphMock
from connector.mocks.kernel import Clock, Grant, Refusal

BEGIN = datetime(2026, 1, 5, 8, tzinfo=UTC)
INCIDENTS = "/v1.0/security/incidents"
READ_WRITE = frozenset({"SecurityIncident.ReadWrite.All"})
SHOW_NEW = {"Prefer": "include-unknown-enum-members"}


class Caller:
    """The mock with a frozen clock, and an HTTP client that is let in with `roles` unless `refusal` is given."""

    def __init__(self, refusal: Refusal | None = None) -> None:
        self.clock = Clock(BEGIN)
        self.refusal = refusal
        self.roles = READ_WRITE
        self.mock = GraphMock(self.clock, authorize=self._admit, tenant_id="tenant-1")
        transport = httpx.ASGITransport(self.mock.app)
        self.http = httpx.AsyncClient(transport=transport, base_url="http://graph.test")

    async def get(self, path: str = INCIDENTS, **options: str) -> httpx.Response:
        """GET with query options given without their dollar sign."""
        return await self.http.get(path, params={f"${name}": value for name, value in options.items()})

    async def ids(self, **options: str) -> list[str]:
        """The ids on one page."""
        answer = await self.get(**options)
        assert answer.status_code == 200, answer.text
        return [item["id"] for item in answer.json()["value"]]

    async def sweep(self, **options: str) -> list[list[str]]:
        """The ids of every page, following next links."""
        answer, pages = await self.get(**options), []
        while True:
            assert answer.status_code == 200, answer.text
            pages.append([item["id"] for item in answer.json()["value"]])
            link = answer.json().get("@odata.nextLink")
            if link is None:
                return pages
            answer = await self.http.get(link)

    def create(self, *incidents: dict[str, Any], minutes: int = 1) -> None:
        """Create incidents, letting time pass before each."""
        for values in incidents:
            self.clock.advance(timedelta(minutes=minutes))
            self.mock.portal.create(values)

    def stored(self, incident_id: str) -> dict[str, Any]:
        """The stored form of an incident."""
        return self.mock.portal.get(incident_id)

    def _admit(self, header: str | None) -> Grant | Refusal:
        return self.refusal or Grant("Test App", "object-1", self.roles, "Test App")
