"""The audit, stored: appended to as a transaction ends, read for people and for the check of the chain."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Select, delete, func, insert, select, update

from connector.audit import AuditEntry, AuditKind, Head, Outcome, SealedRow, Verification, seal
from connector.audit import verify as verify_rows
from connector.model import JSON, IncidentKey
from connector.store.prepared import Each
from connector.store.tables import audit_head, audit_private, audits
from connector.store.tx import Fetched, Tx, chunks

_CHUNK = 1000  # rows in memory while the chain is read
_APPEND = Each(insert(audits))
_APPEND_PRIVATE = Each(insert(audit_private))


def append(tx: Tx, entries: Sequence[AuditEntry], salt: Callable[[], bytes]) -> None:
    """Seal entries onto the chain. The head is locked here, last of all, so nothing waits for it for long."""
    if not entries:
        return
    seq, last = _locked_head(tx)
    rows = []
    for number, entry in enumerate(entries, start=seq + 1):
        row = seal(entry, number, last, salt() if entry.private else b"")
        last = row.hash
        rows.append(row)
    _APPEND(tx, [_columns(row) for row in rows])
    beside = [{"seq": row.seq, "readable": row.private, "salt": row.salt} for row in rows if row.private]
    _APPEND_PRIVATE(tx, beside)
    tx.connection.execute(update(audit_head).values(seq=rows[-1].seq, hash=last))


def head(tx: Tx) -> Head:
    """Number and hash of the last row."""
    row = tx.connection.execute(select(audit_head)).one()
    return Head(row.seq, row.hash)


def hash_at(tx: Tx, seq: int) -> str | None:
    """The hash of the row with this number, if there is one."""
    return tx.connection.scalar(select(audits.c.hash).where(audits.c.seq == seq))


def count(tx: Tx) -> int:
    """How many rows there are."""
    return tx.connection.scalar(select(func.count()).select_from(audits)) or 0


def read(
    tx: Tx,
    *,
    incident: IncidentKey | None = None,
    number: str | None = None,
    route: str | None = None,
    kind: AuditKind | None = None,
    outcome: Outcome | None = None,
    since_seq: int = 0,
    limit: int | None = 100,
    newest_first: bool = True,
) -> list[SealedRow]:
    """Rows after number `since_seq` that fit every condition given, at most `limit`.

    `incident` is one incident of one tenant, `number` an incident's number in any tenant.
    """
    query = select(audits).where(audits.c.seq > since_seq).limit(limit)
    query = query.order_by(audits.c.seq.desc() if newest_first else audits.c.seq)
    if incident is not None:
        query = query.where(audits.c.tenant == incident.tenant, audits.c.incident == incident.incident)
    for column, value in (("incident", number), ("route", route), ("kind", kind), ("outcome", outcome)):
        if value is not None:
            query = query.where(audits.c[column] == str(value))
    return _sealed(tx, query)


def stream(tx: Tx, since_seq: int = 0) -> Iterator[SealedRow]:
    """Every row after number `since_seq` in order, a bounded number of them in memory."""
    while True:
        query = select(audits).where(audits.c.seq > since_seq).order_by(audits.c.seq).limit(_CHUNK)
        rows = _sealed(tx, query)
        yield from rows
        if len(rows) < _CHUNK:
            return
        since_seq = rows[-1].seq


def verify(tx: Tx) -> Verification:
    """Check the whole chain against its head."""
    return verify_rows(stream(tx), head(tx))


def private(tx: Tx, seqs: Sequence[int]) -> dict[int, dict[str, JSON]]:
    """The private values that are still there, by row number and name."""
    return {seq: values for seq, (_, values) in _private(tx, seqs).items()}


def erase_private(tx: Tx, key: IncidentKey) -> int:
    """Forget the private values of an incident's rows, and the salts of their digests; how many values."""
    of_incident = select(audits.c.seq).where(audits.c.tenant == key.tenant, audits.c.incident == key.incident)
    chosen = audit_private.c.seq.in_(of_incident)
    readable = tx.connection.scalars(select(audit_private.c.readable).where(chosen)).all()
    tx.connection.execute(delete(audit_private).where(chosen))
    return sum(len(values) for values in readable)


def _locked_head(tx: Tx) -> tuple[int, str]:
    row = tx.connection.execute(select(audit_head).with_for_update()).one()
    return row.seq, row.hash


def _sealed(tx: Tx, query: Select[Any]) -> list[SealedRow]:
    rows = tx.connection.execute(query).all()
    beside = _private(tx, [row.seq for row in rows])
    return [_row(row, *beside.get(row.seq, (b"", {}))) for row in rows]


def _private(tx: Tx, seqs: Sequence[int]) -> dict[int, tuple[bytes, dict[str, JSON]]]:
    found: dict[int, tuple[bytes, dict[str, JSON]]] = {}
    for some in chunks(seqs):
        for row in tx.connection.execute(select(audit_private).where(audit_private.c.seq.in_(some))):
            found[row.seq] = (row.salt, row.readable)
    return found


def _row(row: Fetched, salt: bytes, values: Mapping[str, JSON]) -> SealedRow:
    return SealedRow(
        seq=row.seq,
        at=row.at,
        kind=row.kind,
        outcome=row.outcome,
        source=row.source,
        route=row.route,
        target=row.target,
        tenant=row.tenant,
        incident=row.incident,
        # SQLite keeps what it is given: a body that somebody altered may have become text.
        body=row.body if isinstance(row.body, bytes) else str(row.body).encode(),
        hash=row.hash,
        salt=salt,
        private=values,
    )


def _columns(row: SealedRow) -> dict[str, Any]:
    return {
        "seq": row.seq,
        "at": row.at,
        "kind": row.kind,
        "outcome": row.outcome,
        "source": row.source,
        "route": row.route,
        "target": row.target,
        "tenant": row.tenant,
        "incident": row.incident,
        "body": row.body,
        "hash": row.hash,
    }
