"""Which of a delivery's notes are there, which are sent now, and which wait or are given up.

A note cannot be taken back, so it is never repeated on a guess. The token proves that a lost write arrived, and
then nothing more goes out under the same token: what did not fit into that write waits for the next delivery.
Where the token field proves nothing the journal is asked, and where that is closed, too, a person has to look.
For a record that the state does not know, a note twice is better than one that never arrives.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from connector.errors import ConnectorError, RejectedError
from connector.model import Delivery, Link, NoteInHand
from connector.targets.servicenow.calls import Calls
from connector.targets.servicenow.dialect import Dialect
from connector.targets.servicenow.journal import unwritten
from connector.targets.servicenow.row import Memory, Row

UNCERTAIN = "sent without knowing whether the record had them: its journal cannot be read whole"


@dataclass(frozen=True, slots=True)
class Noting:
    """What becomes of the notes: `there` are on the record already, `send` go out now, `errors` are by id.

    The others wait for the next delivery. `remark` tells what is uncertain about those sent.
    """

    there: tuple[NoteInHand, ...] = ()
    send: tuple[NoteInHand, ...] = ()
    errors: Mapping[str, ConnectorError] = field(default_factory=dict)
    remark: str = ""

    @property
    def done(self) -> tuple[str, ...]:
        """The ids of the notes that are on the record once those to send have been taken."""
        return tuple(note.id for note in (*self.there, *self.send))


def all_new(dialect: Dialect, notes: Sequence[NoteInHand]) -> Noting:
    """The notes of a record that has none of them; as many go out as one write holds."""
    return Noting(send=dialect.fitting(notes))


async def noting(calls: Calls, dialect: Dialect, delivery: Delivery, link: Link, row: Row | None) -> Noting:
    """What to do with the notes of a record that exists; `row` is what was read of it for this attempt."""
    notes = delivery.notes
    if dialect.landed(delivery, row):
        return Noting(there=dialect.fitting([note for note in notes if note.sent]))
    doubt = row is not None and delivery.in_doubt and not _proves(dialect, link, row)
    if not notes or (delivery.link is not None and not doubt):
        return all_new(dialect, notes)
    missing, whole = await unwritten(calls, link.external_id, dialect.note_field, notes)
    there = tuple(note for note in notes if note not in missing)
    lost = () if whole or not doubt else tuple(note for note in missing if note.sent)
    send = dialect.fitting([note for note in missing if note not in lost])
    errors = {note.id: _in_doubt(dialect) for note in lost}
    return Noting(there, send, errors, UNCERTAIN if send and not whole else "")


def _proves(dialect: Dialect, link: Link, row: Row) -> bool:
    """Whether the absence of a token proves that the write it travelled with did not arrive."""
    if link.version and row.has("sys_mod_count", link.version):
        return True
    memory = Memory.of(link)
    if memory.token:  # another text than ours: somebody else writes to this field, maybe over our token
        return row.has(dialect.token_field, memory.token)
    return bool(row.text(dialect.token_field)) and not memory.tokenless


def _in_doubt(dialect: Dialect) -> RejectedError:
    return RejectedError(
        f"the answer to the note was lost, and neither {dialect.token_field} nor the journal tells if it arrived",
        part="notes",
        signature="note_in_doubt",
        remedy=f"look at the record, then retry or discard it; let the account write {dialect.token_field}",
        alone=True,
    )
