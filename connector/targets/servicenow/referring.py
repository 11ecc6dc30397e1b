"""What mappings put into fields that refer to rows of other tables, held against what these refer to. Pure.

An instance stores the sys_id of a row of another table, or a text that is no sys_id, with success; the form then shows
an empty field. Of a look-up into a field that refers to nothing only what cannot be meant is told: some sites keep a
sys_id in a text. Source: ServiceNow docs, "Reference field type", "System dictionary".
"""

import re
from collections.abc import Iterator, Sequence

from connector.model import Finding, Lookup, Writing
from connector.model.finding import problem, warning
from connector.targets.servicenow.structure import Ancestry, Column
from connector.targets.servicenow.values import text_of

_REFERENCE, _LIST = "reference", "glide_list"
_SYS_ID = re.compile(r"[0-9a-fA-F]{32}")
_SYS_ID_LENGTH = 32
# Kinds of columns that a sys_id cannot be stored in.
_NO_IDS = frozenset(
    {
        *("integer", "longint", "decimal", "float", "currency", "currency2", "price", "percent_complete"),
        *("boolean", "glide_date", "glide_date_time", "glide_time", "glide_duration", "due_date", "timer"),
    }
)


def refers_wrongly(column: Column, table: str, ancestry: Ancestry) -> bool:
    """Whether a column refers to rows among which one of the table can never be; False where that is not known."""
    refers = column.kind in {_REFERENCE, _LIST} and bool(column.reference)
    return refers and column.reference != table and ancestry.are_strangers(column.reference, table)


def check_references(
    name: str, users: Sequence[Writing], column: Column, ancestry: Ancestry
) -> Iterator[Finding]:
    """What is wrong with what mappings put into a field as a reference, or look up for it."""
    for each in users:
        tables = sorted({table for table, _ in each.lookups.get(name, ())})
        if column.kind in {_REFERENCE, _LIST} and column.reference:
            yield from _wrong_tables(name, each.mapping, tables, column, ancestry)
            yield from _texts(name, each, column)
        elif tables:
            yield from _no_reference(name, each.mapping, tables, column)


def _wrong_tables(
    name: str, mapping: str, tables: Sequence[str], column: Column, ancestry: Ancestry
) -> Iterator[Finding]:
    for table in tables:
        if refers_wrongly(column, table, ancestry):
            what = f"refers to {column.reference}, and {mapping} looks it up in {table}"
            remedy = f"say `table: {column.reference}` in the look-up, and columns of that table under `by`"
            yield problem(f"field {name}", what, remedy)


def _texts(name: str, writing: Writing, column: Column) -> Iterator[Finding]:
    if column.kind == _LIST:  # which may hold e-mail addresses, too
        return
    subject, into = f"field {name}", f"refers to {column.reference}"
    for value in writing.values.get(name, ()):
        text = "" if isinstance(value, Lookup) else text_of(name, value)
        if text and _SYS_ID.fullmatch(text) is None:
            what = f"{into}, and `{text}` ({writing.mapping}) is no sys_id"
            remedy = f"look it up: `lookup: {{table: {column.reference}, by: [...], value: {text}}}`"
            yield problem(subject, what, remedy)
    if name in writing.texts or name == writing.tags_into:
        what = f"{into}, and {writing.mapping} writes a text of the incident there, which is hardly a sys_id"
        remedy = f"look it up in {column.reference}, with columns of that table under `by`"
        yield warning(subject, what, remedy)


def _no_reference(name: str, mapping: str, tables: Sequence[str], column: Column) -> Iterator[Finding]:
    if column.kind in _NO_IDS:
        what = f"is of type {column.kind}"
    elif column.is_text and 0 < column.length < _SYS_ID_LENGTH:
        what = f"holds {column.length} characters"
    else:
        return
    what += f", and {mapping} looks it up in {' and '.join(tables)}, which gives a sys_id"
    yield warning(f"field {name}", what, "write a text there, or choose a field that refers to that table")
