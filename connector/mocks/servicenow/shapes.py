"""The four shapes of a value: raw, display, both, and each with or without the links of references.

Source: ServiceNow docs, page "Table API" (`sysparm_display_value`, `sysparm_exclude_reference_link`,
`sysparm_fields`), and the tests of ServiceNow's own Python client.
"""

from collections.abc import Collection
from datetime import tzinfo
from typing import Any

from connector.mocks.servicenow.database import Database, Row
from connector.mocks.servicenow.fields import Column, column, displayed
from connector.mocks.servicenow.replies import Call
from connector.mocks.servicenow.schema import Schema


class Shape:
    """How one call wants rows of one table; `hidden` are the fields the account may not read."""

    def __init__(
        self, database: Database, schema: Schema, call: Call, zone: tzinfo, hidden: Collection[str]
    ) -> None:
        mode = call.params.get("sysparm_display_value", "false")
        self._mode = mode if mode in {"true", "all"} else "false"
        self._links = not call.flag("sysparm_exclude_reference_link")
        self._database = database
        self._zone = zone
        self._origin = call.origin
        names = call.params.get("sysparm_fields") or ",".join(schema.fields)
        found = [column(database, schema, name.strip()) for name in names.split(",")]
        self._columns = [each for each in found if each and not _hides(hidden, schema, each.name)]

    def of(self, row: Row) -> dict[str, Any]:
        """Return the row as the call wants it."""
        if self._mode == "false":
            return {each.name: self._raw(each, row) for each in self._columns}
        return {each.name: self._shown(each, row) for each in self._columns}

    def _raw(self, each: Column, row: Row) -> Any:
        value = each.raw(row)
        if value and self._links and each.field.kind == "reference":
            return {"link": self._link(each, value), "value": value}
        return value

    def _shown(self, each: Column, row: Row) -> Any:
        holder = each.owner(row)
        text = displayed(self._database, each.field, holder, self._zone) if holder is not None else ""
        value = holder[each.field.name] if holder is not None else ""
        link = {"link": self._link(each, value)} if self._has_link(each, value) else {}
        if self._mode == "all":
            return {"display_value": text, "value": value, **link}
        return {"display_value": text, **link} if link else text

    def _has_link(self, each: Column, value: str) -> bool:
        return bool(value) and self._links and each.field.kind == "reference"

    def _link(self, each: Column, value: str) -> str:
        return f"{self._origin}/api/now/table/{each.field.target}/{value}"


def _hides(hidden: Collection[str], schema: Schema, name: str) -> bool:
    return name in hidden or f"{schema.name}.{name}" in hidden
