"""What the API accepts in a request body, checked before anything changes.

A member that is unknown, read-only or of the wrong type is a 400, so that a client's misspelling shows.
Where no public source says what the service does (an illegal pair, a customer sending awaitingAction)
the mock refuses. Pages: "Update incident", "Create comment for incident", "incident: mergeIncidents"
(learn.microsoft.com).
"""

import json
from collections.abc import Mapping
from typing import Any

from connector.mocks.graph.errors import GraphError, bad_request
from connector.mocks.graph.settings import GraphSettings
from connector.mocks.graph.store import Entry
from connector.mocks.graph.words import (
    ENUMS,
    LEGAL_PAIRS,
    PROPERTIES,
    RETIRED_DETERMINATIONS,
    WRITABLE,
    member,
)

MAX_COMMENT = 30_000
_API_STATUSES = ("active", "inProgress", "resolved")
_ALWAYS_WRITABLE = {"assignedTo", "classification", "customTags", "determination", "status"}


def read_body(body: bytes) -> dict[str, Any]:
    """Return a JSON object; raise a 400 GraphError for anything else."""
    try:
        value = json.loads(body)
    except ValueError as error:
        raise bad_request(f"Unable to read JSON request payload: {error}") from error
    if not isinstance(value, dict):
        raise bad_request("Unable to read JSON request payload: an object is needed.")
    return {name: item for name, item in value.items() if not name.startswith("@odata.")}


def checked_patch(entry: Entry, body: Mapping[str, Any], settings: GraphSettings) -> dict[str, Any]:
    """Return the values to store for a PATCH body; raise a 400 GraphError for what is refused."""
    values = {name: _checked(name, value, settings) for name, value in body.items()}
    values |= _checked_pair(entry, values, settings)
    if entry.incident["status"] == "redirected":
        values.pop("status", None)  # a merged incident takes updates and stays redirected
    return values


def checked_comment(body: Mapping[str, Any]) -> str:
    """Return the text of a comment request; raise a 400 GraphError when it is missing or too long."""
    text = body.get("comment")
    if not isinstance(text, str) or not text.strip() or set(body) != {"comment"}:
        raise bad_request("A comment request holds a 'comment' that is not empty, and nothing else.")
    if len(text) > MAX_COMMENT:
        raise bad_request(f"A comment is limited to {MAX_COMMENT} characters.")
    return text


def checked_merge(body: Mapping[str, Any]) -> tuple[list[str], str | None]:
    """Return the ids and the comment of a merge request; raise a 400 GraphError for anything else."""
    ids, comment = body.get("incidentIds"), body.get("incidentComment")
    unknown = set(body) - {"incidentIds", "incidentComment", "mergeReasons"}
    if unknown or not isinstance(ids, list) or not all(isinstance(item, str) for item in ids):
        raise bad_request("A merge request holds 'incidentIds', 'incidentComment' and 'mergeReasons'.")
    if not 2 <= len(set(ids)) <= 5:
        raise bad_request("Between two and five incidents are merged at a time.")
    if comment is not None and not isinstance(comment, str):
        raise bad_request("'incidentComment' is a text.")
    return ids, comment


def _checked(name: str, value: Any, settings: GraphSettings) -> Any:
    writable = WRITABLE if settings.portal_fields else _ALWAYS_WRITABLE
    if name not in writable:
        what = "is read-only" if name in PROPERTIES else "does not exist on type 'incident'"
        raise bad_request(f"The property '{name}' {what}.")
    if name in ENUMS:
        return _checked_member(name, value)
    if name == "customTags":
        if value is None:
            return []
        if not isinstance(value, list) or not all(isinstance(tag, str) for tag in value):
            raise _wrong_type(name)
        return list(dict.fromkeys(value))
    if value is not None and not isinstance(value, str):
        raise _wrong_type(name)
    return value


def _checked_member(name: str, value: Any) -> str:
    if value is None and name in ("classification", "determination"):
        return "unknown"
    known = member(name, value) if isinstance(value, str) else None
    retired = name == "determination" and known in RETIRED_DETERMINATIONS
    forbidden = name == "status" and known not in _API_STATUSES
    if known is None or retired or forbidden:
        raise bad_request(f"The value '{value}' is not accepted for '{name}'.")
    return known


def _checked_pair(entry: Entry, values: Mapping[str, Any], settings: GraphSettings) -> dict[str, str]:
    """A new classification without a determination drops one that no longer belongs (an assumption)."""
    if not {"classification", "determination"} & set(values):
        return {}
    classification = values.get("classification", entry.incident["classification"])
    determination = values.get("determination", entry.incident["determination"])
    if determination in LEGAL_PAIRS.get(classification, ()) or not settings.strict_pairs:
        return {}
    if "determination" not in values:
        return {"determination": "unknown"}
    raise bad_request(f"The determination '{determination}' does not belong to '{classification}'.")


def _wrong_type(name: str) -> GraphError:
    return bad_request(f"The value of '{name}' has the wrong type.")
