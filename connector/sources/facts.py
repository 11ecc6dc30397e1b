"""What a mapping may ask about an incident's alerts, worked out once: a snapshot then needs no raw alerts.

Alerts and evidence are large, differ by product and hold what one reader needs not; the lists below are what
routing and wording use. Every value comes from outside, so anything of an unexpected shape is passed over.
Pages: "alert resource type", "deviceEvidence resource type" and its siblings (learn.microsoft.com).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from connector.model import JSON

MOST = 200

_Finder = Callable[[Mapping[str, Any]], Iterable[Any]]
_EVIDENCE = "#microsoft.graph.security."


def snapshot_of(raw: Mapping[str, JSON]) -> dict[str, JSON]:
    """The incident's properties without `alerts` and `@odata.*`, and the facts if its alerts were read."""
    snapshot = {name: value for name, value in raw.items() if name != "alerts" and "@odata." not in name}
    alerts = raw.get("alerts")
    return snapshot | facts(alerts) if isinstance(alerts, list) else snapshot


def facts(alerts: Sequence[JSON]) -> dict[str, JSON]:
    """The number of alerts, and sorted lists of at most 200 different texts found in them."""
    readable = [alert for alert in alerts if isinstance(alert, dict)]
    found: dict[str, JSON] = {"alertCount": len(alerts)}
    for name, values in _IN_ALERTS.items():
        found[name] = _texts(value for alert in readable for value in values(alert))
    evidence = [item for alert in readable for item in _evidence(alert)]
    for name, values in _IN_EVIDENCE.items():
        found[name] = _texts(value for item in evidence for value in values(item))
    return found


def _texts(values: Iterable[Any]) -> list[str]:
    return sorted({value for value in values if isinstance(value, str) and value})[:MOST]


def _evidence(alert: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    items = alert.get("evidence")
    return (item for item in items if isinstance(item, dict)) if isinstance(items, list) else iter(())


def _member(name: str) -> _Finder:
    return lambda item: (item.get(name),)


def _members(*names: str) -> _Finder:
    """Values of properties that are lists of texts, or a text."""

    def find(item: Mapping[str, Any]) -> Iterator[Any]:
        for name in names:
            value = item.get(name)
            yield from value if isinstance(value, list) else (value,)

    return find


def _first(names: Sequence[str], kinds: Sequence[str], within: str = "") -> _Finder:
    """In evidence of these kinds, the first of `names` that has a value, perhaps inside `within`."""

    def find(item: Mapping[str, Any]) -> Iterator[Any]:
        kind = item.get("@odata.type")
        if not isinstance(kind, str) or kind.removeprefix(_EVIDENCE).removesuffix("Evidence") not in kinds:
            return
        holder = item.get(within) if within else item
        if isinstance(holder, dict):
            yield next((holder[name] for name in names if holder.get(name)), None)

    return find


_IN_ALERTS: Mapping[str, _Finder] = {
    "serviceSources": _member("serviceSource"),
    "detectionSources": _member("detectionSource"),
    "categories": _members("category", "categories"),
    "mitreTechniques": _members("mitreTechniques"),
    "investigationStates": _member("investigationState"),
}
_IN_EVIDENCE: Mapping[str, _Finder] = {
    "devices": _first(("deviceDnsName", "hostName"), ("device",)),
    "users": _first(("userPrincipalName", "accountName"), ("user",), within="userAccount"),
    "mailboxes": _first(("primaryAddress", "upn"), ("mailbox",)),
    "files": _first(("fileName",), ("file",), within="fileDetails"),
    "deviceGroups": _first(("rbacGroupName",), ("device",)),
}
