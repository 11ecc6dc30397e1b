"""Whether one target may be written to now.

It is shut while the target is paused, because what it refuses concerns everything we send, and while it asked us to
wait. A pause ends in two steps: when its time has run out the target is asked whether it lets us in, and then a single
row is tried; only a delivery that succeeds ends the pause. Reading may be allowed where writing is not.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from connector.audit import AuditEntry, AuditKind
from connector.deliver.attempt import Answered
from connector.errors import AuthError, TransientError, without_request
from connector.model import Event, EventKind, IncidentKey
from connector.store import Tx, pauses

_LONGEST_HOLD = 3600.0  # seconds


@dataclass(slots=True)
class Gate:
    """The gate of one target. `pause` is how long a pause lasts before the target is asked again."""

    target: str
    pause: timedelta
    paused: bool = False
    _shut_until: datetime | None = None

    def shut(self, now: datetime) -> bool:
        """Whether nothing may be sent at this moment."""
        return self._shut_until is not None and now < self._shut_until

    @property
    def until(self) -> datetime | None:
        """When it may open next; None if it is not shut."""
        return self._shut_until

    def recall(self, pause: pauses.Pause | None, now: datetime) -> None:
        """At start: a target that was paused is asked at once."""
        self.paused = pause is not None
        self._shut_until = now if pause else None

    def heed(self, answered: Answered, now: datetime) -> None:
        """Shut at once, before other rows follow, when an answer asks for it."""
        errors = [answered.error, *(answered.receipt.note_errors.values() if answered.receipt else ())]
        if any(isinstance(error, AuthError) for error in errors):
            self.stay_shut(now)
        for error in errors:
            if isinstance(error, TransientError) and error.retry_after:
                hold = timedelta(seconds=min(_LONGEST_HOLD, error.retry_after))
                self._shut_until = max(self._shut_until or now, now + hold)

    def stay_shut(self, now: datetime) -> None:
        """Begin a pause, or lengthen it."""
        self._shut_until = max(self._shut_until or now, now + self.pause)

    def close(self, tx: Tx, reason: str, met_by: IncidentKey | None = None) -> list[Event]:
        """Write down that the target is paused, since when and why; said once, however many rows met it.

        What a row met may quote that row's values, so it can be erased with its incident.
        """
        self.paused = True
        self.stay_shut(tx.now)
        reason = without_request(reason)
        known = pauses.get(tx, self.target)
        pauses.put(tx, pauses.Pause(self.target, reason, tx.now, self._shut_until))
        if known is not None and known.reason == reason:
            return []
        tx.audit(self._paused(tx.now, reason, met_by))
        return [Event(EventKind.PAUSED, self.target, reason=reason)]

    def _paused(self, at: datetime, reason: str, met_by: IncidentKey | None) -> AuditEntry:
        entry = AuditEntry(AuditKind.PAUSED, at=at, target=self.target)
        if met_by is None:
            return replace(entry, data={"reason": reason})
        return replace(entry, tenant=met_by.tenant, incident=met_by.incident, private={"reason": reason})

    def open(self, tx: Tx) -> list[Event]:
        """End the pause, if there is one."""
        if not self.paused:
            return []
        self.paused = False
        pauses.clear(tx, self.target)
        tx.audit(AuditEntry(AuditKind.RESUMED, at=tx.now, target=self.target))
        return [Event(EventKind.RESUMED, self.target)]
