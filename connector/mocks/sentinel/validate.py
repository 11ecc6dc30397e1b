"""What the incident API refuses: shapes, missing members, unknown words, illegal pairs, lengths.

Each check raises the 400 a caller sees. The texts for a missing title or status are quoted from users'
reports; the service's other texts are not published, so ours say plainly what is wrong.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from connector.mocks.sentinel import vocabulary
from connector.mocks.sentinel.errors import bad_request
from connector.mocks.sentinel.settings import SentinelSettings


def properties_of(body: Any) -> dict[str, Any]:
    """Return the `properties` object of a request body."""
    properties = body.get("properties") if isinstance(body, dict) else None
    if not isinstance(properties, dict):
        raise bad_request("The request content was invalid: 'properties' must be an object.")
    return properties


def check_incident(properties: Mapping[str, Any], settings: SentinelSettings) -> None:
    """Refuse an incident body the service would refuse."""
    if not _text(properties, "title").strip():
        raise bad_request("'Title' must have a non-empty value")
    for name, members in (("severity", vocabulary.SEVERITIES), ("status", vocabulary.STATUSES)):
        if not properties.get(name):
            raise bad_request(f"{name} must not be empty.")
        check_member(properties, name, members)
    if len(_text(properties, "description")) > vocabulary.DESCRIPTION_LIMIT:
        raise bad_request(f"'Description' must not exceed {vocabulary.DESCRIPTION_LIMIT} characters.")
    _text(properties, "classificationComment")
    _check_closing(properties, settings)
    _check_owner(properties.get("owner"))
    _check_labels(properties.get("labels"))
    _check_times(properties)


def check_member(properties: Mapping[str, Any], name: str, members: frozenset[str]) -> None:
    """Refuse a word outside a closed list; an absent one passes."""
    value = properties.get(name)
    if value is not None and (not isinstance(value, str) or value not in members):
        raise bad_request(f"Invalid value '{value}' for '{name}'. Allowed: {', '.join(sorted(members))}.")


def check_edit(properties: Mapping[str, Any]) -> None:
    """Raise ValueError for a portal edit that could not be stored: structured members of the wrong form."""
    labels = properties.get("labels") or []
    wrong = [n for n in ("owner", "additionalData") if not isinstance(properties.get(n) or {}, Mapping)]
    if wrong or not isinstance(labels, list):
        raise ValueError("'owner' and 'additionalData' must be objects and 'labels' an array")
    names = [label.get("labelName") if isinstance(label, Mapping) else label for label in labels]
    if not all(isinstance(name, str) and name for name in names):
        raise ValueError("'labels' must hold names or objects with a 'labelName'")


def _text(properties: Mapping[str, Any], name: str) -> str:
    value = properties.get(name)
    if value is not None and not isinstance(value, str):
        raise bad_request(f"'{name}' must be a string.")
    return value or ""


def _check_closing(properties: Mapping[str, Any], settings: SentinelSettings) -> None:
    check_member(properties, "classification", frozenset(vocabulary.REASONS))
    check_member(properties, "classificationReason", vocabulary.ALL_REASONS)
    classification, reason = properties.get("classification"), properties.get("classificationReason")
    legal = vocabulary.REASONS.get(classification or "", frozenset())
    if settings.strict_pairs and reason and reason not in legal:
        raise bad_request(
            f"classificationReason '{reason}' is not valid for classification '{classification}'."
        )
    if settings.closed_needs_classification and properties["status"] == "Closed":
        if not classification:
            raise bad_request("classification must not be empty when status is Closed.")
        if legal and not reason:
            raise bad_request(
                f"classificationReason must not be empty for classification '{classification}'."
            )


def _check_owner(owner: Any) -> None:
    if owner is None:
        return
    if not isinstance(owner, dict):
        raise bad_request("'owner' must be an object.")
    for value in owner.values():
        if value is not None and not isinstance(value, str):
            raise bad_request("The members of 'owner' must be strings.")
    if owner.get("objectId"):
        try:
            UUID(owner["objectId"])
        except ValueError:
            raise bad_request(f"'{owner['objectId']}' is not a valid objectId.") from None


def _check_labels(labels: Any) -> None:
    if labels is None:
        return
    if not isinstance(labels, list):
        raise bad_request("'labels' must be an array.")
    for label in labels:
        name = label.get("labelName") if isinstance(label, dict) else None
        if not isinstance(name, str) or not name:
            raise bad_request("Every label must have a non-empty 'labelName'.")


def _check_times(properties: Mapping[str, Any]) -> None:
    for name in ("firstActivityTimeUtc", "lastActivityTimeUtc"):
        value = properties.get(name)
        try:
            if value is not None and datetime.fromisoformat(value).tzinfo is None:
                raise bad_request(f"'{name}' must name its time zone.")
        except (TypeError, ValueError):
            raise bad_request(f"'{name}' is not a valid date-time.") from None
