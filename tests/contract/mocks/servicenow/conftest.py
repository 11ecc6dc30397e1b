from collections.abc import AsyncIterator
from datetime import UTC, datetime

import httpx
import pytest

from connector.mocks.kernel import Clock
from connector.mocks.servicenow import ServiceNowMock

NOW = datetime(2026, 3, 4, 9, 10, 5, tzinfo=UTC)


@pytest.fixture
def clock() -> Clock:
    return Clock(NOW)


@pytest.fixture
def mock(clock: Clock) -> ServiceNowMock:
    return ServiceNowMock(clock, password="right")


@pytest.fixture
async def client(mock: ServiceNowMock) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(mock.app)
    account = ("integration", "right")
    async with httpx.AsyncClient(
        transport=transport, base_url="https://instance.test", auth=account
    ) as opened:
        yield opened
