"""Microsoft Sentinel incidents (ARM provider Microsoft.SecurityInsights)."""

from connector.targets.sentinel.settings import SentinelSettings

__all__ = ["SentinelSettings"]
