"""One delivery, and how it ended."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from connector.errors import RejectedError
from connector.model import Delivery, NoteInHand, Receipt, Target
from connector.store.claims import Claimed


@dataclass(frozen=True, slots=True)
class Answered:
    """One delivery and how it ended: with a receipt, an error, or both (fields refused, notes taken).

    Neither: the row is given back. `sent_nothing`: not even a request of this row's own was made.
    """

    claimed: Claimed
    sent: datetime
    acknowledged: datetime
    receipt: Receipt | None = None
    error: Exception | None = None
    sent_nothing: bool = False

    @property
    def given_back(self) -> bool:
        """Whether nothing came of it, because the row was not to leave any more."""
        return self.receipt is None and self.error is None


async def attempt(target: Target, claimed: Claimed, now: Callable[[], datetime]) -> Answered:
    """Deliver one claimed row. Whatever a target raises becomes part of the answer."""
    sent = now()
    receipt, error = await _apply(target, claimed.delivery())
    if isinstance(error, RejectedError) and claimed.notes:
        receipt, error = await _separately(target, claimed.delivery(), error)
    return Answered(claimed, sent, now(), receipt, error)


async def _apply(target: Target, delivery: Delivery) -> tuple[Receipt | None, Exception | None]:
    try:
        return await target.apply(delivery), None
    except Exception as error:  # noqa: BLE001  # the one place: whatever a target raises must not stop the others
        return None, error


async def _separately(
    target: Target, delivery: Delivery, refused: RejectedError
) -> tuple[Receipt | None, Exception | None]:
    """Fields and notes were refused together: try each alone, so that a refused note never delays a status."""
    if refused.part != "record":
        receipt, error = await _apply(target, delivery.without_notes())
        if receipt is not None:
            return replace(receipt, note_errors={note.id: refused for note in _blamed(delivery)}), None
        if not isinstance(error, RejectedError):
            return None, error
        refused = error
    if delivery.link is None:
        return None, refused
    receipt, _ = await _apply(target, delivery.only_notes())
    return receipt, refused


def _blamed(delivery: Delivery) -> Sequence[NoteInHand]:
    """The notes of a delivery that was refused for them: tasks only if there is nothing else, or they go next."""
    return [note for note in delivery.notes if not note.title] or delivery.notes
