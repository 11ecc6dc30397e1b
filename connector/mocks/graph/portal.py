"""What people and services do to incidents outside the API: may touch anything, and says what it cannot do.

Values are checked so that a slip in a demonstration is answered with a remedy. What no healthy service
would send goes through `overrides`, `omit` and `raw`, which change only what is served.
"""

from collections.abc import Mapping
from typing import Any

from connector.mocks.graph.changes import CREATED_BY, Changes
from connector.mocks.graph.store import Entry, IncidentStore
from connector.mocks.graph.times import parse_ticks
from connector.mocks.graph.words import ENUMS, PROPERTIES, TIMES, member

_TEXT_LISTS = {"customTags", "omit", "systemTags"}
_OBJECT_LISTS = {"alerts", "comments", "recommendedHuntingQueries"}
_FIXED = {"id", "tenantId"}
_SERVING = {"overrides", "omit", "raw"}


class PortalError(ValueError):
    """A portal action that cannot be done; `remedy` says what would work."""

    def __init__(self, what: str, remedy: str) -> None:
        super().__init__(what)
        self.remedy = remedy


class Portal:
    """Changes by name of the incident; every method raises PortalError for what it cannot do."""

    def __init__(self, store: IncidentStore, changes: Changes) -> None:
        self._store = store
        self._changes = changes

    def get(self, incident_id: str) -> dict[str, Any]:
        """Return the stored form with its alerts, and what is served in its place, if anything."""
        entry = self._entry(incident_id)
        served = {"overrides": entry.overrides, "omit": list(entry.omit), "raw": entry.raw}
        return {**entry.incident, "alerts": entry.alerts, **{n: v for n, v in served.items() if v}}

    def create(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Add an incident; `id` is optional (decimal digits) and `alerts` may hold partial alerts."""
        wanted = dict(values)
        incident_id = wanted.pop("id", None)
        if incident_id is not None:
            self._check_free(incident_id)
        serving = {name: wanted.pop(name) for name in list(wanted) if name in _SERVING}
        plain = self._checked(wanted)
        alerts = plain.pop("alerts", [])
        entry = self._changes.create({**plain, **({"id": incident_id} if incident_id else {})}, alerts)
        if serving:
            kept = {name: entry.incident[name] for name in TIMES}
            self._changes.set(entry, {**self._checked(serving), **kept}, CREATED_BY)
        return self.get(entry.incident["id"])

    def set(self, incident_id: str, values: Mapping[str, Any], by: str) -> dict[str, Any]:
        """Change any property, `alerts`, `overrides`, `omit` or `raw`, and return the stored form.

        `lastUpdateDateTime` becomes the present unless it is given, and so does `lastModifiedBy` with `by`.
        """
        self._changes.set(self._entry(incident_id), self._checked(values), by)
        return self.get(incident_id)

    def comment(self, incident_id: str, text: Any, by: str) -> dict[str, Any]:
        """Append a comment by a named author and return the stored form."""
        if not isinstance(text, str) or not text:
            raise PortalError("'text' is missing", "send {'text': '...'}")
        self._changes.comment(self._entry(incident_id), text, by)
        return self.get(incident_id)

    def add_alert(self, incident_id: str, values: Mapping[str, Any], by: str) -> dict[str, Any]:
        """Attach an alert; properties that are not given get ordinary values."""
        self._changes.add_alert(self._entry(incident_id), values, by)
        return self.get(incident_id)

    def merge(self, incident_id: str, into: str, by: str) -> dict[str, Any]:
        """Redirect one incident into another and return the one that remains."""
        self._changes.merge(self._entry(incident_id), self._entry(into), by)
        return self.get(into)

    def _entry(self, incident_id: str) -> Entry:
        entry = self._store.get(incident_id)
        if entry is None:
            raise PortalError(f"there is no incident {incident_id!r}", "list the ids with GET /incidents")
        return entry

    def _check_free(self, incident_id: Any) -> None:
        if not isinstance(incident_id, str) or not (incident_id.isascii() and incident_id.isdigit()):
            raise PortalError("'id' is not decimal digits in a string", 'leave it out, or send "123"')
        if self._store.get(str(int(incident_id))) is not None or str(int(incident_id)) != incident_id:
            raise PortalError(f"id {incident_id} is taken or not a plain number", "leave it out")

    def _checked(self, values: Mapping[str, Any]) -> dict[str, Any]:
        return {name: _checked_value(name, value) for name, value in values.items()}


def _checked_value(name: str, value: Any) -> Any:
    if name in _FIXED or name not in PROPERTIES | _SERVING:
        remedy = "send a property of an incident; other members can be served through 'overrides'"
        raise PortalError(f"{name!r} cannot be set", remedy)
    if name in ENUMS:
        known = member(name, value) if isinstance(value, str) else None
        if known is None:
            remedy = f"send one of {', '.join(ENUMS[name])}, or serve another word through 'overrides'"
            raise PortalError(f"{value!r} is no {name}", remedy)
        return known
    if name in TIMES:
        return _checked_time(name, value)
    if not _fits(name, value):
        raise PortalError(f"{name!r} has the wrong type", "serve wrong types through 'overrides'")
    return value


def _fits(name: str, value: Any) -> bool:
    if name in _TEXT_LISTS | _OBJECT_LISTS:
        item = str if name in _TEXT_LISTS else dict
        return isinstance(value, list) and all(isinstance(each, item) for each in value)
    kind = {"overrides": dict, "priorityScore": int}.get(name, str)
    return value is None or isinstance(value, kind)


def _checked_time(name: str, value: Any) -> str:
    try:
        parse_ticks(str(value))
    except ValueError as error:
        remedy = "send e.g. 2026-01-31T10:00:00.23Z, or serve another value through 'overrides'"
        raise PortalError(f"{name!r}: {error}", remedy) from error
    return str(value)
