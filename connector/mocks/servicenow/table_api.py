"""The Table API: lists, records and writes, in the statuses and headers of the instance.

`v1` answers 404 where the other versions answer an empty list. The limit is applied before rows are
hidden, and `X-Total-Count` counts hidden rows too, so a short or empty page is not the last one. Source:
ServiceNow docs, pages "Table API", "REST API" and "REST API HTTP response codes".
"""

import json
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, urlencode

from connector.mocks.servicenow.database import Database, Row, Table
from connector.mocks.servicenow.fields import column, displayed
from connector.mocks.servicenow.intake import Desk
from connector.mocks.servicenow.query import Query, Term, parsed
from connector.mocks.servicenow.replies import Call, NoRowError, RefusedError, Reply, json_reply
from connector.mocks.servicenow.search import Search
from connector.mocks.servicenow.session import Session
from connector.mocks.servicenow.settings import DIRECTORY_TABLES, Settings
from connector.mocks.servicenow.shapes import Shape
from connector.mocks.servicenow.writes import Writer

PATH = re.compile(r"/api/now/(?:(?P<version>v[12])/)?table/(?P<table>[^/]+)(?:/(?P<sys_id>[^/]+))?/?")

_DEFAULT_LIMIT = 10_000
_WRITES = frozenset({"POST", "PUT", "PATCH"})


class TableApi:
    """One call to one table, on behalf of one caller."""

    def __init__(
        self, database: Database, table: Table, session: Session, settings: Settings, version: str = ""
    ) -> None:
        self._database = database
        self._table = table
        self._name = table.schema.name
        self._session = session
        self._settings = settings
        self._is_v1 = version == "v1"

    def answer(self, call: Call, sys_id: str | None) -> Reply:
        """Carry the call out; raise RefusedError for every refusal."""
        method = _method(call)
        _check_headers(call, method)
        if sys_id is None:
            actions: dict[str, Callable[[], Reply]] = {
                "GET": lambda: self._list(call),
                "POST": lambda: self._create(call),
            }
        else:
            actions = {
                "GET": lambda: self._read(call, sys_id),
                "PATCH": lambda: self._update(call, sys_id),
                "PUT": lambda: self._update(call, sys_id),
                "DELETE": lambda: self._delete(sys_id),
            }
        if method not in actions:
            raise RefusedError(405, "Method Not Allowed", f"{method} is not supported on this resource")
        return actions[method]()

    def _list(self, call: Call) -> Reply:
        self._check_readable()
        limit = call.number("sysparm_limit", _DEFAULT_LIMIT)
        offset = call.number("sysparm_offset", 0)
        rows = self._matching(call)
        if not rows and self._is_v1:
            raise NoRowError
        page = [row for row in rows[offset : offset + limit] if not self._is_hidden(row)]
        shape = self._shape(call)
        headers = _paging_headers(call, len(rows), limit, offset)
        return json_reply({"result": [shape.of(row) for row in page]}, headers=headers)

    def _matching(self, call: Call) -> list[Row]:
        search = Search(self._database, self._table, self._session)
        text = call.params.get("sysparm_query")
        if text is not None:
            return search.rows(parsed(text), strict=self._settings.invalid_query_returns_no_rows)
        plain = {name: value for name, value in call.params.items() if not name.startswith("sysparm_")}
        indexed = [[Term(name, "=", plain.pop(name))] for name in self._table.schema.indexed if name in plain]
        rows = search.rows(Query([indexed]))
        for name, value in plain.items():
            rows = self._saying(rows, name, value)
        return rows

    def _saying(self, rows: list[Row], name: str, value: str) -> list[Row]:
        """Keep the rows that hold a value or show it: plain URL conditions accept both."""
        by = column(self._database, self._table.schema, name)
        if by is None:
            return rows
        zone = self._session.zone
        found = ((row, by.owner(row)) for row in rows)
        return [
            row
            for row, holder in found
            if holder and value in {holder[by.field.name], displayed(self._database, by.field, holder, zone)}
        ]

    def _read(self, call: Call, sys_id: str) -> Reply:
        self._check_readable()
        return json_reply({"result": self._shape(call).of(self._visible(sys_id))})

    def _create(self, call: Call) -> Reply:
        self._check_writable("Insert")
        row = self._writer(call).insert(_sent(call))
        location = f"{call.origin}{call.path.rstrip('/')}/{row['sys_id']}"
        return self._echo(call, row, 201, {"location": location})

    def _update(self, call: Call, sys_id: str) -> Reply:
        self._visible(sys_id)
        self._check_writable("Update")
        return self._echo(call, self._writer(call).update(sys_id, _sent(call)), 200, {})

    def _delete(self, sys_id: str) -> Reply:
        self._visible(sys_id)
        self._check_writable("Delete")
        self._table.remove(sys_id)
        return Reply(204)

    def _echo(self, call: Call, row: Row, status: int, headers: dict[str, str]) -> Reply:
        if call.headers.get("x-no-response-body", "") == "true":
            return Reply(status, b"", headers)
        return json_reply({"result": self._shape(call).of(row)}, status, headers)

    def _shape(self, call: Call) -> Shape:
        hidden = self._settings.no_read_fields
        return Shape(self._database, self._table.schema, call, self._session.zone, hidden)

    def _writer(self, call: Call) -> Writer:
        by_display = call.flag("sysparm_input_display_value")
        desk = Desk(self._database, self._session, self._settings.no_write_fields, by_display)
        return Writer(self._table, desk, self._settings)

    def _visible(self, sys_id: str) -> Row:
        row = self._table.get(sys_id)
        if row is None or self._is_hidden(row):
            raise NoRowError
        return row

    def _is_hidden(self, row: Row) -> bool:
        if self._name in DIRECTORY_TABLES and not self._settings.users_visible:
            return True
        return row["sys_id"] in self._settings.hidden_rows

    def _check_readable(self) -> None:
        journal = self._name == "sys_journal_field" and not self._settings.journals_readable
        if journal or self._name in self._settings.unreadable_tables:
            raise RefusedError(403, "Insufficient rights to query records")

    def _check_writable(self, verb: str) -> None:
        no_delete = verb == "Delete" and not self._settings.deletes_allowed
        if no_delete or self._name in self._settings.read_only_tables:
            detail = f"ACL Exception {verb} Failed due to security constraints"
            raise RefusedError(403, "Operation Failed", detail)


def _method(call: Call) -> str:
    """HEAD is GET without a body; a POST may carry another verb in a header."""
    if call.method == "POST":
        return call.headers.get("x-http-method-override", "POST").upper()
    return "GET" if call.method == "HEAD" else call.method


def _check_headers(call: Call, method: str) -> None:
    """Batch items need no headers (ServiceNow's own client sends none), a write needs a content type."""
    if call.in_batch:
        return
    accept = call.headers.get("accept", "*/*")
    if not any(kind in accept for kind in ("application/json", "application/*", "*/*")):
        raise RefusedError(406, "Not acceptable", f"only application/json is served, not {accept}")
    kind = call.headers.get("content-type", "")
    if method in _WRITES and not kind:
        raise RefusedError(400, "Requested URI does not represent any resource")
    if method in _WRITES and not kind.startswith("application/json"):
        raise RefusedError(415, "Unsupported media type", kind)


def _sent(call: Call) -> dict[str, Any]:
    """Read a body; of an array only the first element counts."""
    try:
        body = json.loads(call.body or b"{}")
    except ValueError as error:
        raise RefusedError(400, "Exception while reading request", "The payload is not valid JSON") from error
    if isinstance(body, list):
        body = body[0] if body else {}
    if not isinstance(body, dict):
        raise RefusedError(400, "Exception while reading request", "The payload is not a JSON object")
    return body


def _paging_headers(call: Call, total: int, limit: int, offset: int) -> dict[str, str]:
    if call.flag("sysparm_no_count"):
        return {}
    headers = {"x-total-count": str(total)}
    if call.flag("sysparm_suppress_pagination_header") or not limit:
        return headers
    last = max(0, (total - 1) // limit * limit)
    offsets = {"first": 0, "prev": max(0, offset - limit), "next": offset + limit, "last": last}
    if offset == 0:
        del offsets["prev"]
    if offset + limit >= total:
        del offsets["next"]
    headers["link"] = ",".join(f'<{_page_url(call, at)}>;rel="{rel}"' for rel, at in offsets.items())
    return headers


def _page_url(call: Call, offset: int) -> str:
    params = [pair for pair in parse_qsl(call.query, keep_blank_values=True) if pair[0] != "sysparm_offset"]
    return f"{call.origin}{call.path}?{urlencode([*params, ('sysparm_offset', str(offset))])}"
