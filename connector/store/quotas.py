"""How many operations were spent, second by second, so that restarts and replicas share one limit.

A sliding window: within any `seconds` no more than `limit` operations. Seconds are counted whole, on the
side of too few: a second leaves the window only when its last instant has left.
"""

from datetime import UTC, datetime

from sqlalchemy import delete, func, select

from connector.store.tables import quotas
from connector.store.tx import Tx, Upsert

_BOOK = Upsert(
    quotas, ("quota_group", "op_class", "second"), changes=lambda new: {"used": quotas.c.used + new.used}
)


def take(tx: Tx, group: str, op_class: str, limit: int, seconds: int, n: int) -> tuple[int, datetime | None]:
    """Book up to `n` operations: how many were granted and, if fewer than `n`, when the next one may be free.

    A clock that was set back grants fewer, never more.
    """
    tx.alone(f"quota/{group}/{op_class}")
    this = int(tx.now.timestamp())
    mine = (quotas.c.quota_group == group, quotas.c.op_class == op_class)
    tx.connection.execute(delete(quotas).where(*mine, quotas.c.second < this - seconds))
    spent, oldest = tx.connection.execute(
        select(func.coalesce(func.sum(quotas.c.used), 0), func.min(quotas.c.second)).where(*mine)
    ).one()
    granted = max(0, min(n, limit - spent))
    if granted:
        _book(tx, group, op_class, granted)
    if granted == n:
        return granted, None
    first = this if oldest is None else oldest
    return granted, datetime.fromtimestamp(first + seconds + 1, UTC)


def room(tx: Tx, group: str, op_class: str, limit: int, seconds: int) -> tuple[int, datetime | None]:
    """How many operations fit now and when the next one is free at the latest.

    Nobody else can book in this class until the transaction ends.
    """
    tx.alone(f"quota/{group}/{op_class}")
    this = int(tx.now.timestamp())
    spent, oldest = tx.connection.execute(
        select(func.coalesce(func.sum(quotas.c.used), 0), func.min(quotas.c.second)).where(
            quotas.c.quota_group == group, quotas.c.op_class == op_class, quotas.c.second >= this - seconds
        )
    ).one()
    first = this if oldest is None else oldest
    return max(0, limit - spent), datetime.fromtimestamp(first + seconds + 1, UTC)


def charge(tx: Tx, group: str, op_class: str, n: int) -> None:
    """Book operations that took place beyond what was granted."""
    if n > 0:
        tx.alone(f"quota/{group}/{op_class}")
        _book(tx, group, op_class, n)


def _book(tx: Tx, group: str, op_class: str, n: int) -> None:
    row = {"quota_group": group, "op_class": op_class, "second": int(tx.now.timestamp()), "used": n}
    _BOOK(tx, [row])
