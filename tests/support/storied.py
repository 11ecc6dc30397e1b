"""Stored incidents for commands that look at the state: written by hand, without a poll."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

from connector.model import Incident, IncidentKey, Revision, digest
from connector.store import Tx, snapshots
from tests.support.inprocess import Lab, lab

EARLIER = 1  # revisions kept besides the latest
# A mapping that needs a var, with examples.
SMALL = """\
version: 1
name: small
target: servicenow
fields:
  short_description: "{{ displayName }} for {{ vars.team }} from {{ source.name }}"
  impact: {from: severity, values: {high: 1, medium: 2}, otherwise: 3}
examples:
  - name: high
    incident: {severity: high}
    expect: {fields: {impact: 1}}
  - name: low
    incident: {severity: low}
    expect: {fields: {impact: 3}}
"""


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

    write(lab, work)


def write(lab: Lab, work: Callable[[Tx], None]) -> None:
    """Do something to the state, while nothing else runs."""

    async def writing() -> None:
        async with lab.process() as app:
            await app.store.write(work)

    asyncio.run(writing())


def stocked(folder: Path) -> Lab:
    """A lab whose state knows an incident that has come to its end, 4711, and six that have just begun."""
    made = lab(folder)
    tenant = tenant_of(made)
    others = [incident(tenant, number, severity=("high", "low")[number % 2]) for number in range(1, 7)]
    store(made, *story(tenant), *others)
    return made


def written(name: str, text: str) -> str:
    """The name of a file that now holds the text."""
    Path(name).write_text(text, encoding="utf-8")
    return name
