"""The operations of the incident API, one method each, found by what the address points at and the method.

Source: the 2024-09-01 operations of `Incidents`, `IncidentComments`, `IncidentTasks`, `IncidentRelations`.
There is no PATCH; alerts, bookmarks and entities are read with POST.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any, Final, cast
from urllib.parse import quote, urlencode, urlsplit

from connector.mocks.sentinel import listing, shapes
from connector.mocks.sentinel.access import Action
from connector.mocks.sentinel.call import Answer, Call, json_answer, unread
from connector.mocks.sentinel.children import Children
from connector.mocks.sentinel.directory import Directory
from connector.mocks.sentinel.errors import ArmError, bad_request, not_found
from connector.mocks.sentinel.records import ChildKind, StoredIncident
from connector.mocks.sentinel.settings import SentinelSettings
from connector.mocks.sentinel.store import IncidentStore, check_etag
from connector.mocks.sentinel.validate import check_incident, properties_of
from connector.mocks.sentinel.writing import put_properties

Operation = Callable[[Call], Answer]

ACTIONS: Final[Mapping[str, Action]] = {"GET": "read", "POST": "read", "PUT": "write", "DELETE": "delete"}
_CHILD_ORDERS: Final = frozenset({"properties/createdTimeUtc"})
_CHILD_KINDS: Final = frozenset({"comments", "tasks", "relations"})


class Operations:
    """Answers calls from a store."""

    def __init__(
        self, store: IncidentStore, settings: SentinelSettings, directory: Directory, base: str
    ) -> None:
        self._store = store
        self._settings = settings
        self._directory = directory
        self._base = base
        self._children = Children(store, settings, directory)

    def answer(self, call: Call) -> Answer:
        """Return the answer to a call; raise `ArmError` for a refusal."""
        return self._operation(call)(call)

    def _operation(self, call: Call) -> Operation:
        address = call.address
        if address.below is None:
            table = self._incident_table() if address.incident else {"GET": self._list}
        elif address.below in _CHILD_KINDS:
            table = self._child_table() if address.child else {"GET": self._list_children}
            _check_tasks_known(call)
        elif address.below in {"alerts", "bookmarks", "entities"} and address.child is None:
            table = {"POST": self._related}
        else:
            raise not_found("The requested path does not exist.", "InvalidResourceType")
        if call.method not in table:
            raise unread(address, call.method)
        return table[call.method]

    def _incident_table(self) -> dict[str, Operation]:
        return {"GET": self._get, "PUT": self._put, "DELETE": self._delete}

    def _child_table(self) -> dict[str, Operation]:
        return {"GET": self._get_child, "PUT": self._put_child, "DELETE": self._delete_child}

    def _list(self, call: Call) -> Answer:
        page = listing.page_of(self._store, listing.parse_query(call.options, self._settings))
        rows = b",".join(self._bytes(row, call) for row in page.rows)
        return Answer(200, b'{"value":[' + rows + b"]" + self._next_link(call, page.token) + b"}")

    def _next_link(self, call: Call, token: str | None) -> bytes:
        if token is None:
            return b',"nextLink":null' if self._settings.next_link_null else b""
        parts = urlsplit(call.url)
        kept = {name: value for name, value in call.options.items() if name != "$skiptoken"}
        query = urlencode({**kept, "$skipToken": token}, quote_via=quote, safe="$:/'()")
        if self._settings.next_link_raw_spaces:
            query = query.replace("%20", " ")
        link = f"{parts.scheme}://{parts.netloc}{parts.path}?{query}"
        return f',"nextLink":{json.dumps(link)}'.encode()

    def _get(self, call: Call) -> Answer:
        return Answer(200, self._bytes(self._incident(call), call))

    def _put(self, call: Call) -> Answer:
        name, body = cast("str", call.address.incident), call.json_object()
        given = properties_of(body)
        check_incident(given, self._settings)
        incident = self._store.find(name)
        status = 200 if incident else 201
        if incident is None:
            incident = self._store.blank(name)
        else:
            check_etag(incident, body.get("etag"))
        after = put_properties(incident.properties, given, self._settings, self._directory)
        self._store.commit(incident, after, call.actor)
        return Answer(status, self._bytes(incident, call))

    def _delete(self, call: Call) -> Answer:
        incident = self._store.find(cast("str", call.address.incident))
        if incident is None:
            return Answer(204)
        self._store.delete(incident, call.actor)
        return Answer(200)

    def _list_children(self, call: Call) -> Answer:
        incident, kind = self._incident(call), _kind(call)
        children = list(incident.children[kind].values())
        if kind == "tasks":
            return json_answer(200, {"value": [self._child_body(incident, child) for child in children]})
        if "$filter" in call.options:
            raise bad_request(f"$filter is not supported on {kind}.")
        if listing.parse_order(call.options.get("$orderby"), _CHILD_ORDERS, default=("", False))[1]:
            children.reverse()  # they are kept in the order of their creation
        start = listing.read_token(call.options["$skiptoken"])[1] if "$skiptoken" in call.options else 0
        end = start + listing.parse_top(call.options.get("$top"), self._settings)
        value = b",".join(
            json_answer(200, self._child_body(incident, child)).content for child in children[start:end]
        )
        token = listing.make_token(("", end)) if end < len(children) else None
        return Answer(200, b'{"value":[' + value + b"]" + self._next_link(call, token) + b"}")

    def _get_child(self, call: Call) -> Answer:
        incident = self._incident(call)
        child = self._children.require(incident, _kind(call), cast("str", call.address.child))
        return json_answer(200, self._child_body(incident, child))

    def _put_child(self, call: Call) -> Answer:
        incident, body = self._incident(call), call.json_object()
        properties_of(body)
        name = cast("str", call.address.child)
        child, is_new = self._children.put(incident, _kind(call), name, body, call.actor)
        return json_answer(201 if is_new else 200, self._child_body(incident, child))

    def _delete_child(self, call: Call) -> Answer:
        name = cast("str", call.address.child)
        was_there = self._children.delete(self._incident(call), _kind(call), name, call.actor)
        return Answer(200 if was_there else 204)

    def _related(self, call: Call) -> Answer:
        incident = self._incident(call)
        if call.address.below != "entities":
            rows = incident.alerts if call.address.below == "alerts" else incident.bookmarks
            return json_answer(200, {"value": rows})
        kinds = [entity.get("kind", "") for entity in incident.entities]
        counts = [{"entityKind": kind, "count": kinds.count(kind)} for kind in dict.fromkeys(kinds)]
        return json_answer(200, {"entities": incident.entities, "metaData": counts})

    def _incident(self, call: Call) -> StoredIncident:
        return self._store.require(cast("str", call.address.incident))

    def _bytes(self, incident: StoredIncident, call: Call) -> bytes:
        return shapes.incident_bytes(incident, call.shape, self._base)

    def _child_body(self, incident: StoredIncident, child: Any) -> dict[str, Any]:
        return shapes.child_body(incident, child, self._base)


def _kind(call: Call) -> ChildKind:
    return cast("ChildKind", call.address.below)


def _check_tasks_known(call: Call) -> None:
    if call.address.below == "tasks" and call.shape == "first":
        version = call.options.get("api-version")
        raise ArmError(
            400,
            "NoRegisteredProviderFound",
            f"No registered resource provider found for type 'incidents/tasks' and API version '{version}'.",
        )
