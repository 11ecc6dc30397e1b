"""The request quota: a sliding minute per application, in which refused requests count as well.

Page: "Microsoft Graph service-specific throttling limits" (150 requests per minute for security
incidents).
"""

import math
from collections import deque

from connector.mocks.kernel import Clock

WINDOW = 60.0


class Throttle:
    """Remembers when each application asked."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._asked: dict[str, deque[float]] = {}

    def wait(self, app: str, limit: int) -> int | None:
        """Count one request; return the whole seconds to wait when it is over the limit, else None."""
        now = self._clock.now().timestamp()
        asked = self._asked.setdefault(app, deque())
        while asked and asked[0] <= now - WINDOW:
            asked.popleft()
        asked.append(now)
        if len(asked) <= limit:
            return None
        return max(1, math.ceil(asked[len(asked) - limit - 1] + WINDOW - now))

    def clear(self) -> None:
        """Forget all requests."""
        self._asked.clear()
