"""Stored incidents for commands that look at the state: written by hand, without a poll."""

import asyncio
from typing import Any

from connector.model import Incident, IncidentKey, Revision, digest
from connector.store import Tx, snapshots
from tests.support.inprocess import Lab

EARLIER = 1  # revisions kept besides the latest


def tenant_of(lab: Lab) -> str:
    return lab.config.settings.sources[0].tenant_id


def incident(tenant: str, number: int | str, second: int = 0, **differing: Any) -> Incident:
    """A revision of an incident; what is not said is as on a new one."""
    raw = f"2026-01-30T10:00:{second:02}Z"
    body = {
        "id": str(number),
        "tenantId": tenant,
        "status": "active",
        "severity": "high",
        "classification": "unknown",
        "determination": "unknown",
        "assignedTo": None,
        "displayName": "Malware on one endpoint",
        "createdDateTime": "2026-01-30T09:00:00Z",
        "lastUpdateDateTime": raw,
        **differing,
    }
    return Incident(IncidentKey(tenant, str(number)), Revision.parse(raw), body, digest(body))


def story(tenant: str, number: int | str = 4711) -> list[Incident]:
    """An incident from its beginning to its end."""
    verdict = {"classification": "truePositive", "determination": "malware"}
    return [
        incident(tenant, number, 1),
        incident(tenant, number, 2, status="inProgress", assignedTo="Defender Experts"),
        incident(
            tenant,
            number,
            3,
            status="resolved",
            assignedTo="kim@contoso.example",
            resolvingComment="Wiped",
            **verdict,
        ),
    ]


def store(lab: Lab, *incidents: Incident) -> None:
    """Store these revisions, in their order."""

    def work(tx: Tx) -> None:
        for each in incidents:
            snapshots.add(tx, [each], EARLIER)

    async def writing() -> None:
        async with lab.process() as app:
            await app.store.write(work)

    asyncio.run(writing())
