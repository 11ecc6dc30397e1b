"""The Sentinel mock: the ARM incident API over a workspace in memory, and the hands of people and Microsoft.

A single catch-all route with an own address parser, because ARM ids are matched without regard to case,
which Starlette's routes are not. What a person or Microsoft's synchronisation does is a method here, never
a request, so that the request log and the journal tell the connector's writes from everybody else's.
"""

from collections.abc import Mapping
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from connector.mocks.kernel import Authorize, Clock
from connector.mocks.sentinel import shapes
from connector.mocks.sentinel.access import caller, check_role
from connector.mocks.sentinel.address import Workspace, parse_address
from connector.mocks.sentinel.call import Answer, Call, correlation, json_answer, options_of
from connector.mocks.sentinel.children import Children
from connector.mocks.sentinel.directory import Directory
from connector.mocks.sentinel.errors import ArmError
from connector.mocks.sentinel.journal import Actor, Hand, Journal
from connector.mocks.sentinel.operations import ACTIONS, Operations
from connector.mocks.sentinel.permissions import permissions_at
from connector.mocks.sentinel.records import JsonObject, StoredIncident, utc_text
from connector.mocks.sentinel.settings import SentinelSettings
from connector.mocks.sentinel.store import IncidentStore
from connector.mocks.sentinel.throttle import Operation, Throttle
from connector.mocks.sentinel.validate import check_edit
from connector.mocks.sentinel.writing import edited_properties

_METHODS = ("GET", "PUT", "POST", "DELETE", "PATCH")


class SentinelMock:
    """A Sentinel workspace. `authorize` decides who may call; `settings` may be changed at any time."""

    def __init__(
        self,
        clock: Clock,
        *,
        authorize: Authorize,
        subscription_id: str,
        resource_group: str,
        workspace: str,
        tenant_id: str,
        seed: int = 0,
    ) -> None:
        self.settings = SentinelSettings()
        self.directory = Directory()
        self.tenant_id = tenant_id
        self._clock = clock
        self._authorize = authorize
        self._workspace = Workspace(subscription_id, resource_group, workspace)
        self._seed = seed
        self.reset()
        self.app: ASGIApp = Starlette(routes=[Route("/{path:path}", self._serve, methods=list(_METHODS))])

    def reset(self) -> None:
        """Empty the workspace and its journal; settings and people stay."""
        self._store = IncidentStore(self._clock, self._seed)
        self._children = Children(self._store, self.settings, self.directory)
        self._throttle = Throttle(self.settings)
        self._operations = Operations(self._store, self.settings, self.directory, self._workspace.base)

    @property
    def journal(self) -> Journal:
        """Return who changed what, oldest first."""
        return self._store.journal

    def contents(self) -> dict[str, Any]:
        """Return everything the workspace holds, in the newest shape, and the journal."""
        return {
            "incidents": [self._body(incident) for incident in self._store],
            "comments": self._child_bodies("comments"),
            "tasks": self._child_bodies("tasks"),
            "changes": [change.as_json() for change in self.journal.since(0)],
        }

    def incident(self, name: str) -> JsonObject:
        """Return one incident in the newest shape; raise KeyError when there is none of that name."""
        return self._body(self._held(name))

    def holds(self, name: str) -> bool:
        """Return whether there is an incident of that name."""
        return self._store.find(name) is not None

    def edit(self, name: str, properties: Mapping[str, Any], by: str = "Alex Wilber") -> JsonObject:
        """Change any properties as a person in the portal; labels may be plain names.

        Raise KeyError for an unknown name and ValueError for an owner or labels of the wrong form.
        """
        incident = self._held(name)
        check_edit(properties)
        after = edited_properties(incident.properties, properties, self.directory)
        self._store.commit(incident, after, Actor("person", by))
        return self._body(incident)

    def comment(self, name: str, text: str, by: str, hand: Hand = "person") -> JsonObject:
        """Add a comment as a person, or as Microsoft.

        Raise KeyError for an unknown name and ValueError where the service would refuse the comment.
        """
        incident, body = self._held(name), {"properties": {"message": text}}
        try:
            child, _ = self._children.put(incident, "comments", self._store.new_name(), body, Actor(hand, by))
        except ArmError as refusal:
            raise ValueError(refusal.message) from refusal
        return shapes.child_body(incident, child, self._workspace.base)

    def edit_task(self, name: str, task: str, properties: Mapping[str, Any], by: str = "Alex Wilber") -> None:
        """Change a task as a person. Raise KeyError for an unknown incident and ArmError for an unknown task."""
        incident = self._held(name)
        held = self._children.require(incident, "tasks", task)
        body = {"properties": {**held.properties, **properties}}
        self._children.put(incident, "tasks", task, body, Actor("person", by))

    def delete(self, name: str, by: str = "Alex Wilber") -> None:
        """Delete an incident as a person. Raise KeyError for an unknown name."""
        self._store.delete(self._held(name), Actor("person", by))

    def upsert_from_provider(self, provider_incident_id: str, properties: Mapping[str, Any]) -> str:
        """Create or change a Defender incident's twin as Microsoft's synchronisation; return its name.

        Nothing happens, not even a new etag, when every property already has the given value.
        """
        incident = self._store.by_provider_id(provider_incident_id)
        is_new = incident is None
        if incident is None:
            incident = self._store.blank(self._store.new_name(), provider_incident_id)
        after = edited_properties(incident.properties, properties, self.directory)
        if is_new or after != incident.properties:
            self._store.commit(incident, after, Actor("microsoft", "Microsoft Defender XDR"))
        return incident.name

    async def _serve(self, request: Request) -> Response:
        content = await request.body()
        headers = correlation(request.headers, utc_text(self._clock.now()))
        try:
            answer = self._answer(request, content, headers)
        except ArmError as refusal:
            answer = json_answer(refusal.status, refusal.body())
            headers |= refusal.headers
        media_type = "application/json; charset=utf-8" if answer.content else None
        return Response(answer.content, answer.status, headers, media_type)

    def _answer(self, request: Request, content: bytes, headers: dict[str, str]) -> Answer:
        raw_path = request.scope.get("raw_path", request.scope["path"].encode()).decode("ascii", "replace")
        grant = caller(self._authorize, request.headers.get("authorization"), self.tenant_id, raw_path)
        path = raw_path.partition("?")[0]
        permissions = permissions_at(request.method, path, self._workspace, self.settings, grant.object_id)
        if permissions is not None:
            return permissions
        options = options_of(request)
        shape = shapes.shape_of(options.get("api-version"))
        address = parse_address(path, self._workspace)
        noun = f"incidents/{address.below}" if address.below else "incidents"
        role = (
            "reader" if address.below == "tasks" and not self.settings.tasks_writable else self.settings.role
        )
        check_role(role, ACTIONS.get(request.method, "write"), grant, noun, raw_path)
        endpoint = f"{request.method} {address.below or 'incidents'}"
        headers |= self._throttle.admit(_operation(request.method), endpoint, self._clock.now())
        actor = Actor("api", grant.user, grant.object_id)
        call = Call(request.method, address, options, shape, actor, str(request.url), content)
        return self._operations.answer(call)

    def _held(self, name: str) -> StoredIncident:
        incident = self._store.find(name)
        if incident is None:
            raise KeyError(name)
        return incident

    def _body(self, incident: StoredIncident) -> JsonObject:
        return shapes.incident_body(incident, "preview", self._workspace.base)

    def _child_bodies(self, kind: Any) -> dict[str, list[JsonObject]]:
        base = self._workspace.base
        return {
            incident.name: [
                shapes.child_body(incident, child, base) for child in incident.children[kind].values()
            ]
            for incident in self._store
            if incident.children[kind]
        }


def _operation(method: str) -> Operation:
    if method == "DELETE":
        return "deletes"
    return "reads" if method in {"GET", "POST"} else "writes"
