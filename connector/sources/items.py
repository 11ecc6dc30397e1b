"""One row of an answer becomes an incident, or is set aside with the reason; never is a page lost for a row.

The type of every documented property is checked, because mappings rely on them; values are not, because
vendors add words. Unknown properties are kept. What says nothing is no reason to hold an incident back: nulls in a
list go, and a priority score that is no whole number is none. Page: "incident resource type" (learn.microsoft.com).
"""

import re
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from connector.model import JSON, Incident, IncidentKey, Revision, SetAside, digest
from connector.sources.cleaning import cleaned
from connector.sources.facts import snapshot_of

_LISTS = ("customTags", "systemTags", "comments")
_SCORE = "priorityScore"
_WHOLE = re.compile(r"\s*(-?\d{1,9})(?:\.0+)?\s*")


class _Comment(BaseModel):
    model_config = ConfigDict(extra="allow", strict=True)

    comment: str | None = None
    createdByDisplayName: str | None = None  # noqa: N815  # the vendor's name
    createdDateTime: str | None = None  # noqa: N815  # the vendor's name


class _Incident(BaseModel):
    """The documented properties and their types; only the first two must be there."""

    model_config = ConfigDict(extra="allow", strict=True)

    id: str = Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")
    lastUpdateDateTime: str  # noqa: N815  # the vendor's name
    tenantId: str | None = None  # noqa: N815  # the vendor's name
    status: str | None = None
    severity: str | None = None
    classification: str | None = None
    determination: str | None = None
    assignedTo: str | None = None  # noqa: N815  # the vendor's name
    displayName: str | None = None  # noqa: N815  # the vendor's name
    description: str | None = None
    summary: str | None = None
    resolvingComment: str | None = None  # noqa: N815  # the vendor's name
    customTags: list[str] | None = None  # noqa: N815  # the vendor's name
    systemTags: list[str] | None = None  # noqa: N815  # the vendor's name
    comments: list[_Comment] | None = None
    createdDateTime: str | None = None  # noqa: N815  # the vendor's name
    lastModifiedBy: str | None = None  # noqa: N815  # the vendor's name
    priorityScore: int | None = None  # noqa: N815  # the vendor's name
    redirectIncidentId: str | None = None  # noqa: N815  # the vendor's name
    incidentWebUrl: str | None = None  # noqa: N815  # the vendor's name


def read_item(raw: JSON, tenant: str) -> Incident | SetAside:
    """The incident in a row of an answer, or why it cannot be taken."""
    if not isinstance(raw, dict):
        return SetAside(_nameless(raw), "the row is not an object")
    alerts = raw.get("alerts")
    if alerts is not None and not isinstance(alerts, list):
        return _set_aside(raw, "alerts: not a list")
    snapshot, repaired = cleaned(snapshot_of(raw))
    eased = _eased(snapshot)
    snapshot, repaired = snapshot | eased, (*repaired, *(f"$.{name}" for name in eased))
    try:
        item = _Incident.model_validate(snapshot)
        revision = Revision.parse(item.lastUpdateDateTime)
    except ValidationError as error:
        return _set_aside(raw, _first_reason(error))
    except (ValueError, OverflowError):
        return _set_aside(raw, "lastUpdateDateTime: not a time")
    return Incident(IncidentKey(tenant, item.id), revision, snapshot, digest(snapshot), repaired)


def _eased(snapshot: Mapping[str, JSON]) -> dict[str, JSON]:
    """The properties of which only the form was wrong, in the right one."""
    eased: dict[str, JSON] = {}
    for name in _LISTS:
        items = snapshot.get(name)
        if isinstance(items, list) and None in items:
            eased[name] = [item for item in items if item is not None]
    score = snapshot.get(_SCORE)
    if score is not None and (not isinstance(score, int) or isinstance(score, bool)):
        whole = _WHOLE.fullmatch(score) if isinstance(score, str) else None
        eased[_SCORE] = int(whole[1]) if whole else None
    return eased


def revision_of(raw: JSON) -> Revision | None:
    """The revision of a row, None if it names none."""
    text = raw.get("lastUpdateDateTime") if isinstance(raw, dict) else None
    try:
        return Revision.parse(text) if isinstance(text, str) else None
    except (ValueError, OverflowError):
        return None


def id_of(raw: JSON) -> str:
    """The id of a row, empty if it has none that could be used in an address."""
    value = raw.get("id") if isinstance(raw, dict) else None
    return value if isinstance(value, str) and is_id(value) else ""


def is_id(text: str) -> bool:
    """Whether a text can be an incident's id: it goes into an address."""
    return 0 < len(text) <= 64 and text.isascii() and text.replace("-", "").replace("_", "").isalnum()


def _set_aside(raw: dict[str, Any], reason: str) -> SetAside:
    revision = revision_of(raw)
    return SetAside(id_of(raw) or _nameless(raw), reason, revision.raw if revision else "")


def _nameless(raw: JSON) -> str:
    """A stand-in for a missing id, the same whenever the same row is read."""
    return f"(no id, {digest(cleaned(raw)[0])[:12]})"


def _first_reason(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    place = ".".join(str(part) for part in first["loc"])
    return f"{place}: {first['msg'].lower()}"
