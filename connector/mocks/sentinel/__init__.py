"""A Microsoft Sentinel workspace in memory: its incident API in Azure Resource Manager, and its people."""

from connector.mocks.sentinel.directory import Person
from connector.mocks.sentinel.mock import SentinelMock
from connector.mocks.sentinel.settings import SentinelSettings

__all__ = ["Person", "SentinelMock", "SentinelSettings"]
