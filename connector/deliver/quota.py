"""Which of the claimed rows the target's quotas allow now."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from connector.deliver.attempt import Answered
from connector.errors import NotThereYetError
from connector.model import Target
from connector.store import Tx, quotas
from connector.store.claims import Claimed


def affordable(tx: Tx, target: Target, taken: Sequence[Claimed]) -> tuple[list[Claimed], datetime | None]:
    """The rows whose operations fit into the quotas, which are charged for them, and when there is room again.

    Rows come by priority. One that does not fit lets those pass that need operations of another class. A reserve is
    kept for what awaits the customer's action (priority 0).
    """
    if not target.quotas:
        return list(taken), None
    granted: list[Claimed] = []
    free_at: datetime | None = None
    for claimed in taken:
        later = _charge(tx, target, claimed)
        if later is None:
            granted.append(claimed)
        else:
            free_at = min(free_at or later, later)
    return granted, free_at if not granted else None


def refund(tx: Tx, target: Target, answers: Sequence[Answered]) -> None:
    """Give back what was charged for rows for which nothing was written.

    It leaves the second in which it was charged: given back in a later one, it would make room once more when the
    charge leaves the window.
    """
    for answered in answers:
        if answered.sent_nothing or isinstance(answered.error, NotThereYetError):
            charged = replace(tx, now=answered.claimed.at)
            cost = target.cost(answered.claimed.delivery()) if target.quotas else {}
            for op_class, quota in target.quotas.items():
                quotas.charge(charged, quota.group, op_class, -cost.get(op_class, 0))


def _charge(tx: Tx, target: Target, claimed: Claimed) -> datetime | None:
    """Charge a row's operations; None when all of them fit, else when there may be room, and nothing is charged."""
    cost = target.cost(claimed.delivery())
    limited = [(name, cost[name], quota) for name, quota in target.quotas.items() if cost.get(name)]
    for op_class, count, quota in limited:
        limit = quota.limit if claimed.wanted.priority == 0 else quota.limit - quota.reserve
        room, free_at = quotas.room(tx, quota.group, op_class, limit, quota.seconds)
        if room < min(count, limit):  # a row that needs more than the whole limit goes alone
            return free_at
    for op_class, count, quota in limited:
        quotas.charge(tx, quota.group, op_class, count)
    return None
