"""The text of every mapping that ever decided something, so that the hash in an audit row can be read."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from connector.store.prepared import Upsert
from connector.store.tables import mappings_seen
from connector.store.tx import Tx

_PUT = Upsert(mappings_seen, ("hash",), keep_old=True)


@dataclass(frozen=True, slots=True)
class SeenMapping:
    """A mapping as it was when it was first used."""

    hash: str
    name: str
    text: str
    first_seen: datetime


def put(tx: Tx, mapping_hash: str, name: str, text: str) -> None:
    """Remember a mapping's text; one known by its hash stays as it is."""
    row = {"hash": mapping_hash, "name": name, "text": text, "first_seen": tx.now}
    _PUT(tx, [row])


def get(tx: Tx, mapping_hash: str) -> SeenMapping | None:
    """The mapping with this hash."""
    row = tx.connection.execute(
        select(mappings_seen).where(mappings_seen.c.hash == mapping_hash)
    ).one_or_none()
    return SeenMapping(row.hash, row.name, row.text, row.first_seen) if row else None


def every(tx: Tx) -> list[SeenMapping]:
    """Every mapping ever used, oldest first."""
    query = select(mappings_seen).order_by(mappings_seen.c.first_seen, mappings_seen.c.hash)
    return [SeenMapping(row.hash, row.name, row.text, row.first_seen) for row in tx.connection.execute(query)]
