"""Bodies by API version: the newest shape is stored, older ones leave out what they did not have.

Source: the 2021-10-01, 2022-12-01-preview and 2024-09-01 definitions. Versions between them are treated
like the nearest older one of their kind, because only these three were compared.
"""

import json
import re
from typing import Any, Final, Literal

from connector.mocks.sentinel.errors import ArmError
from connector.mocks.sentinel.records import Child, JsonObject, StoredIncident, utc_text

Shape = Literal["first", "stable", "preview"]

_VERSION: Final = re.compile(r"\d{4}-\d{2}-\d{2}(-preview)?", re.IGNORECASE)
_PROVIDER_FIELDS_SINCE: Final = "2022-12-01"


def shape_of(version: str | None) -> Shape:
    """Return the body shape of an `api-version`; raise `ArmError` 400 when it is missing or malformed."""
    if not version:
        raise ArmError(
            400,
            "MissingApiVersionParameter",
            "The api-version query parameter (?api-version=) is required for all requests.",
        )
    if not _VERSION.fullmatch(version):
        raise ArmError(
            400, "InvalidApiVersionParameter", f"The api-version '{version}' is invalid. Use 2024-09-01."
        )
    if version[:10] < _PROVIDER_FIELDS_SINCE:
        return "first"
    return "preview" if version.lower().endswith("-preview") else "stable"


def incident_bytes(incident: StoredIncident, shape: Shape, base: str) -> bytes:
    """Return the incident's JSON, built once per change and shape."""
    view = incident.views.get(shape)
    if view is None:
        view = json.dumps(incident_body(incident, shape, base)).encode()
        incident.views[shape] = view
    return view


def incident_body(incident: StoredIncident, shape: Shape, base: str) -> JsonObject:
    """Return the incident in the shape of an API version; `base` is `Workspace.base`."""
    return {
        "id": f"{base}/Incidents/{incident.name}",
        "name": incident.name,
        "etag": incident.etag,
        "type": "Microsoft.SecurityInsights/Incidents",
        "properties": _properties(incident, shape, base),
    }


def child_body(incident: StoredIncident, child: Child, base: str) -> JsonObject:
    """Return a comment, task or relation with its envelope."""
    return {
        "id": f"{base}/Incidents/{incident.name}/{child.kind.capitalize()}/{child.name}",
        "name": child.name,
        "etag": child.etag,
        "type": f"Microsoft.SecurityInsights/Incidents/{child.kind}",
        "properties": child.properties,
    }


def _properties(incident: StoredIncident, shape: Shape, base: str) -> JsonObject:
    properties = {
        name: value
        for name, value in incident.properties.items()
        if value is not None and not (shape == "first" and name in {"providerName", "providerIncidentId"})
    }
    if shape != "preview":
        properties.pop("teamInformation", None)
    properties["owner"] = _without(incident.properties["owner"], {"ownerType"} if shape == "first" else set())
    properties["additionalData"] = _additional_data(incident, shape)
    properties["createdTimeUtc"] = utc_text(incident.created)
    properties["lastModifiedTimeUtc"] = utc_text(incident.modified)
    properties["incidentNumber"] = incident.number
    properties["incidentUrl"] = (
        f"https://portal.azure.com/#asset/Microsoft_Azure_Security_Insights/Incident{base}/Incidents/{incident.name}"
    )
    return properties


def _additional_data(incident: StoredIncident, shape: Shape) -> JsonObject:
    hidden = {"first": {"techniques", "providerIncidentUrl"}, "stable": {"techniques"}, "preview": set[str]()}
    data = _without(incident.properties["additionalData"], hidden[shape])
    return {**data, "commentsCount": len(incident.children["comments"])}


def _without(members: dict[str, Any], hidden: set[str]) -> JsonObject:
    return {name: value for name, value in members.items() if name not in hidden}
