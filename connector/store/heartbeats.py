"""When each part of a running connector last said that it is alive, for those who look on from outside."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from connector.model import JSON
from connector.store.prepared import Upsert
from connector.store.tables import heartbeats
from connector.store.tx import Tx

_PUT = Upsert(heartbeats, ("name",))


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """The last sign of life of a part, and what it had to say."""

    name: str
    at: datetime
    data: JSON


def beat(tx: Tx, name: str, at: datetime, data: JSON = None) -> None:
    """Say that the part is alive."""
    _PUT(tx, [{"name": name, "at": at, "data": data}])


def every(tx: Tx) -> dict[str, Heartbeat]:
    """The last sign of life of every part that ever gave one."""
    rows = tx.connection.execute(select(heartbeats).order_by(heartbeats.c.name))
    return {row.name: Heartbeat(row.name, row.at, row.data) for row in rows}
