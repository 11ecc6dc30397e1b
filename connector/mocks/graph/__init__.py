"""The Microsoft Graph mock: security incidents, as `/v1.0` and `/beta` serve them."""

from connector.mocks.graph.mock import GraphMock
from connector.mocks.graph.settings import GraphSettings

__all__ = ["GraphMock", "GraphSettings"]
