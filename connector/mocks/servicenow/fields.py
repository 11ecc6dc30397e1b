"""Reading a field of a row: raw, as people see it, and across references (`assigned_to.email`)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import tzinfo

from connector.mocks.servicenow import journal
from connector.mocks.servicenow.choices import choices_of
from connector.mocks.servicenow.database import Database, Row
from connector.mocks.servicenow.schema import SCHEMAS, Field, Schema
from connector.mocks.servicenow.session import shown


@dataclass(frozen=True)
class Column:
    """A field as asked for: dotted name, definition, and the way from a row to the row that holds it."""

    name: str
    field: Field
    owner: Callable[[Row], Row | None]

    def raw(self, row: Row) -> str:
        """Return the stored value; empty when a reference on the way is."""
        holder = self.owner(row)
        return holder[self.field.name] if holder is not None else ""


def _itself(row: Row) -> Row:
    return row


def column(database: Database, schema: Schema, dotted: str) -> Column | None:
    """Find a field by its name, walking references; None when a part of the name does not exist."""
    *path, last = dotted.split(".")
    owner: Callable[[Row], Row | None] = _itself
    for name in path:
        step = schema.fields.get(name)
        if step is None or step.target not in SCHEMAS:
            return None
        schema = SCHEMAS[step.target]
        owner = _across(database, owner, step)
    field = schema.fields.get(last)
    return Column(dotted, field, owner) if field else None


def _across(
    database: Database, owner: Callable[[Row], Row | None], step: Field
) -> Callable[[Row], Row | None]:
    target = database.tables[step.target]

    def walk(row: Row) -> Row | None:
        holder = owner(row)
        return target.get(holder[step.name]) if holder is not None else None

    return walk


def displayed(database: Database, field: Field, row: Row, zone: tzinfo) -> str:
    """Return what a person sees: labels, names, times in the reader's zone, the history of a journal."""
    value = row[field.name]
    if field.kind == "journal":
        return journal.history(database, row["sys_id"], field.name, zone)
    if not value or field.kind == "string":
        return value
    if field.kind == "choice":
        return _label(database, row.get("sys_class_name", ""), field.name, value)
    if field.kind == "reference":
        return _name(database, field, value)
    if field.kind == "datetime":
        return shown(value, zone)
    return SCHEMAS[value].label if field.kind == "class" else value


def _label(database: Database, table: str, element: str, value: str) -> str:
    choices = choices_of(database, table, element)
    return next((row["label"] for row in choices if row["value"] == value), value)


def _name(database: Database, field: Field, value: str) -> str:
    if value == "global":  # the one domain, which is no record
        return value
    target = database.tables.get(field.target)
    row = target.get(value) if target is not None else None
    return row[SCHEMAS[field.target].display] if row is not None else ""
