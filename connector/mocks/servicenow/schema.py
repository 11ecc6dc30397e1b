"""The tables and fields the instance knows; whatever is not listed here does not exist on it.

Columns are written as text tables, one a line (`name | label | kind | detail | default`), because a reader
compares them with a form and not with code. The detail is the length of a text (default 255) or the table
a reference points to.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final, Literal, cast, get_args

from connector.mocks.servicenow import platform_columns as columns
from connector.mocks.servicenow.task_columns import (
    INCIDENT,
    INCIDENT_TASK,
    RESPONSE_TASK,
    SECURITY_INCIDENT,
    TASK,
)

Kind = Literal["string", "choice", "reference", "journal", "datetime", "boolean", "integer", "class"]

_DEFAULT_LENGTH = 255


@dataclass(frozen=True)
class Field:
    """One column: what it holds, how long a text may get, and what it starts with."""

    name: str
    label: str
    kind: Kind
    length: int = _DEFAULT_LENGTH
    target: str = ""
    default: str = ""


@dataclass(frozen=True)
class Schema:
    """One table: its fields, the field that stands for a row on screen, and the fields with an index.

    `inherited` are the fields that it has from `task`, the table it extends; empty where it extends none.
    """

    name: str
    label: str
    display: str
    indexed: tuple[str, ...]
    fields: Mapping[str, Field]
    number_prefix: str = ""
    inherited: frozenset[str] = frozenset()

    @cached_property
    def blank(self) -> dict[str, str]:
        """A row as it is before anything is filled in."""
        return {field.name: field.default for field in self.fields.values()}


def _field(line: str) -> Field:
    name, label, kind, detail, default = [*(part.strip() for part in line.split("|")), "", ""][:5]
    if kind not in get_args(Kind):
        raise ValueError(f"{name}: no kind {kind!r}")
    length = int(detail) if detail.isdecimal() else _DEFAULT_LENGTH
    target = "" if detail.isdecimal() else detail
    return Field(name, label, cast("Kind", kind), length, target, default)


def _fields(text: str) -> dict[str, Field]:
    found = [_field(line) for line in text.splitlines() if line.strip()]
    return {field.name: field for field in found}


def _schema(name: str, label: str, display: str, text: str, *indexed: str) -> Schema:
    return Schema(name, label, display, ("sys_id", *indexed), _fields(text + columns.SYSTEM))


def _task(name: str, label: str, text: str, number_prefix: str) -> Schema:
    """A table that extends `task`; a column that it names again is its own version of the task's."""
    itself = f"sys_class_name | Task type | class | | {name}"
    fields = _fields(TASK + text + itself + columns.SYSTEM)
    inherited = _fields(TASK).keys() - _fields(text).keys()
    return Schema(
        name,
        label,
        "number",
        ("sys_id", "correlation_id", "number"),
        fields,
        number_prefix,
        frozenset(inherited),
    )


_TABLES = (
    _task("incident", "Incident", INCIDENT, "INC"),
    _task("sn_si_incident", "Security Incident", SECURITY_INCIDENT, "SIR"),
    _task("incident_task", "Incident Task", INCIDENT_TASK, "TASK"),
    _task("sn_si_task", "Response Task", RESPONSE_TASK, "SIT"),
    _schema("sys_user", "User", "name", columns.USER, "user_name", "email", "name"),
    _schema("sys_user_group", "Group", "name", columns.GROUP, "name"),
    _schema("sys_user_role", "Role", "name", columns.ROLE, "name"),
    _schema("sys_user_has_role", "User Role", "role", columns.HAS_ROLE, "user"),
    _schema("sys_choice", "Choice", "label", columns.CHOICE, "element"),
    _schema("sys_journal_field", "Journal Entry", "element", columns.JOURNAL, "element_id"),
    _schema("label", "Tag", "name", columns.LABEL, "name"),
    _schema("label_entry", "Tag Entry", "title", columns.LABEL_ENTRY, "table_key"),
    _schema("sys_properties", "System Property", "name", columns.PROPERTY, "name"),
    _schema("sys_db_object", "Table", "label", columns.DB_OBJECT, "name"),
    _schema("sys_dictionary", "Dictionary Entry", "element", columns.DICTIONARY, "name", "element"),
    _schema("cmdb_ci", "Configuration Item", "name", columns.ITEM, "name"),
    _schema("core_company", "Company", "name", columns.COMPANY, "name"),
    _schema("u_site", "Site", "u_name", columns.SITE, "u_name"),
)

SCHEMAS: Final[Mapping[str, Schema]] = {schema.name: schema for schema in _TABLES}
