"""What the instance takes of what a caller sends; the rest is dropped without a word, and the write succeeds.

Dropped: unknown fields, system fields, fields the account may not write, values that are no scalars, an
empty text for a choice field, dates that are none. Cut: texts longer than their field. Source: ServiceNow
docs, page "Table API"; cutting and dropping as integrators report them. Assumption: a reference that is
neither an id nor resolvable ends up empty.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC
from typing import Any, Final

from connector.mocks.servicenow.choices import choices_of
from connector.mocks.servicenow.database import Database, Row
from connector.mocks.servicenow.schema import Field, Schema
from connector.mocks.servicenow.session import Session, meant

_COMPUTED: Final = frozenset({"comments_and_work_notes"})

SYS_ID = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True)
class Intake:
    """The values taken, and the journal entries among them (journal fields hold nothing themselves)."""

    values: Row
    entries: dict[str, str]


@dataclass(frozen=True)
class Desk:
    """Where values are read: which fields are closed, and whether texts are display values."""

    database: Database
    session: Session
    closed_fields: Collection[str] = frozenset()
    by_display: bool = False

    def take(self, schema: Schema, sent: Mapping[str, Any]) -> Intake:
        """Return what is stored of the values sent."""
        taken = Intake({}, {})
        for name, value in sent.items():
            field = schema.fields.get(name)
            if field is None or self._is_closed(schema, name):
                continue
            text = self._read(schema, field, _text(value))
            if text is None:
                continue
            if field.kind != "journal":
                taken.values[name] = text
            elif text:
                taken.entries[name] = text
        return taken

    def _is_closed(self, schema: Schema, name: str) -> bool:
        managed = name.startswith("sys_") or name in _COMPUTED
        return managed or name in self.closed_fields or f"{schema.name}.{name}" in self.closed_fields

    def _read(self, schema: Schema, field: Field, text: str | None) -> str | None:
        if text is None:
            return None
        if field.kind == "choice":
            return self._choice(schema, field, text) or None
        if field.kind == "reference":
            return self._reference(field, text)
        if field.kind == "datetime" and text:
            return meant(text, self.session.zone if self.by_display else UTC)
        return text if field.kind == "journal" else text[: field.length]

    def _choice(self, schema: Schema, field: Field, text: str) -> str:
        if not self.by_display:
            return text
        choices = choices_of(self.database, schema.name, field.name)
        return next((row["value"] for row in choices if row["label"] == text), text)

    def _reference(self, field: Field, text: str) -> str:
        """Names of people are not unique: the first match wins."""
        if not text or SYS_ID.fullmatch(text):
            return text
        target = self.database.tables.get(field.target)
        if not self.by_display or target is None:
            return ""
        display = target.schema.display
        return next((row["sys_id"] for row in target if row[display] == text), "")


def _text(value: Any) -> str | None:
    """Write a JSON scalar as the instance stores it; None for what is no scalar."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return ""
    return str(value) if isinstance(value, str | int | float) else None
