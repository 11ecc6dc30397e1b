"""What follows from the errors of one target, with a memory for refusals that are all alike.

One refused row is that row's trouble. The same refusal again and again, with no success between, is the target's:
a mandatory field added on the instance, a changed close code. Parking thousands of rows would hide that, so the
target pauses, and the rows parked on the way there are taken back. Afterwards a single row is tried at a time, each
time another one, until one succeeds. Refusals that concern one record alone are not counted.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from connector.deliver.attempt import Answered
from connector.deliver.settle import Judged
from connector.errors import RejectedError
from connector.plan import Park, Pause, RetryPolicy, Verdict, after_failure

_MOST_DOUBLINGS = 6


@dataclass(slots=True)
class Judge:
    """Judges answers of one target. `alike` equal refusals in a row pause it."""

    policy: RetryPolicy
    alike: int
    spread: Callable[[], float]
    _signature: str = ""
    _count: int = 0
    _parked: list[int] = field(default_factory=list)

    @property
    def doubting(self) -> bool:
        """Whether so many equal refusals came in a row that only one row should be tried."""
        return self._count >= self.alike

    def judge(self, answered: Answered, now: datetime) -> Judged:
        """What follows from one answer."""
        verdict = self._after(answered, answered.error, now) if answered.error else None
        if answered.receipt is None:
            return Judged(answered, verdict)
        if answered.error is None:
            self._signature, self._count = "", 0
            self._parked.clear()
        errors = answered.receipt.note_errors.items()
        notes = tuple((note, error, self._verdict(answered, error, now)) for note, error in errors)
        return Judged(answered, verdict, notes)

    def amnesty(self) -> list[int]:
        """The ids of the rows that were parked before the target turned out to be the trouble; told once."""
        if not self.doubting:
            return []
        parked, self._parked = self._parked, []
        return parked

    def _after(self, answered: Answered, error: Exception, now: datetime) -> Verdict:
        verdict = self._verdict(answered, error, now)
        if not isinstance(error, RejectedError) or error.alone or not isinstance(verdict, Park):
            return verdict
        if error.signature != self._signature:
            self._signature, self._count = error.signature, 0
            self._parked.clear()
        self._count += 1
        row = answered.claimed.wanted
        if now - row.since > self.policy.give_up_after:
            return verdict
        if not self.doubting:
            self._parked.append(row.id)
            return verdict
        # The row waits longer than the pause lasts, so that another one is tried next.
        return Pause(self.policy.pause, row=self.policy.pause * 2.0 ** min(row.attempts, _MOST_DOUBLINGS))

    def _verdict(self, answered: Answered, error: Exception, now: datetime) -> Verdict:
        row = answered.claimed.wanted
        return after_failure(
            error, attempts=row.attempts, age=now - row.since, spread=self.spread(), policy=self.policy
        )
