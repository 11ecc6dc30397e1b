"""A large, seeded population of incidents: every enum member and owner, and texts that break things.

The same number, seed and moment give the same incidents. Evidence is drawn from small pools, as real alerts
name the same devices and users again and again; that also keeps 20,000 incidents small in memory.
"""

import random
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from connector.mocks.graph.changes import Changes, blank_alert, blank_incident
from connector.mocks.graph.specimens import ODD_TEXTS, Evidence, long_text, make_evidence
from connector.mocks.graph.store import IncidentStore
from connector.mocks.graph.times import PER_SECOND, on_grid, text_of, ticks_of
from connector.mocks.graph.words import (
    DETECTION_SOURCES,
    LEGAL_PAIRS,
    SEVERITIES,
    WITHHELD_DETECTION_SOURCES,
    WITHHELD_SERVICE_SOURCES,
)
from connector.mocks.kernel import Clock

SPREAD = timedelta(days=7)
OWNERS = (
    None,
    "",
    "Unassigned",
    "Customer",
    "Defender Experts",
    "soc.analyst@contoso.example",
    "Zoë.Müller@contoso.example",
    "XDR Connector",
)
_STATUSES = (
    "active",
    "active",
    "inProgress",
    "resolved",
    "awaitingAction",
    "active",
    "resolved",
    "redirected",
)
_SERVICES = (
    "unknown",
    "microsoftDefenderForEndpoint",
    "microsoftDefenderForIdentity",
    "microsoftDefenderForCloudApps",
    "microsoftDefenderForOffice365",
    "microsoft365Defender",
    "azureAdIdentityProtection",
    "microsoftAppGovernance",
    "dataLossPrevention",
    *sorted(WITHHELD_SERVICE_SOURCES),
)
_DETECTIONS = (*DETECTION_SOURCES, *sorted(WITHHELD_DETECTION_SOURCES))
_PAIRS = tuple((left, right) for left, rights in LEGAL_PAIRS.items() for right in rights)
_ODD_PAIRS = (("truePositive", "apt"), ("truePositive", "securityPersonnel"), ("unknown", "malware"))
_TITLES = (
    "Malware was detected on one endpoint",
    "Suspicious sign-in involving one user",
    "Multi-stage incident involving initial access and persistence on multiple endpoints",
    "Mass download by one user",
    "Phishing mail reported by a user",
    "Unusual process started by a scheduled task",
)
_TAGS = ("finance", "vip", "Größe", "ticket-4711", "test", "=cmd|'/c calc'!A0", "<b>bold</b>", "🔥 hot")
_MONIKERS = ("one endpoint", "a mailbox", "two devices")
_ADVICE = "Isolate the device.\r\n\tReset the password of the user."


@dataclass(frozen=True)
class _Maker:
    chance: random.Random
    tenant_id: str
    evidence: Evidence

    def incident(self, number: int, position: int, updated: int, first: int) -> dict[str, Any]:
        pick, incident_id = self.chance, str(number)
        incident = blank_incident(incident_id, self.tenant_id, text_of(updated))
        created = on_grid(updated - pick.randrange(0, 3 * 86_400 * PER_SECOND))
        incident |= {"createdDateTime": text_of(created), "status": _STATUSES[position % len(_STATUSES)]}
        incident |= self._judgement(position)
        incident |= self._texts(position)
        incident["comments"] = [self._comment(updated) for _ in range(pick.choice((0, 0, 0, 1, 1, 3)))]
        incident["customTags"] = pick.sample(_TAGS, pick.choice((0, 0, 0, 1, 2)))
        if incident["status"] in ("awaitingAction", "resolved") and pick.random() < 0.5:
            incident["systemTags"] = ["Defender Experts"]
        if incident["status"] == "redirected":
            self._redirect(incident, first)
        alerts = 0 if incident["status"] == "redirected" else pick.randrange(0, 6)
        incident["alerts"] = [self._alert(incident, order, created) for order in range(alerts)]
        return incident

    def _judgement(self, position: int) -> dict[str, Any]:
        pick = self.chance
        odd = position % 97 == 96
        pair = pick.choice(_ODD_PAIRS) if odd else _PAIRS[position % len(_PAIRS)]
        return {
            "classification": pair[0],
            "determination": pair[1],
            "severity": SEVERITIES[position % len(SEVERITIES)],
            "assignedTo": OWNERS[(position // 3) % len(OWNERS)],
            "priorityScore": pick.choice((None, pick.randrange(0, 101))),
        }

    def _texts(self, position: int) -> dict[str, Any]:
        pick = self.chance
        texts: dict[str, Any] = {"displayName": pick.choice(_TITLES)}
        if position % 11 == 10:
            texts["displayName"] = (
                f"{ODD_TEXTS[(position // 11) % len(ODD_TEXTS)]} on {pick.choice(_MONIKERS)}"
            )
        if position % 13 == 12:
            texts["description"] = pick.choice(ODD_TEXTS)
        if position % 101 == 100:
            texts |= {"displayName": long_text(pick, 400), "description": long_text(pick, 8_000)}
        if position % 17 == 16:
            texts |= {"summary": "An account was used from two countries.", "recommendedActions": _ADVICE}
            texts["recommendedHuntingQueries"] = [{"kqlText": 'DeviceEvents | where ActionType == "x"'}]
        return texts

    def _comment(self, updated: int) -> dict[str, Any]:
        pick = self.chance
        text = pick.choice(ODD_TEXTS) if pick.random() < 0.2 else pick.choice(("Looking into it.", "Done."))
        author = pick.choice(("soc.analyst@contoso.example", "Defender Experts", "Automation"))
        at = updated - pick.randrange(0, 3_600 * PER_SECOND)
        return {"comment": text, "createdByDisplayName": author, "createdDateTime": text_of(at)}

    def _redirect(self, incident: dict[str, Any], first: int) -> None:
        """Point at an earlier incident; the first eight positions hold none that is redirected itself."""
        target = str(first + self.chance.randrange(0, 7))
        web = f"https://security.microsoft.com/incidents/{target}?tid={self.tenant_id}"
        incident |= {"redirectIncidentId": target, "systemTags": ["Redirected"], "incidentWebUrl": web}
        incident |= {"customTags": []}

    def _alert(self, incident: dict[str, Any], order: int, created: int) -> dict[str, Any]:
        pick = self.chance
        alert = blank_alert(incident, f"da{int(incident['id']):018d}_{order}", text_of(created + order))
        resolved = incident["status"] == "resolved"
        return alert | {
            "title": f"{pick.choice(_TITLES)} ({order + 1})",
            "status": "resolved" if resolved else pick.choice(("new", "inProgress", "unknown")),
            "severity": pick.choice(SEVERITIES),
            "serviceSource": pick.choice(_SERVICES),
            "detectionSource": pick.choice(_DETECTIONS),
            "assignedTo": incident["assignedTo"],
            "lastUpdateDateTime": incident["lastUpdateDateTime"],
            "resolvedDateTime": incident["lastUpdateDateTime"] if resolved else None,
            "category": "Execution",
            "categories": ["Execution"],
            "mitreTechniques": pick.choice(([], ["T1059"], ["T1566.002", "T1078"])),
            "evidence": self.evidence.some(pick),
        }


def make_population(
    number: int, seed: int, now: datetime, *, tenant_id: str = "", first: int = 1
) -> list[dict[str, Any]]:
    """Return `number` incidents in stored form with ids from `first`, ascending in id and update time.

    Update times are spread over the seven days before `now`; now and then two to five share one.
    """
    pick = random.Random(f"{seed}/{number}")
    maker = _Maker(pick, tenant_id, make_evidence(pick))
    times = _times(number, pick, ticks_of(now))
    return [maker.incident(first + n, n, updated, first) for n, updated in enumerate(times)]


def change_population(store: IncidentStore, changes: Changes, clock: Clock, seed: int) -> int:
    """Change status, owner or classification of every incident that is not redirected; return how many.

    The clock moves one step of the time grid per incident, so that the change has an extent in time.
    """
    pick, changed = random.Random(seed), 0
    for entry in list(store):
        if entry.incident["status"] == "redirected":
            continue
        clock.advance(timedelta(microseconds=3_334))
        changes.set(entry, _changed(entry.incident, pick), "soc.lead@contoso.example")
        changed += 1
    return changed


def _changed(incident: dict[str, Any], pick: random.Random) -> dict[str, Any]:
    classification, determination = pick.choice(_PAIRS)
    statuses = [name for name in ("active", "inProgress", "resolved") if name != incident["status"]]
    return {
        "status": pick.choice(statuses),
        "assignedTo": pick.choice([owner for owner in OWNERS if owner != incident["assignedTo"]]),
        "classification": classification,
        "determination": determination,
    }


def _times(number: int, pick: random.Random, now: int) -> Iterable[int]:
    spread = SPREAD // timedelta(microseconds=1) * 10
    tied, current = 0, now - spread
    for position in range(number):
        if tied:
            tied -= 1
        else:
            current = on_grid(now - spread + (position + 1) * spread // (number + 1))
            tied = pick.randrange(1, 5) if pick.random() < 0.03 else 0
        yield current
