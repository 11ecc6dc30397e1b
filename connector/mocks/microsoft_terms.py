"""How an incident reads in Sentinel's words and how a Sentinel change reads in Defender's.

Source: "Microsoft Defender XDR integration with Microsoft Sentinel" (the published table of transformed
fields) and the Defender Experts FAQ (`Awaiting Customer Action` becomes a tag). The page prints only one
pair of statuses; the others are inferred. What the table cannot express, such as a determination, is lost
here too. Pure.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

AWAITING: Final = "Awaiting Customer Action"
REDIRECTED: Final = "Redirected"
MARKS: Final = frozenset({AWAITING, REDIRECTED})
ALERT_LIMIT: Final = 150

_STATUSES: Final = {
    "active": "New",
    "inProgress": "Active",
    "awaitingAction": "Active",
    "resolved": "Closed",
    "redirected": "Closed",
}
_STATUSES_BACK: Final = {"New": "active", "Active": "inProgress", "Closed": "resolved"}
_CLASSIFICATIONS: Final = {
    "truePositive": ("TruePositive", "SuspiciousActivity"),
    "falsePositive": ("FalsePositive", "InaccurateData"),
    "informationalExpectedActivity": ("BenignPositive", "SuspiciousButExpected"),
}
_CLASSIFICATIONS_BACK: Final = {there: here for here, (there, _) in _CLASSIFICATIONS.items()}
_SEVERITIES: Final = {"high": "High", "medium": "Medium", "low": "Low"}
_NOBODY: Final = frozenset({"", "unassigned"})

Changed = Mapping[str, list[Any]]


def to_sentinel(incident: Mapping[str, Any]) -> dict[str, Any]:
    """Return the Sentinel properties, labels excepted, of a Defender incident in its stored form."""
    status = _STATUSES.get(str(incident.get("status")), "New")
    undecided = ("Undetermined", None) if status == "Closed" else (None, None)
    verdict = _CLASSIFICATIONS.get(str(incident.get("classification")), undecided)
    return {
        "title": incident.get("displayName") or f"Incident {incident.get('id')}",
        "description": "",
        "severity": _SEVERITIES.get(str(incident.get("severity")), "Informational"),
        "status": status,
        "classification": verdict[0],
        "classificationReason": verdict[1],
        "classificationComment": incident.get("resolvingComment"),
        "owner": _owner(incident.get("assignedTo")),
        "additionalData": _additional_data(incident),
    }


def marks(incident: Mapping[str, Any]) -> list[str]:
    """Return the tags that stand for what Sentinel has no property for."""
    return {"awaitingAction": [AWAITING], "redirected": [REDIRECTED]}.get(str(incident.get("status")), [])


def labels(held: Iterable[str], before: Mapping[str, Any], now: Mapping[str, Any]) -> list[dict[str, str]]:
    """Return a twin's labels after a Defender change: its own kept, custom tags and marks followed."""
    tags, old_tags = now.get("customTags") or [], before.get("customTags") or []
    wanted_marks = marks(now)
    gone = (set(old_tags) - set(tags)) | (MARKS - set(wanted_marks))
    added = [tag for tag in tags if tag not in old_tags]
    names = dict.fromkeys([*(name for name in held if name not in gone), *added, *wanted_marks])
    return [{"labelName": name} for name in names]


def to_defender(changed: Changed, incident: Mapping[str, Any]) -> dict[str, Any]:
    """Return the Defender properties that a change in Sentinel sets; `changed` holds `[before, after]`."""
    after = {name: values[1] for name, values in changed.items()}
    plain = {"title": "displayName", "classificationComment": "resolvingComment"}
    result = {there: after[here] for here, there in plain.items() if here in after}
    if after.get("status") in _STATUSES_BACK:
        result["status"] = _STATUSES_BACK[after["status"]]
    if after.get("severity"):
        result["severity"] = str(after["severity"]).lower()
    if "classification" in after:
        result["classification"] = _CLASSIFICATIONS_BACK.get(after["classification"], "unknown")
        if result["classification"] != incident.get("classification"):
            result["determination"] = (
                "unknown"  # Sentinel has none to give, and the old one may no longer fit
            )
    if "owner" in after:
        owner = after["owner"]
        result["assignedTo"] = owner.get("userPrincipalName") or owner.get("assignedTo") or owner.get("email")
    if "labels" in changed:
        result["customTags"] = _tags(changed["labels"], incident.get("customTags") or [])
    return {name: value for name, value in result.items() if incident.get(name) != value}


def _tags(label_change: list[Any], held: list[str]) -> list[str]:
    before, after = ({label["labelName"] for label in side or []} - MARKS for side in label_change)
    in_order = [label["labelName"] for label in label_change[1] or [] if label["labelName"] in after]
    kept = [tag for tag in held if tag in after or tag not in before]
    return list(dict.fromkeys([*kept, *(name for name in in_order if name not in before)]))


def _owner(assigned_to: Any) -> dict[str, str]:
    name = assigned_to.strip() if isinstance(assigned_to, str) else ""
    if name.lower() in _NOBODY:
        return {}
    return {"userPrincipalName": name, "assignedTo": name} if "@" in name else {"assignedTo": name}


def _additional_data(incident: Mapping[str, Any]) -> dict[str, Any]:
    alerts = incident.get("alerts") or []
    return {
        "alertsCount": min(len(alerts), ALERT_LIMIT),
        "alertProductNames": _distinct(alert.get("productName") for alert in alerts),
        "tactics": _distinct(alert.get("category") for alert in alerts),
        "techniques": _distinct(
            technique for alert in alerts for technique in alert.get("mitreTechniques") or []
        ),
        "providerIncidentUrl": incident.get("incidentWebUrl"),
    }


def _distinct(values: Iterable[str | None]) -> list[str]:
    return list(dict.fromkeys(value for value in values if value))
