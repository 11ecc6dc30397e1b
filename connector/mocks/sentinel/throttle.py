"""Throttling in front of the incident API: first ARM's token buckets, then the provider's windows.

Sources: "Understand how Azure Resource Manager throttles requests" (buckets) and SecurityInsights "Request
limits and throttling" (75 writes and 100 reads of children in five minutes per endpoint). Time comes from
the mocks' clock. A refused request consumes nothing.
"""

import math
from collections import deque
from datetime import datetime
from typing import Literal

from connector.mocks.sentinel.errors import throttled
from connector.mocks.sentinel.settings import SentinelSettings

Operation = Literal["reads", "writes", "deletes"]


class Bucket:
    """A token bucket that starts full."""

    def __init__(self, size: float) -> None:
        self._tokens = size
        self._at: datetime | None = None

    def take(self, now: datetime, size: float, refill: float) -> float:
        """Take one token; return the seconds to wait when there is none, otherwise 0."""
        passed = (now - self._at).total_seconds() if self._at is not None else 0.0
        self._tokens, self._at = min(size, self._tokens + passed * refill), now
        if self._tokens < 1:
            return (1 - self._tokens) / refill
        self._tokens -= 1
        return 0.0

    def remaining(self) -> int:
        """Return the whole tokens left."""
        return int(self._tokens)


class Throttle:
    """Admits requests under the limits that `settings` switches on."""

    def __init__(self, settings: SentinelSettings) -> None:
        self._settings = settings
        self._buckets: dict[Operation, Bucket] = {}
        self._windows: dict[str, deque[datetime]] = {}

    def admit(self, operation: Operation, endpoint: str, now: datetime) -> dict[str, str]:
        """Count a request and return its quota headers; raise `ArmError` 429 when a limit is reached.

        `endpoint` names what the provider counts, such as `PUT incidents`.
        """
        left = self._admit_arm(operation, now)
        if self._settings.provider_limits:
            self._admit_provider(endpoint, now)
        return {f"x-ms-ratelimit-remaining-subscription-{operation}": str(left)}

    def _admit_arm(self, operation: Operation, now: datetime) -> int:
        reads = operation == "reads"
        size = self._settings.arm_reads if reads else self._settings.arm_writes
        if not self._settings.arm_limits:
            return size - 1
        refill = self._settings.arm_reads_refill if reads else self._settings.arm_writes_refill
        bucket = self._buckets.setdefault(operation, Bucket(size))
        wait = bucket.take(now, size, refill)
        if wait:
            raise throttled("SubscriptionRequestsThrottled", max(1, math.ceil(wait)))
        return bucket.remaining()

    def _admit_provider(self, endpoint: str, now: datetime) -> None:
        limit = self._provider_limit(endpoint)
        if limit is None:
            return
        window, length = self._windows.setdefault(endpoint, deque()), self._settings.provider_window_seconds
        while window and (now - window[0]).total_seconds() >= length:
            window.popleft()
        if len(window) >= limit:
            wait = length - (now - window[0]).total_seconds()
            raise throttled("TooManyRequests", max(1, math.ceil(wait)))
        window.append(now)

    def _provider_limit(self, endpoint: str) -> int | None:
        if endpoint in {"PUT incidents", "PUT comments", "PUT relations"}:
            return self._settings.provider_puts
        if endpoint in {"GET comments", "GET relations", "POST alerts", "POST bookmarks", "POST entities"}:
            return self._settings.provider_gets
        return None
