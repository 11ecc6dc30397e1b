"""Comments, tasks and relations of an incident.

Each write bumps the incident's own version too: reports of the service show conflicts between comment and
incident writers, and the number of comments is part of the incident's body. Sources: the 2024-09-01
definitions, "Sentinel service limits", "Investigate incidents" (who may edit a comment).
"""

from collections.abc import Mapping
from typing import Any, Final

from connector.mocks.sentinel import vocabulary
from connector.mocks.sentinel.directory import Directory, author
from connector.mocks.sentinel.errors import ArmError, bad_request, not_found, stale
from connector.mocks.sentinel.journal import Actor, Deed
from connector.mocks.sentinel.records import Child, ChildKind, JsonObject, StoredIncident, utc_text
from connector.mocks.sentinel.settings import SentinelSettings
from connector.mocks.sentinel.store import IncidentStore
from connector.mocks.sentinel.validate import check_member

_NOUNS: Final[dict[ChildKind, str]] = {"comments": "Comment", "tasks": "Task", "relations": "Relation"}


class Children:
    """Writes the children of a store's incidents under the rules of `settings`."""

    def __init__(self, store: IncidentStore, settings: SentinelSettings, directory: Directory) -> None:
        self._store = store
        self._settings = settings
        self._directory = directory

    def require(self, incident: StoredIncident, kind: ChildKind, name: str) -> Child:
        """Return a child by name in any case; raise `ArmError` 404."""
        child = incident.children[kind].get(name.lower())
        if child is None:
            raise not_found(f"{_NOUNS[kind]} '{name}' was not found.")
        return child

    def put(
        self, incident: StoredIncident, kind: ChildKind, name: str, body: Mapping[str, Any], actor: Actor
    ) -> tuple[Child, bool]:
        """Create or replace a child; return it and whether it is new. Raise `ArmError` for a refusal."""
        given = body["properties"]
        held = incident.children[kind].get(name.lower())
        if held is not None and body.get("etag") and body["etag"] != held.etag:
            raise stale(name)
        who = self._author(actor)
        if kind == "comments":
            properties = self._comment(incident, held, given, who)
        elif kind == "tasks":
            properties = self._task(incident, held, given, who)
        else:
            properties = _relation(given)
        child = Child(kind, held.name if held else name, self._store.new_etag(), properties)
        incident.children[kind][name.lower()] = child
        deed: Deed = "commented" if kind == "comments" and held is None else "child_written"
        self._store.touch(incident, actor, deed, {kind: {"name": child.name, **properties}})
        return child, held is None

    def delete(self, incident: StoredIncident, kind: ChildKind, name: str, actor: Actor) -> bool:
        """Remove a child; return whether it was there."""
        child = incident.children[kind].pop(name.lower(), None)
        if child is not None:
            self._store.touch(incident, actor, "child_deleted", {kind: {"name": child.name}})
        return child is not None

    def _comment(
        self, incident: StoredIncident, held: Child | None, given: Mapping[str, Any], who: JsonObject
    ) -> JsonObject:
        message = given.get("message")
        if not isinstance(message, str) or not message:
            raise bad_request("message must not be empty.")
        if len(message) > vocabulary.COMMENT_TEXT_LIMIT:
            raise bad_request(f"A comment must not exceed {vocabulary.COMMENT_TEXT_LIMIT} characters.")
        now = utc_text(self._store.clock.now())
        if held is None:
            _check_room(incident, "comments", self._settings.comment_limit)
            return {"message": message, "createdTimeUtc": now, "lastModifiedTimeUtc": now, "author": who}
        if self._settings.comment_author_only and held.properties["author"] != who:
            raise ArmError(403, "Forbidden", "Only the author of a comment may edit it.")
        return {**held.properties, "message": message, "lastModifiedTimeUtc": now}

    def _task(
        self, incident: StoredIncident, held: Child | None, given: Mapping[str, Any], who: JsonObject
    ) -> JsonObject:
        for name in ("title", "status"):
            if not given.get(name):
                raise bad_request(f"{name} must not be empty.")
        check_member(given, "status", vocabulary.TASK_STATUSES)
        self._check_lengths(given)
        now = utc_text(self._store.clock.now())
        if held is None:
            _check_room(incident, "tasks", self._settings.task_limit)
        first = held.properties if held else {"createdTimeUtc": now, "createdBy": who}
        return {
            "title": given["title"],
            "description": given.get("description"),
            "status": given["status"],
            "createdTimeUtc": first["createdTimeUtc"],
            "lastModifiedTimeUtc": now,
            "createdBy": first["createdBy"],
            "lastModifiedBy": who,
        }

    def _check_lengths(self, given: Mapping[str, Any]) -> None:
        limits = {"title": self._settings.task_title_limit, "description": self._settings.task_text_limit}
        for name, limit in limits.items():
            if len(str(given.get(name) or "")) > limit:
                raise bad_request(f"{name} must not exceed {limit} characters.")

    def _author(self, actor: Actor) -> JsonObject:
        if actor.object_id is None:
            return self._directory.author_for(actor.name)
        return author(actor.name, actor.object_id)


def _relation(given: Mapping[str, Any]) -> JsonObject:
    target = given.get("relatedResourceId")
    if not isinstance(target, str) or not target:
        raise bad_request("relatedResourceId must not be empty.")
    kind, _, name = target.rpartition("/")
    resource_type = kind.rpartition("/")[2]
    return {
        "relatedResourceId": target,
        "relatedResourceName": name,
        "relatedResourceType": f"Microsoft.SecurityInsights/{resource_type}",
    }


def _check_room(incident: StoredIncident, kind: ChildKind, limit: int) -> None:
    if len(incident.children[kind]) >= limit:
        raise bad_request(f"An incident must not have more than {limit} {kind}.")
