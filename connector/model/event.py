"""What happened, once, as a value: telemetry turns it into log lines and metrics."""

import enum
from dataclasses import dataclass


class EventKind(enum.StrEnum):
    """The closed set of things worth a log line or a number."""

    POLLED = "polled"
    POLL_FAILED = "poll_failed"
    SET_ASIDE = "set_aside"
    DECIDED = "decided"
    DELIVERED = "delivered"
    SETTLED = "settled"  # so many deliveries whose answers came together were stored
    DELAYED = "delayed"
    PARKED = "parked"
    HELD = "held"  # by a brake, until an operator releases it
    PAUSED = "paused"
    RESUMED = "resumed"
    NOT_TAKEN = "not_taken"
    MAPPING_ACTIVATED = "mapping_activated"
    MAPPING_REFUSED = "mapping_refused"  # what a mapping's file holds is not in force
    UNEXPECTED = "unexpected"
    STARTED = "started"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class Event:
    """`subject` is the source or target, `incident` the key as text, `reason` a word or a sentence."""

    kind: EventKind
    subject: str = ""
    route: str = ""
    incident: str = ""
    reason: str = ""
    count: int = 0
    seconds: float = 0.0
