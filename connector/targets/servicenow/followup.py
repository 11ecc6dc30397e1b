"""A record that follows another one, which cannot be written any more.

The new record has the incident's key with the next generation, and a sys_id that follows from both, so that however
often the attempt is made there is one. It is made with a note that names its predecessor. Then the predecessor is told
in a note; the successor's key, left in its token field, tells later that it was.
"""

from collections.abc import Mapping
from dataclasses import replace

from connector.errors import RejectedError
from connector.model import Delivery, Link, NoteInHand
from connector.plan import note_text
from connector.targets.servicenow.calls import Calls
from connector.targets.servicenow.dialect import Dialect
from connector.targets.servicenow.journal import unwritten
from connector.targets.servicenow.outcome import NOTES
from connector.targets.servicenow.row import ALWAYS, Row


def followed_up(delivery: Delivery, row: Row, dialect: Dialect) -> tuple[Delivery, tuple[NoteInHand, ...]]:
    """The delivery that goes on in a new record, and the notes that the old one, `row`, has already."""
    landed = dialect.landed(delivery, row)
    there = dialect.fitting([note for note in delivery.notes if note.sent]) if landed else ()
    generation = delivery.generation + 1
    text = f"Follow-up of {row.number}, which cannot be reopened: {dialect.url(row.sys_id)}"
    first = _note(delivery, f"follows {generation}", text, sent=delivery.in_doubt)
    notes = () if landed else delivery.notes
    # What the mapping leaves alone by now, such as the reason for closing, belongs to the old record.
    record = delivery.record
    fields = {name: value for name, value in record.fields.items() if name not in record.carried}
    return (
        replace(
            delivery,
            record=replace(record, fields=fields, carried=frozenset()),
            link=None,
            generation=generation,
            may_create=True,
            notes=(first, *notes),
        ),
        there,
    )


async def name_successor(
    calls: Calls, dialect: Dialect, delivery: Delivery, row: Row, successor: Link
) -> Mapping[str, str]:
    """Say in the old record, `row`, where its incident goes on, once; a remark where it takes no note any more."""
    key = delivery.key.on_target(delivery.generation + 1)
    if row.has(dialect.token_field, key):
        return {}
    text = f"Continued in a new record: {dialect.url(successor.external_id)}"
    note = _note(delivery, f"followed by {delivery.generation + 1}", text)
    if delivery.in_doubt:
        missing, _ = await unwritten(calls, row.sys_id, dialect.note_field, [note])
        if not missing:
            return {}
    try:
        await calls.update(row.sys_id, dialect.noted([note], key), (*ALWAYS, dialect.token_field))
    except RejectedError as error:
        return {NOTES: f"{row.number} took no note about its successor: {error}"}
    return {}


def _note(delivery: Delivery, purpose: str, text: str, *, sent: bool = False) -> NoteInHand:
    name = delivery.key.chosen_id(target="", table="notes", purpose=purpose).hex
    return NoteInHand(name, note_text(text, name), sent)
