"""What the instance says of its own tables and columns: rows of `sys_db_object` and `sys_dictionary`.

A column stands in the dictionary once, with the table that brought it: those that every task has are found under
`task`, of which `incident` says that it extends it. Source: ServiceNow docs, "System dictionary".
"""

from collections.abc import Iterator

from connector.mocks.servicenow.database import Row
from connector.mocks.servicenow.directory import stable_id
from connector.mocks.servicenow.schema import SCHEMAS, Field

_TASK = "task"
_TYPES = {
    "journal": "journal_input",
    "datetime": "glide_date_time",
    "class": "sys_class_name",
    "choice": "string",
}
_LENGTHS = {"journal": 4000, "datetime": 40, "boolean": 40, "integer": 40, "reference": 32}
_READ_ONLY = frozenset(
    {"sys_mod_count", "sys_created_on", "sys_created_by", "sys_updated_on", "sys_updated_by"}
)


def table_rows() -> Iterator[Row]:
    """Yield the tables, without system fields."""
    yield {"sys_id": _id(_TASK), "name": _TASK, "label": "Task"}
    for schema in SCHEMAS.values():
        extends = _id(_TASK) if schema.inherited else ""
        yield {
            "sys_id": _id(schema.name),
            "name": schema.name,
            "label": schema.label,
            "super_class": extends,
        }


def column_rows() -> Iterator[Row]:
    """Yield the columns of every table, without system fields; those of tasks under `task`."""
    shared: dict[str, Field] = {}
    for schema in SCHEMAS.values():
        for field in schema.fields.values():
            if field.name in schema.inherited:
                shared.setdefault(field.name, field)
            else:
                yield _column(schema.name, field)
    for field in shared.values():
        yield _column(_TASK, field)


def _column(table: str, field: Field) -> Row:
    return {
        "name": table,
        "element": field.name,
        "column_label": field.label,
        "internal_type": _TYPES.get(field.kind, field.kind),
        "max_length": str(_LENGTHS.get(field.kind, field.length)),
        "reference": field.target,
        "read_only": "true" if field.name in _READ_ONLY else "false",
    }


def _id(table: str) -> str:
    return stable_id("sys_db_object", table)
