"""Journals: fields that only grow. An entry is a row of `sys_journal_field`; the record itself stays empty.

A raw read gives "", a display read the whole history as one text, newest entry first.
Source: ServiceNow docs, pages "Journal fields" and "Retrieving journal entries".
"""

from datetime import tzinfo
from typing import Final

from connector.mocks.servicenow.database import Database, Row
from connector.mocks.servicenow.session import Session, shown

TABLE: Final = "sys_journal_field"

_ELEMENTS: Final = {
    "work_notes": ("work_notes",),
    "comments": ("comments",),
    "comments_and_work_notes": ("work_notes", "comments"),
}
_LABELS: Final = {"work_notes": "Work notes", "comments": "Additional comments"}


def append(database: Database, record: Row, table: str, entries: dict[str, str], session: Session) -> None:
    """Store one entry per journal field, `entries` maps the field's name to the text."""
    journal = database.tables[TABLE]
    for element, text in entries.items():
        author = {"sys_created_by": session.user.user, "sys_updated_by": session.user.user}
        times = {"sys_created_on": session.stamp, "sys_updated_on": session.stamp}
        ids = {"sys_id": database.new_id(), "name": table, "element_id": record["sys_id"]}
        entry = {"element": element, "value": text}
        journal.put(journal.schema.blank | author | times | ids | entry)


def history(database: Database, record_id: str, field: str, zone: tzinfo) -> str:
    """Return the text a display read shows, times in the reader's zone."""
    rows = database.tables[TABLE].having("element_id", [record_id])
    entries = [row for row in rows if row["element"] in _ELEMENTS[field]]
    return "".join(_block(database, row, zone) for row in reversed(entries))


def _block(database: Database, row: Row, zone: tzinfo) -> str:
    author = next(database.tables["sys_user"].having("user_name", [row["sys_created_by"]]), None)
    name = author["name"] if author else row["sys_created_by"]
    when = shown(row["sys_created_on"], zone)
    return f"{when} - {name} ({_LABELS[row['element']]})\n{row['value']}\n\n"
