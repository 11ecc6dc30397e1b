"""Incidents for measuring the mapping language: different ones, the same in every run."""

import random
from typing import Any, TypeAlias

from connector.mapping.vocabulary import ENUMS, SERVICE_SOURCES

Pair: TypeAlias = tuple[dict[str, Any], dict[str, Any] | None]

_SEED = 3
_OWNERS = (None, "Defender Experts", "Customer", "kim@example.com", "")
_TENANTS = ("11111111-1111-1111-1111-111111111111", "22222222-2222-2222-2222-222222222222", "3")


def pairs(number: int) -> list[Pair]:
    """Incidents, each with its previous revision; every fourth is seen for the first time."""
    pick = random.Random(_SEED)
    return [_pair(pick, place) for place in range(number)]


def _pair(pick: random.Random, place: int) -> Pair:
    old = _incident(pick, place)
    if place % 4 == 0:
        return old, None
    new = {**old, "lastUpdateDateTime": f"2024-05-02T11:{place % 60:02}:00.25Z"}
    new |= {name: pick.choice(ENUMS[name].members) for name in ("status", "classification", "determination")}
    new["assignedTo"] = pick.choice(_OWNERS)
    if place % 3 == 0:
        new["comments"] = [*old["comments"], _comment(pick, place)]
    return new, old


def _incident(pick: random.Random, place: int) -> dict[str, Any]:
    return {
        **{name: pick.choice(vocabulary.members) for name, vocabulary in ENUMS.items()},
        "id": str(place),
        "tenantId": pick.choice(_TENANTS),
        "displayName": f"Suspicious activity number {place} involving one user",
        "description": "A sign-in, then a download."
        if pick.random() < 0.5
        else "<p>A sign-in &amp; more</p>",
        "summary": "" if pick.random() < 0.5 else f"Summary of {place}.",
        "resolvingComment": pick.choice([None, "All clean.", "Rebuilt, then released."]),
        "redirectIncidentId": pick.choice([None, "4711"]),
        "incidentWebUrl": f"https://security.microsoft.com/incidents/{place}",
        "assignedTo": pick.choice(_OWNERS),
        "createdDateTime": f"2024-05-01T10:{place % 60:02}:{pick.randrange(60):02}.123Z",
        "lastUpdateDateTime": f"2024-05-01T11:{place % 60:02}:00Z",
        "customTags": pick.sample(["vip", "finance", "test", "emea"], 2),
        "systemTags": pick.choice([[], ["Defender Experts"]]),
        "comments": [_comment(pick, number) for number in range(pick.randrange(4))],
        "alertCount": pick.randrange(20),
        "devices": [f"host{number}" for number in range(pick.randrange(5))],
        "users": [f"user{number}@example.com" for number in range(pick.randrange(4))],
        "deviceGroups": pick.choice([[], ["PCI"], ["Office", "pci"], ["Office"]]),
        "serviceSources": pick.sample(sorted(SERVICE_SOURCES.words), 2),
    }


def _comment(pick: random.Random, number: int) -> dict[str, str]:
    return {
        "comment": f"Remark {number}: looked at {pick.randrange(1000)} events, found nothing odd.",
        "createdByDisplayName": pick.choice(["Kim", "Defender Experts"]),
        "createdDateTime": f"2024-05-01T12:{number % 60:02}:00Z",
    }
