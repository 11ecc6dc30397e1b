"""From events to whoever listens, and what makes a text from outside safe to show.

The log itself is `connector.telemetry.log`, apart, because a command that logs nothing need not load what it takes.
"""

from collections.abc import Callable

from connector.model import Event
from connector.telemetry.text import escape, redact

Telemetry = Callable[[Event], None]

__all__ = ["Telemetry", "escape", "null", "redact"]


def null(event: Event) -> None:
    """Telemetry that reports nothing."""
    del event
