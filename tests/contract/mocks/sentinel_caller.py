"""A caller of the Sentinel mock, in process, for the contract tests."""

from datetime import UTC, datetime
from typing import Any, Final

import httpx

from connector.mocks.kernel import Clock, Grant, Refusal
from connector.mocks.sentinel import SentinelMock

SUBSCRIPTION: Final = "22222222-0000-4000-8000-000000000000"
INCIDENTS: Final = (
    f"/subscriptions/{SUBSCRIPTION}/resourceGroups/soc/providers/Microsoft.OperationalInsights"
    "/workspaces/contoso/providers/Microsoft.SecurityInsights/incidents"
)
NAME: Final = "73e01a99-5cd7-4139-a149-9f2736ff2ab5"
MINIMAL: Final = {"title": "Phish", "severity": "High", "status": "New"}


def authorize(header: str | None) -> Grant | Refusal:
    """Let in the bearer `good` and, as another application, `other`."""
    object_ids = {"Bearer good": "33333333-0000-4000-8000-000000000001", "Bearer other": "other"}
    if header not in object_ids:
        return Refusal(401, "no usable token")
    name = "xdr-connector" if header == "Bearer good" else "somebody else"
    return Grant(name, object_ids[header], frozenset(), name)


class Caller:
    """Calls paths below `incidents` of a fresh mock, with api-version 2024-09-01 unless another is given."""

    def __init__(self) -> None:
        self.clock = Clock(datetime(2026, 1, 5, 8, 0, tzinfo=UTC))
        self.mock = SentinelMock(
            self.clock,
            authorize=authorize,
            subscription_id=SUBSCRIPTION,
            resource_group="soc",
            workspace="contoso",
            tenant_id="44444444-0000-4000-8000-000000000000",
        )
        self.http = httpx.AsyncClient(
            transport=httpx.ASGITransport(self.mock.app),
            base_url="http://management.test",
            headers={"Authorization": "Bearer good"},
        )

    async def call(
        self, method: str, below: str = "", body: Any = None, options: dict[str, Any] | None = None
    ) -> httpx.Response:
        params = {"api-version": "2024-09-01", **(options or {})}
        return await self.http.request(method, INCIDENTS + below, json=body, params=params)

    async def put(self, name: str = NAME, etag: str | None = None, **properties: Any) -> httpx.Response:
        body: dict[str, Any] = {"properties": {**MINIMAL, **properties}}
        return await self.call("PUT", f"/{name}", body | ({"etag": etag} if etag else {}))

    async def get(self, name: str = NAME) -> dict[str, Any]:
        answer = await self.call("GET", f"/{name}")
        assert answer.status_code == 200, answer.text
        body: dict[str, Any] = answer.json()
        return body
