"""The instance as a whole: its rows, its switches, the people who work on it, and its web application.

One function answers every call, so that the items of a batch take the same way as requests of their own; the
Starlette application only translates.
"""

from collections.abc import Mapping
from datetime import tzinfo
from typing import Any, Final

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from connector.mocks.kernel import Clock, Grant, Refusal
from connector.mocks.servicenow import batch, table_api
from connector.mocks.servicenow.access import Access
from connector.mocks.servicenow.choices import choice_rows
from connector.mocks.servicenow.database import Database, Row, Table
from connector.mocks.servicenow.dictionary import column_rows, table_rows
from connector.mocks.servicenow.directory import (
    ADMIN,
    group_rows,
    has_role_rows,
    referred_rows,
    role_rows,
    stable_id,
    user_rows,
)
from connector.mocks.servicenow.intake import Desk
from connector.mocks.servicenow.replies import Call, RefusedError, Reply, error_reply, html_reply
from connector.mocks.servicenow.session import Session, stored, zone_named
from connector.mocks.servicenow.settings import Settings
from connector.mocks.servicenow.writes import Writer

TOKEN_PATH: Final = "/oauth_token.do"  # noqa: S105 - a path, not a secret

_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]
_PERSON = "dana.example"
ROLES: Final = frozenset({"itil", "rest_service", "sn_si.analyst"})


class ServiceNowMock:
    """A ServiceNow instance with one integration account; `app` is the ASGI application.

    `settings` may be changed at any time. `seed` makes the sys_ids of new rows repeatable; users and groups
    have the same sys_ids always.
    """

    def __init__(self, clock: Clock, *, username: str = "integration", password: str, seed: int = 0) -> None:
        self.settings = Settings()
        self._clock = clock
        self._seed = seed
        self._account = _grant(username, ROLES)
        self._access = Access(clock, self.settings, self._account, password)
        self._database = self._seeded()
        self.app = Starlette(routes=[Route("/{path:path}", self._serve, methods=_METHODS)])

    def contents(self) -> dict[str, list[Row]]:
        """Return all rows, raw, by table; journal entries are the rows of `sys_journal_field`."""
        return {name: [dict(row) for row in table] for name, table in self._database.tables.items()}

    def create(self, table: str, values: Mapping[str, Any], by: str = _PERSON) -> Row:
        """Let a person create a row; raise RefusedError where a rule forbids it."""
        return dict(self._person(table, by).insert(values))

    def edit(self, table: str, sys_id: str, values: Mapping[str, Any], by: str = _PERSON) -> Row:
        """Let a person change a row: no ACL, all rules (as `admin`, closed records too).

        Raises:
            RefusedError: a rule forbids it, or there is no such table.
            NoRowError: there is no such row.
        """
        return dict(self._person(table, by).update(sys_id, values))

    def delete(self, table: str, sys_id: str, by: str = _PERSON) -> None:
        """Let a person delete a row; raise NoRowError when it is not there."""
        self._person(table, by).delete(sys_id)

    def expire_tokens(self) -> None:
        """Make every OAuth token useless."""
        self._access.expire()

    def reset(self) -> None:
        """Return to the rows of a new instance; settings and tokens stay."""
        self._database = self._seeded()

    def answer(self, call: Call) -> Reply:
        """Answer one request."""
        if self.settings.hibernating:
            return html_reply(200, "Instance Hibernating page", "Want to find out why instances hibernate?")
        if len(call.path) + len(call.query) > self.settings.max_url_length:
            return html_reply(
                414, "Request-URI Too Long", "The requested URL's length exceeds the capacity limit"
            )
        if call.path == TOKEN_PATH:
            return self._access.token(call)
        caller = self._access.authorize(call.headers.get("authorization"))
        if isinstance(caller, Refusal):
            return self._access.refusal()
        headers, exceeded = self._access.spend()
        reply = exceeded or self._dispatch(call, caller)
        return Reply(reply.status, reply.body, reply.headers | headers)

    def _dispatch(self, call: Call, caller: Grant) -> Reply:
        try:
            if call.path in batch.PATHS and not call.in_batch:
                return batch.batch_reply(call, lambda item: self._dispatch(item, caller), self.settings)
            match = table_api.PATH.fullmatch(call.path)
            if not match:
                raise RefusedError(400, "Requested URI does not represent any resource")
            table, session = self._table(match["table"]), self._session(caller)
            api = table_api.TableApi(self._database, table, session, self.settings, match["version"] or "")
            return api.answer(call, match["sys_id"])
        except RefusedError as error:
            return error_reply(error)

    async def _serve(self, request: Request) -> Response:
        scope = request.scope
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        call = Call(
            method=scope["method"],
            path=scope["path"],
            query=scope["query_string"].decode("latin-1"),
            headers=headers,
            body=await request.body(),
            origin=f"{scope['scheme']}://{headers.get('host', 'localhost')}",
        )
        reply = self.answer(call)
        body = b"" if call.method == "HEAD" else reply.body
        return Response(body, reply.status, reply.headers)

    def _table(self, name: str) -> Table:
        table = self._database.tables.get(name)
        if table is None or name in self.settings.absent_tables:
            raise RefusedError(400, f"Invalid table {name}")
        return table

    def _session(self, user: Grant) -> Session:
        return Session(user, self._zone(user.object_id), self._clock.now())

    def _zone(self, user_id: str) -> tzinfo:
        """A user without a zone of their own has the instance's."""
        row = self._database.tables["sys_user"].get(user_id)
        if row is not None and row["time_zone"]:
            return zone_named(row["time_zone"])
        default = next(self._database.tables["sys_properties"].having("name", ["glide.sys.default.tz"]), None)
        return zone_named(default["value"] if default else "")

    def _person(self, table: str, user_name: str) -> Writer:
        roles = frozenset({"itil", "admin"} if user_name == ADMIN else {"itil"})
        session = self._session(_grant(user_name, roles))
        return Writer(self._table(table), Desk(self._database, session), self.settings)

    def _seeded(self) -> Database:
        database = Database(self._seed)
        seeds = {
            "sys_user": user_rows(self._account.user),
            "sys_user_group": group_rows(),
            "sys_user_role": role_rows(),
            "sys_user_has_role": has_role_rows(self._account.user, ROLES),
            "sys_choice": choice_rows(),
            "sys_properties": iter([{"name": "glide.sys.default.tz", "value": "GMT"}]),
            "sys_db_object": table_rows(),
            "sys_dictionary": column_rows(),
            **{name: referred_rows(name) for name in ("cmdb_ci", "core_company", "u_site")},
        }
        at = stored(self._clock.now())
        stamps = {
            "sys_created_on": at,
            "sys_updated_on": at,
            "sys_created_by": ADMIN,
            "sys_updated_by": ADMIN,
        }
        for name, rows in seeds.items():
            table = database.tables[name]
            for row in rows:
                table.put(table.schema.blank | {"sys_id": database.new_id()} | stamps | row)
        return database


def _grant(user_name: str, roles: frozenset[str]) -> Grant:
    return Grant(
        app_name="ServiceNow", object_id=stable_id("sys_user", user_name), roles=roles, user=user_name
    )
