"""Incidents set aside, because they cannot be read or evaluated: told of once for each reason."""

from collections.abc import Iterable

from connector.audit import AuditEntry, AuditKind
from connector.model import SetAside
from connector.store import Tx, set_asides


def set_aside(tx: Tx, source: str, tenant: str, asides: Iterable[SetAside]) -> list[SetAside]:
    """Set incidents aside; those that were not, or for another reason, which are told to the audit."""
    meant = {aside.incident: aside for aside in asides}
    if not meant:
        return []
    known = {each.set_aside.incident: each.set_aside.reason for each in set_asides.every(tx, source)}
    set_asides.put(tx, source, list(meant.values()))
    told = [aside for aside in meant.values() if known.get(aside.incident) != aside.reason]
    for aside in told:  # the others were said before
        data = {"reason": aside.reason}
        tx.audit(
            AuditEntry(
                AuditKind.SET_ASIDE,
                at=tx.now,
                source=source,
                tenant=tenant,
                incident=aside.incident,
                data=data,
            )
        )
    return told
