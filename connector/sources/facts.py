"""What a mapping may ask about an incident's alerts, worked out once: a snapshot then needs no raw alerts.

Alerts and evidence are large, differ by product and hold what one reader needs not; the lists below are what
routing and wording use. Every value comes from outside, so anything of an unexpected shape is passed over.
Pages: "alert resource type", "deviceEvidence resource type" and its siblings (learn.microsoft.com).
"""

from collections.abc import Mapping, Sequence
from typing import Any

from connector.model import JSON

MOST = 200

_EVIDENCE = "#microsoft.graph.security."
_FACTS = (
    *("serviceSources", "detectionSources", "categories", "mitreTechniques", "investigationStates"),
    *("devices", "users", "mailboxes", "files", "deviceGroups"),
)


def snapshot_of(raw: Mapping[str, JSON]) -> dict[str, JSON]:
    """The incident's properties without `alerts` and `@odata.*`, and the facts if its alerts were read."""
    snapshot = {name: value for name, value in raw.items() if name != "alerts" and "@odata." not in name}
    alerts = raw.get("alerts")
    return snapshot | facts(alerts) if isinstance(alerts, list) else snapshot


def facts(alerts: Sequence[JSON]) -> dict[str, JSON]:
    """The number of alerts, and sorted lists of at most 200 different texts found in them."""
    found: dict[str, set[str]] = {fact: set() for fact in _FACTS}
    for alert in alerts:
        if isinstance(alert, dict):
            _note_alert(alert, found)
            for item in _items(alert.get("evidence")):
                if isinstance(item, dict):
                    _note_evidence(item, found)
    return {"alertCount": len(alerts), **{fact: sorted(texts)[:MOST] for fact, texts in found.items()}}


def _note_alert(alert: Mapping[str, Any], found: Mapping[str, set[str]]) -> None:
    for fact, name in _TEXTS:
        _note(alert.get(name), found[fact])
    for fact, name in _LISTS:
        value = alert.get(name)
        for text in _items(value) or (value,):
            _note(text, found[fact])


def _note_evidence(item: Mapping[str, Any], found: Mapping[str, set[str]]) -> None:
    kind = item.get("@odata.type")
    if not isinstance(kind, str):
        return
    for fact, names, within in _IN_EVIDENCE.get(kind.removeprefix(_EVIDENCE).removesuffix("Evidence"), ()):
        holder = item.get(within) if within else item
        if isinstance(holder, dict):
            _note(next((holder[name] for name in names if holder.get(name)), None), found[fact])


def _note(value: Any, texts: set[str]) -> None:
    if value and isinstance(value, str):
        texts.add(value)


def _items(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list) else ()


_TEXTS = (
    ("serviceSources", "serviceSource"),
    ("detectionSources", "detectionSource"),
    ("investigationStates", "investigationState"),
)
_LISTS = (  # lists of texts, or a text
    ("categories", "category"),
    ("categories", "categories"),
    ("mitreTechniques", "mitreTechniques"),
)
# By kind of evidence: the fact, the properties of which the first that has a value counts, and what they are within.
_IN_EVIDENCE: Mapping[str, Sequence[tuple[str, Sequence[str], str]]] = {
    "device": (("devices", ("deviceDnsName", "hostName"), ""), ("deviceGroups", ("rbacGroupName",), "")),
    "user": (("users", ("userPrincipalName", "accountName"), "userAccount"),),
    "mailbox": (("mailboxes", ("primaryAddress", "upn"), ""),),
    "file": (("files", ("fileName",), "fileDetails"),),
}
