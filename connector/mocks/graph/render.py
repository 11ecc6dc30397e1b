"""An entry as JSON, in the form a given caller gets to see.

Four things decide the form: the API version, whether new enum members are withheld, whether alerts are
expanded, and `$select`. Texts without `$select` are kept with the entry until it changes.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from connector.mocks.graph.store import Entry
from connector.mocks.graph.words import (
    BETA_ONLY,
    SENTINEL,
    WITHHELD_DETECTION_SOURCES,
    WITHHELD_REMEDIATION_STATUSES,
    WITHHELD_SERVICE_SOURCES,
    WITHHELD_STATUSES,
)


@dataclass(frozen=True)
class View:
    """How one caller sees incidents: `version` is v1.0 or beta, `selected` the members asked for or None."""

    version: str = "v1.0"
    withhold: bool = True
    expand: bool = False
    selected: tuple[str, ...] | None = None


def entry_json(entry: Entry, view: View) -> bytes:
    """Return the entry's JSON object as bytes; a `raw` text is returned whatever the view."""
    if entry.raw is not None:
        return encoded(entry.raw)
    key = view if view.selected is None else None
    kept = entry.texts.get(key) if key is not None else None
    if kept is None:
        kept = dumped(entry_members(entry, view))
        if key is not None:
            entry.texts[key] = kept
    return kept


def entry_members(entry: Entry, view: View) -> dict[str, Any]:
    """Return the members of the entry's JSON object."""
    shown = {
        name: value
        for name, value in entry.incident.items()
        if view.version == "beta" or name not in BETA_ONLY
    }
    if view.withhold and shown.get("status") in WITHHELD_STATUSES:
        shown["status"] = SENTINEL
    if view.selected is not None:
        shown = {name: value for name, value in shown.items() if name in view.selected}
    if view.expand:
        shown["alerts"] = [alert_members(alert, view) for alert in entry.alerts]
    shown.update(entry.overrides)
    return {name: value for name, value in shown.items() if name not in entry.omit}


def alert_members(alert: Mapping[str, Any], view: View) -> dict[str, Any]:
    """Return the members of an alert's JSON object."""
    shown = {"@odata.type": "#microsoft.graph.security.alert", **alert}
    if not view.withhold:
        return shown
    if shown.get("serviceSource") in WITHHELD_SERVICE_SOURCES:
        shown["serviceSource"] = SENTINEL
    if shown.get("detectionSource") in WITHHELD_DETECTION_SOURCES:
        shown["detectionSource"] = SENTINEL
    shown["evidence"] = [_evidence(item) for item in alert.get("evidence") or ()]
    return shown


def dumped(value: object) -> bytes:
    """Return compact JSON in UTF-8, lone surrogates as escapes."""
    return encoded(json.dumps(value, ensure_ascii=False, separators=(",", ":")))


def encoded(text: str) -> bytes:
    """Return JSON text in UTF-8; a lone surrogate, which UTF-8 cannot hold, becomes its JSON escape."""
    return text.encode("utf-8", "backslashreplace")


def _evidence(item: Mapping[str, Any]) -> Mapping[str, Any]:
    if item.get("remediationStatus") in WITHHELD_REMEDIATION_STATUSES:
        return {**item, "remediationStatus": SENTINEL}
    return item
