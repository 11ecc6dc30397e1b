"""Which notes a record's journal holds already, asked when a record is adopted and nothing else tells.

A record without a link may be one whose notes an earlier state delivered, and a note cannot be taken back.
Ours end in a marker, so one look tells. Journals are often closed to integration accounts: a note twice is
then better than a note lost, and the receipt says so.

Source: ServiceNow docs, "Retrieving journal entries".
"""

from collections.abc import Sequence

from connector.errors import AuthError, RejectedError
from connector.model import MARKER, NoteInHand
from connector.targets.notes import marker_of
from connector.targets.servicenow.calls import Calls

UNCERTAIN = "sent without knowing whether the record had them: its journal cannot be read whole"


async def unwritten(
    calls: Calls, sys_id: str, note_field: str, notes: Sequence[NoteInHand]
) -> tuple[tuple[NoteInHand, ...], str]:
    """The notes that the record does not have, and why these may be too many; "" when they are not."""
    try:
        texts, whole = await calls.entries(sys_id, note_field)
    except (AuthError, RejectedError):  # trouble that is not the journal's alone meets the write, too
        texts, whole = [], False
    there = {marker for text in texts for marker in MARKER.findall(text)}
    missing = tuple(note for note in notes if marker_of(note.text) not in there)
    return missing, UNCERTAIN if missing and not whole else ""
