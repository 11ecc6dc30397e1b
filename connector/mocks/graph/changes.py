"""Every way an incident changes: by the API, a person in the portal, Defender Experts or the service.

All of them move `lastUpdateDateTime` to the present on the service's coarse grid; the finer value that
a write's answer shows is returned to the caller and never stored.
"""

import uuid
from collections.abc import Mapping
from typing import Any

from connector.mocks.graph.errors import bad_request
from connector.mocks.graph.store import Entry, IncidentStore
from connector.mocks.graph.times import on_grid, text_of, ticks_of
from connector.mocks.kernel import Clock

CREATED_BY = "Microsoft 365 Defender-IncidentCreation"
_SERVING = ("overrides", "omit", "raw")
_ALERT_LISTS = ("categories", "comments", "evidence", "mitreTechniques", "systemTags")
_ALERT_TEXTS = (
    "actorDisplayName",
    "alertPolicyId",
    "assignedTo",
    "description",
    "detectorId",
    "investigationState",
    "productName",
    "recommendedActions",
    "resolvedDateTime",
    "threatDisplayName",
    "threatFamilyName",
)


class Changes:
    """The mutations of a store, stamped with the mocks' time."""

    def __init__(self, store: IncidentStore, clock: Clock, tenant_id: str) -> None:
        self._store = store
        self._clock = clock
        self._tenant_id = tenant_id

    def create(self, values: Mapping[str, Any], alerts: list[Mapping[str, Any]]) -> Entry:
        """Add an incident with defaults for what is not given; its id is the next number unless given."""
        incident_id = str(values.get("id") or self._store.next_number())
        now = text_of(on_grid(ticks_of(self._clock.now())))
        incident = {**blank_incident(incident_id, self._tenant_id, now), **values, "id": incident_id}
        entry = self._store.add(incident, [])
        for alert in alerts:
            self._attach(entry, alert)
        return entry

    def set(self, entry: Entry, values: Mapping[str, Any], by: str) -> int:
        """Store properties (and `alerts`, `overrides`, `omit`, `raw`); return the exact ticks of the change.

        An explicit `lastUpdateDateTime` is kept: that is how an update arrives late.
        """
        incident = entry.incident
        moment = ticks_of(self._clock.now())
        stamps = {"lastUpdateDateTime": text_of(on_grid(moment)), "lastModifiedBy": by}
        plain = {name: value for name, value in values.items() if name not in (*_SERVING, "alerts")}
        incident.update({**stamps, **plain})
        self._set_serving(entry, values)
        if "alerts" in values:
            entry.alerts = list(values["alerts"])
        self._spread_to_alerts(entry, plain)
        self._store.changed(entry)
        return moment

    def comment(self, entry: Entry, text: str, by: str) -> int:
        """Append a comment and return the exact ticks of the change."""
        moment = ticks_of(self._clock.now())
        comment = {"comment": text, "createdByDisplayName": by, "createdDateTime": text_of(moment)}
        return self.set(entry, {"comments": [*entry.incident["comments"], comment]}, by)

    def add_alert(self, entry: Entry, values: Mapping[str, Any], by: str) -> dict[str, Any]:
        """Attach an alert with defaults for what is not given and return it."""
        alert = self._attach(entry, values)
        self.set(entry, {}, by)
        return alert

    def merge(self, source: Entry, target: Entry, by: str) -> None:
        """Redirect `source` into `target`; raise a 400 GraphError where the service would not merge.

        Alerts and tags move, comments stay behind, both incidents count as updated.
        """
        _check_mergeable(source, target)
        target_id = target.incident["id"]
        for alert in source.alerts:
            alert["incidentId"] = target_id
            alert["incidentWebUrl"] = target.incident["incidentWebUrl"]
        tags = {
            name: _union(target.incident[name], source.incident[name])
            for name in ("customTags", "systemTags")
        }
        self.set(target, {**tags, "alerts": [*target.alerts, *source.alerts]}, by)
        gone = {
            "status": "redirected",
            "redirectIncidentId": target_id,
            "incidentWebUrl": target.incident["incidentWebUrl"],
            "customTags": [],
            "systemTags": ["Redirected"],
            "alerts": [],
        }
        self.set(source, gone, by)

    def _attach(self, entry: Entry, values: Mapping[str, Any]) -> dict[str, Any]:
        now = self._clock.now()
        alert = {**blank_alert(entry.incident, f"da{uuid.uuid4().int}_1", text_of(ticks_of(now))), **values}
        alert["lastUpdateDateTime"] = values.get("lastUpdateDateTime", text_of(on_grid(ticks_of(now))))
        entry.alerts.append(alert)
        entry.texts.clear()
        return alert

    def _set_serving(self, entry: Entry, values: Mapping[str, Any]) -> None:
        if "overrides" in values:
            entry.overrides = dict(values["overrides"] or {})
        if "omit" in values:
            entry.omit = tuple(values["omit"] or ())
        if "raw" in values:
            entry.raw = values["raw"]

    def _spread_to_alerts(self, entry: Entry, values: Mapping[str, Any]) -> None:
        """An owner is given to the alerts, too; resolving an incident resolves its open alerts."""
        now = text_of(on_grid(ticks_of(self._clock.now())))
        for alert in entry.alerts:
            if "assignedTo" in values:
                alert.update(assignedTo=values["assignedTo"], lastUpdateDateTime=now)
            if values.get("status") == "resolved" and alert.get("status") != "resolved":
                alert.update(status="resolved", resolvedDateTime=now, lastUpdateDateTime=now)


def blank_incident(incident_id: str, tenant_id: str, now: str) -> dict[str, Any]:
    """Return a new incident as the service makes it: every property there, most of them empty."""
    return {
        "id": incident_id,
        "tenantId": tenant_id,
        "status": "active",
        "incidentWebUrl": f"https://security.microsoft.com/incidents/{incident_id}?tid={tenant_id}",
        "redirectIncidentId": None,
        "displayName": f"Incident {incident_id}",
        "createdDateTime": now,
        "lastUpdateDateTime": now,
        "assignedTo": None,
        "classification": "unknown",
        "determination": "unknown",
        "severity": "medium",
        "priorityScore": None,
        "customTags": [],
        "systemTags": [],
        "description": None,
        "summary": None,
        "resolvingComment": None,
        "lastModifiedBy": CREATED_BY,
        "comments": [],
        "recommendedActions": None,
        "recommendedHuntingQueries": [],
    }


def blank_alert(incident: Mapping[str, Any], alert_id: str, now: str) -> dict[str, Any]:
    """Return a new alert of an incident with every property there."""
    web = f"https://security.microsoft.com/alerts/{alert_id}?tid={incident['tenantId']}"
    lists: dict[str, Any] = {name: [] for name in _ALERT_LISTS}
    times = dict.fromkeys(("createdDateTime", "firstActivityDateTime", "lastActivityDateTime"), now)
    return {
        "id": alert_id,
        "providerAlertId": alert_id,
        "incidentId": incident["id"],
        "tenantId": incident["tenantId"],
        "title": incident["displayName"],
        "status": "new",
        "severity": incident["severity"],
        "classification": "unknown",
        "determination": "unknown",
        "serviceSource": "microsoftDefenderForEndpoint",
        "detectionSource": "antivirus",
        "category": None,
        "alertWebUrl": web,
        "incidentWebUrl": incident["incidentWebUrl"],
        "customDetails": {},
        "additionalData": {},
        **dict.fromkeys(_ALERT_TEXTS),
        **times,
        **lists,
    }


def _check_mergeable(source: Entry, target: Entry) -> None:
    if source is target:
        raise bad_request("An incident cannot be merged into itself.")
    for entry in (source, target):
        if entry.incident["status"] in ("redirected", "resolved"):
            raise bad_request(f"Incident {entry.incident['id']} is {entry.incident['status']}.")
    for name in ("assignedTo", "classification", "determination"):
        if source.incident[name] != target.incident[name]:
            raise bad_request(f"Incidents with different '{name}' are not merged.")


def _union(first: list[str], second: list[str]) -> list[str]:
    return list(dict.fromkeys((*first, *second)))
