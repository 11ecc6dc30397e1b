"""How many operations were spent, second by second, so that restarts and replicas share one limit.

A sliding window: within any `seconds` no more than `limit` operations. Seconds are counted whole, on the
side of too few: a second leaves the window only when its last instant has left.
"""

from datetime import UTC, datetime

from sqlalchemy import bindparam, delete, func, select

from connector.store.prepared import Upsert
from connector.store.tables import quotas
from connector.store.tx import Tx

_CLASS = (
    quotas.c.quota_group == bindparam("of_group"),
    quotas.c.op_class == bindparam("of_class"),
)
_SPENT = select(func.sum(quotas.c.used).label("spent"), func.min(quotas.c.second).label("oldest")).where(
    *_CLASS
)
_FORGET = delete(quotas).where(*_CLASS, quotas.c.second < bindparam("before"))
_BOOK = Upsert(
    quotas, ("quota_group", "op_class", "second"), changes=lambda new: {"used": quotas.c.used + new.used}
)


def room(tx: Tx, group: str, op_class: str, limit: int, seconds: int) -> tuple[int, datetime]:
    """How many operations fit now, and when the next one is free at the latest.

    Nobody else can book in this class until the transaction ends. A clock that was set back leaves less
    room, never more.
    """
    tx.alone(f"quota/{group}/{op_class}")
    mine = {"of_group": group, "of_class": op_class}
    this = int(tx.now.timestamp())
    booked = tx.connection.execute(_SPENT, mine).one()
    if booked.oldest is not None and booked.oldest < this - seconds:
        tx.connection.execute(_FORGET, {**mine, "before": this - seconds})
        booked = tx.connection.execute(_SPENT, mine).one()
    first = this if booked.oldest is None else booked.oldest
    return max(0, min(limit, limit - (booked.spent or 0))), datetime.fromtimestamp(first + seconds + 1, UTC)


def charge(tx: Tx, group: str, op_class: str, n: int) -> None:
    """Book operations, or give some back (a negative number)."""
    second = int(tx.now.timestamp())
    _BOOK(tx, [{"quota_group": group, "op_class": op_class, "second": second, "used": n}] if n else [])
