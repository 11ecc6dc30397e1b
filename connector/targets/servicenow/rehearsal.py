"""What a rehearsal of ServiceNow writes needs: how the instance would answer, and what a record shows now. Pure.

The Table API answers a write with the fields of the record; of those that were not sent only the sys_id is known
beforehand. Source: ServiceNow docs, "Table API".
"""

from connector.http import Echo, Unsent
from connector.model import JSON, FieldValue, Link, Lookup, Record, Seen
from connector.targets.servicenow.dialect import Dialect
from connector.targets.servicenow.row import KEY, Memory, Row
from connector.targets.servicenow.tags import tags_field
from connector.targets.servicenow.values import text_of


def echo_of(dialect: Dialect) -> Echo:
    """How the instance answers writes to the table."""
    return Echo(_answer, frozenset({dialect.token_field}))


def _answer(unsent: Unsent) -> tuple[int, JSON]:
    if unsent.method == "POST":
        chosen = unsent.body.get("sys_id") or f"(new record of {unsent.body.get(KEY)})"
        return 201, {"result": {**unsent.body, "sys_id": chosen}}
    return 200, {"result": {**unsent.body, "sys_id": unsent.path.rpartition("/")[2]}}


def seen(record: Record, link: Link, row: Row, dialect: Dialect) -> Seen:
    """What the record of a link shows, in the fields that `record` names."""
    tags = tags_field(record)
    return Seen(
        fields={name: row.text(name) for name in record.fields if name in row.values},
        tags=tuple(part.strip() for part in row.text(tags).split(",") if part.strip()) if tags else (),
        version=row.text("sys_mod_count"),
        number=row.number,
        url=dialect.url(row.sys_id),
        edited=frozenset(
            name
            for name, value in link.applied.items()
            if name in row.values and not _holds(row, link, name, value)
        ),
    )


def _holds(row: Row, link: Link, name: str, value: FieldValue) -> bool:
    forms = Memory.of(link).forms
    if name in forms:
        return row.has(name, forms[name])
    return isinstance(value, Lookup) or row.has(name, text_of(name, value))
