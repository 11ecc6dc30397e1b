"""Which notes a record's journal holds already, asked where nothing else tells.

Ours end in a marker, so one look tells. Journals are often closed to integration accounts, wholly or entry by
entry, and then what is missing may be there all the same.

Source: ServiceNow docs, "Retrieving journal entries".
"""

from collections.abc import Sequence

from connector.errors import AuthError, RejectedError
from connector.model import MARKER, NoteInHand
from connector.targets.notes import marker_of
from connector.targets.servicenow.calls import Calls


async def unwritten(
    calls: Calls, sys_id: str, note_field: str, notes: Sequence[NoteInHand]
) -> tuple[tuple[NoteInHand, ...], bool]:
    """The notes that the journal does not show, and whether that proves that the record does not have them."""
    try:
        texts, whole = await calls.entries(sys_id, note_field)
    except (AuthError, RejectedError):  # trouble that is not the journal's alone meets the write, too
        texts, whole = [], False
    there = {marker for text in texts for marker in MARKER.findall(text)}
    return tuple(note for note in notes if marker_of(note.text) not in there), whole
