"""The HTTP face of the Graph mock: `/v1.0` and `/beta`, security incidents.

Handlers read the request, let the store's neighbours do the work and answer; every refusal is a
GraphError raised below and written in one place.
"""

import random
import uuid
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import quote

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from connector.mocks.graph.batch import answer_batch
from connector.mocks.graph.changes import Changes
from connector.mocks.graph.errors import GraphError, not_found
from connector.mocks.graph.listing import (
    check_expansion,
    expanded,
    next_params,
    read_page,
    read_query,
    selection,
)
from connector.mocks.graph.render import View, alert_members, dumped, entry_json, entry_members
from connector.mocks.graph.settings import GraphSettings
from connector.mocks.graph.store import Entry, IncidentStore
from connector.mocks.graph.throttle import Throttle
from connector.mocks.graph.times import text_of
from connector.mocks.graph.writes import checked_comment, checked_merge, checked_patch, read_body
from connector.mocks.kernel import Authorize, Clock, Grant, Refusal

READERS = frozenset({"SecurityIncident.Read.All", "SecurityIncident.ReadWrite.All"})
WRITERS = frozenset({"SecurityIncident.ReadWrite.All"})
MERGERS = WRITERS | {"SecurityData.Manage.All"}
_MEDIA = "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8"
_DIAGNOSTIC = (
    '{"ServerInfo":{"DataCenter":"Mock","Slice":"E","Ring":"1","ScaleUnit":"000","RoleInstance":"MOCK0001"}}'
)
_PREFERENCE = "include-unknown-enum-members"

Handler = Callable[[Request, Grant], Awaitable[bytes]]


class GraphApi:
    """The routes and what they share; `app` is the ASGI application."""

    def __init__(
        self,
        store: IncidentStore,
        changes: Changes,
        settings: GraphSettings,
        clock: Clock,
        authorize: Authorize,
        chance: random.Random,
    ) -> None:
        self._store = store
        self._changes = changes
        self._settings = settings
        self._clock = clock
        self._authorize = authorize
        self._chance = chance
        self._throttle = Throttle(clock)
        self.app = Starlette(routes=[*self._routes("v1.0"), *self._routes("beta")])

    def forget(self) -> None:
        """Forget the requests counted against the quota."""
        self._throttle.clear()

    def _routes(self, version: str) -> list[Route]:
        base = f"/{version}/security/incidents"
        return [
            self._route(f"/{version}/$batch", "POST", None, self._batch),
            self._route(base, "GET", READERS, self._list),
            self._route(f"{base}/mergeIncidents", "POST", MERGERS, self._merge),
            self._route(f"{base}/microsoft.graph.security.mergeIncidents", "POST", MERGERS, self._merge),
            self._route(f"{base}/{{id}}", "GET", READERS, self._get),
            self._route(f"{base}/{{id}}", "PATCH", WRITERS, self._patch),
            self._route(f"{base}/{{id}}/alerts", "GET", READERS, self._alerts),
            self._route(f"{base}/{{id}}/comments", "POST", WRITERS, self._comment),
        ]

    def _route(self, path: str, method: str, roles: frozenset[str] | None, handler: Handler) -> Route:
        async def endpoint(request: Request) -> Response:
            try:
                body = await handler(request, self._admitted(request, roles))
            except GraphError as error:
                return self._refused(request, error)
            return Response(body, 200, _headers(), _MEDIA)

        return Route(path, endpoint, methods=[method])

    def _admitted(self, request: Request, roles: frozenset[str] | None) -> Grant:
        """Return who calls, or raise a GraphError; without `roles` neither rights nor the quota matter."""
        grant = self._authorize(request.headers.get("authorization"))
        if isinstance(grant, Refusal):
            code = "InvalidAuthenticationToken" if grant.status == 401 else "Authorization_RequestDenied"
            raise GraphError(grant.status, code, grant.reason)
        if roles is None:
            return grant
        self._check_quota(grant)
        if not roles & grant.roles:
            text = "Insufficient privileges to complete the operation."
            raise GraphError(403, "Authorization_RequestDenied", text)
        return grant

    def _check_quota(self, grant: Grant) -> None:
        limit = self._settings.rate_limit
        wait = self._throttle.wait(grant.app_name, limit) if limit is not None else None
        if wait is not None:
            text = "Too many requests, please try again later."
            shown = wait if self._settings.retry_after else None
            raise GraphError(429, "TooManyRequests", text, retry_after=shown)

    async def _list(self, request: Request, grant: Grant) -> bytes:  # noqa: ARG002 - one signature for handlers
        params = dict(request.query_params)
        query = read_query(params, self._settings)
        page = read_page(self._store, query, self._settings, self._chance)
        view = self._view(request, expand=query.expand, selected=query.selected)
        head: dict[str, Any] = {"@odata.context": f"{_root(request)}/$metadata#security/incidents"}
        if page.count is not None:
            head["@odata.count"] = page.count
        if page.next_start is not None:
            head["@odata.nextLink"] = _link(request, next_params(params, page, self._settings))
        items = b",".join(entry_json(entry, view) for entry in page.entries)
        return dumped(head)[:-1] + b',"value":[' + items + b"]}"

    async def _get(self, request: Request, grant: Grant) -> bytes:  # noqa: ARG002 - one signature for handlers
        entry, params = self._entry(request), request.query_params
        expand = expanded(params)
        if expand:
            check_expansion([entry], self._settings)
        text = entry_json(entry, self._view(request, expand=expand, selected=selection(params)))
        return text if entry.raw is not None else _with_context(request, text)

    async def _alerts(self, request: Request, grant: Grant) -> bytes:  # noqa: ARG002 - one signature for handlers
        entry, view = self._entry(request), self._view(request)
        context = f"{_root(request)}/$metadata#security/incidents('{entry.incident['id']}')/alerts"
        return dumped(
            {"@odata.context": context, "value": [alert_members(alert, view) for alert in entry.alerts]}
        )

    async def _patch(self, request: Request, grant: Grant) -> bytes:
        body = read_body(await request.body())
        entry = self._entry(request)
        values = checked_patch(entry, body, self._settings)
        moment = self._changes.set(entry, values, f"API-App:{grant.app_name}")
        members = entry_members(entry, self._view(request))
        # The answer is finer than what later reads show; a client must not take it for its cursor.
        members["lastUpdateDateTime"] = text_of(moment + self._chance.randrange(1, 10))
        return _with_context(request, dumped(members))

    async def _comment(self, request: Request, grant: Grant) -> bytes:
        text = checked_comment(read_body(await request.body()))
        entry = self._entry(request)
        self._changes.comment(entry, text, grant.app_name)
        context = f"{_root(request)}/$metadata#security/incidents('{entry.incident['id']}')/comments"
        return dumped({"@odata.context": context, "value": entry.incident["comments"]})

    async def _merge(self, request: Request, grant: Grant) -> bytes:
        ids, comment = checked_merge(read_body(await request.body()))
        entries = sorted((self._found(incident_id) for incident_id in set(ids)), key=lambda e: e.number)
        target, sources = entries[0], entries[1:]  # the service chooses; the mock takes the oldest
        for source in sources:
            self._changes.merge(source, target, f"API-App:{grant.app_name}")
        if comment:
            self._changes.comment(target, comment, grant.app_name)
        context = f"{_root(request)}/$metadata#microsoft.graph.security.mergeResponse"
        return dumped({"@odata.context": context, "targetIncidentId": target.incident["id"]})

    async def _batch(self, request: Request, grant: Grant) -> bytes:  # noqa: ARG002 - one signature for handlers
        return await answer_batch(self.app, request, self._chance)

    def _entry(self, request: Request) -> Entry:
        return self._found(request.path_params["id"])

    def _found(self, incident_id: str) -> Entry:
        entry = self._store.get(incident_id)
        if entry is None:
            raise not_found(incident_id)
        return entry

    def _view(
        self, request: Request, *, expand: bool = False, selected: tuple[str, ...] | None = None
    ) -> View:
        withhold = self._settings.withhold_new_members and not _prefers_new_members(request)
        return View(_version(request), withhold, expand, selected)

    def _refused(self, request: Request, error: GraphError) -> Response:
        request_id = str(uuid.uuid4())
        inner = {
            "date": self._clock.now().strftime("%Y-%m-%dT%H:%M:%S"),
            "request-id": request_id,
            "client-request-id": request.headers.get("client-request-id", request_id),
        }
        body = {"error": {"code": error.code, "message": error.text, "innerError": inner}}
        headers = {**_headers(), "request-id": request_id}
        if error.retry_after is not None:
            headers["retry-after"] = str(error.retry_after)
        if error.status == 401:
            headers["www-authenticate"] = 'Bearer realm="", authorization_uri="/common/oauth2/authorize"'
        return Response(dumped(body), error.status, headers, _MEDIA)


def _headers() -> dict[str, str]:
    return {"cache-control": "no-store, no-cache", "x-ms-ags-diagnostic": _DIAGNOSTIC}


def _prefers_new_members(request: Request) -> bool:
    preferences = ",".join(request.headers.getlist("prefer")).lower()
    return any(part.strip() == _PREFERENCE for part in preferences.replace(";", ",").split(","))


def _version(request: Request) -> str:
    return str(request.scope["path"].split("/", 2)[1])


def _root(request: Request) -> str:
    return f"{request.url.scheme}://{request.url.netloc}/{_version(request)}"


def _link(request: Request, params: dict[str, str]) -> str:
    options = "&".join(f"{quote(name, safe='$')}={quote(value, safe='')}" for name, value in params.items())
    return f"{_root(request)}/security/incidents?{options}"


def _with_context(request: Request, text: bytes) -> bytes:
    context = dumped({"@odata.context": f"{_root(request)}/$metadata#security/incidents/$entity"})
    return context[:-1] + b"," + text[1:] if text != b"{}" else context
