"""Storing, changing and deleting rows: intake, then the rules, then the counters.

A write that changes nothing leaves `sys_mod_count` and the `sys_updated_*` fields alone. Assumption,
documented nowhere: inserting a sys_id that exists answers 403 with the database's words about a duplicate
entry.
"""

from collections.abc import Mapping
from functools import partial
from typing import Any

from connector.mocks.servicenow import journal
from connector.mocks.servicenow.choices import choices_of
from connector.mocks.servicenow.database import Database, Row, Table
from connector.mocks.servicenow.intake import SYS_ID, Desk, Intake
from connector.mocks.servicenow.replies import NoRowError, RefusedError
from connector.mocks.servicenow.rules import INCIDENT_RULES, Change, aborted, fail_on_demand
from connector.mocks.servicenow.security_rules import SECURITY_INCIDENT_RULES
from connector.mocks.servicenow.session import Session
from connector.mocks.servicenow.settings import Settings

_LISTED_FIELDS = frozenset(
    {"state", "hold_reason", "impact", "urgency", "severity", "category", "close_code"}
)

RULES = {
    "incident": INCIDENT_RULES,
    "sn_si_incident": SECURITY_INCIDENT_RULES,
    "incident_task": (fail_on_demand,),
    "sn_si_task": (fail_on_demand,),
}


class Writer:
    """Writes to one table on behalf of one caller, who may do so; who may is decided elsewhere."""

    def __init__(self, table: Table, desk: Desk, settings: Settings) -> None:
        self._table = table
        self._desk = desk
        self._settings = settings

    @property
    def _database(self) -> Database:
        return self._desk.database

    @property
    def _session(self) -> Session:
        return self._desk.session

    def insert(self, sent: Mapping[str, Any]) -> Row:
        """Store a new row and return it; raise RefusedError when a rule or a key forbids it."""
        schema = self._table.schema
        taken = self._desk.take(schema, sent)
        row = schema.blank | taken.values | self._stamps("sys_created") | self._stamps("sys_updated")
        row["sys_id"] = self._chosen_id(sent.get("sys_id"))
        if schema.number_prefix:
            self._open(row)
        self._check(self._change(None, row, taken))
        self._check_key("sys_id", row, of_new_row=True)
        return self._store(row, taken)

    def update(self, sys_id: str, sent: Mapping[str, Any]) -> Row:
        """Change the fields sent and return the row; raise RefusedError, NoRowError when it is not there."""
        before = self._table.get(sys_id)
        if before is None:
            raise NoRowError
        taken = self._desk.take(self._table.schema, sent)
        after = before | taken.values
        change = self._change(before, after, taken)
        self._check(change)
        if not change.effective:
            return before
        after |= self._stamps("sys_updated")
        after["sys_mod_count"] = str(int(before["sys_mod_count"]) + 1)
        return self._store(after, taken)

    def delete(self, sys_id: str) -> None:
        """Forget the row; raise NoRowError when it is not there. Its journal entries stay, as orphans."""
        if self._table.get(sys_id) is None:
            raise NoRowError
        self._table.remove(sys_id)

    def _store(self, row: Row, taken: Intake) -> Row:
        self._table.put(row)
        journal.append(self._database, row, self._table.schema.name, taken.entries, self._session)
        return row

    def _change(self, before: Row | None, after: Row, taken: Intake) -> Change:
        return Change(
            before,
            after,
            frozenset(taken.values),
            taken.entries,
            self._session,
            self._settings,
            self._table.schema.name,
            partial(choices_of, self._database, self._table.schema.name),
        )

    def _stamps(self, prefix: str) -> Row:
        return {f"{prefix}_on": self._session.stamp, f"{prefix}_by": self._session.user.user}

    def _chosen_id(self, chosen: Any) -> str:
        usable = isinstance(chosen, str) and SYS_ID.fullmatch(chosen) is not None
        if usable and not self._settings.hide_sys_id_writes:
            return str(chosen)
        return self._database.new_id()

    def _open(self, row: Row) -> None:
        row["number"] = row["number"] or self._database.new_number(self._table.schema.number_prefix)
        row["task_effective_number"] = row["number"]
        row["opened_at"] = row["opened_at"] or self._session.stamp
        row["opened_by"] = row["opened_by"] or self._session.user.object_id

    def _check(self, change: Change) -> None:
        rules = RULES.get(self._table.schema.name)
        if rules is None:
            return
        for rule in rules:
            rule(change)
        if self._settings.choices_enforced:
            self._check_choices(change)
        if self._settings.correlation_unique and change.after["correlation_id"]:
            self._check_key("correlation_id", change.after)

    def _check_choices(self, change: Change) -> None:
        for name in _LISTED_FIELDS & self._table.schema.fields.keys():
            value = change.after[name]
            if value and change.moved(name) and value not in self._active_choices(name):
                raise aborted(f"Allow listed choices only ({name})", self._table.schema.name)

    def _active_choices(self, element: str) -> set[str]:
        return {row["value"] for row in choices_of(self._database, self._table.schema.name, element)}

    def _check_key(self, name: str, row: Row, *, of_new_row: bool = False) -> None:
        """Refuse a second row with the same key; an update of the row itself is no second row."""
        found = self._table.having(name, [row[name]])
        if any(of_new_row or other["sys_id"] != row["sys_id"] for other in found):
            key = "PRIMARY" if name == "sys_id" else name
            detail = (
                "Unique Key violation detected by database "
                f"(Duplicate entry '{row[name]}' for key '{self._table.schema.name}.{key}')"
            )
            raise RefusedError(403, "Operation Failed", detail)
