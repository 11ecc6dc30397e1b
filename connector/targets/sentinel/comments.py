"""Notes as comments: their ids, their text, and what becomes of each.

Every comment has an id that follows from its note, so that writing it a second time changes nothing. They
go out one after the other, after the incident: a comment gives the incident a new etag, so writing both at
once makes conflicts. The text may hold HTML, which the portal would carry out, so it is escaped.

Source: learn.microsoft.com, "Incident Comments - Create Or Update", "Service limits for Microsoft Sentinel"
(30,000 characters, 100 comments for an incident).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from connector.errors import ConnectorError, RejectedError
from connector.model import Delivery, NoteInHand
from connector.targets.notes import shortened
from connector.targets.sentinel.calls import Calls
from connector.targets.sentinel.catalogue import SENTINEL_CATALOGUE

_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})


@dataclass(frozen=True, slots=True)
class Outcome:
    """Which notes are on the target now, why others are not, and whether the etag we hold is outdated."""

    done: tuple[str, ...] = ()
    errors: Mapping[str, ConnectorError] = field(default_factory=dict)
    moved_etag: bool = False


async def write_comments(calls: Calls, name: str, delivery: Delivery, place: str) -> Outcome:
    """Write the delivery's notes to the incident `name`; raises nothing, each note has its own outcome.

    `place` is the part of the ids that tells this workspace from others. A refused note does not stop the
    next one; any other trouble would meet that one too, so the rest waits.
    """
    done: list[str] = []
    errors: dict[str, ConnectorError] = {}
    trouble: ConnectorError | None = None
    for note in delivery.notes:
        if trouble is None:
            trouble = await _write(calls, name, comment_id(delivery, note, place), note, errors)
        if trouble is not None:
            errors[note.id] = trouble
        elif note.id not in errors:
            done.append(note.id)
    return Outcome(tuple(done), errors, moved_etag=bool(done) or trouble is not None)


async def _write(
    calls: Calls, name: str, comment: UUID, note: NoteInHand, refused: dict[str, ConnectorError]
) -> ConnectorError | None:
    """Write one comment; a refusal is noted in `refused`, trouble that is not about this note is returned."""
    try:
        await calls.comment(name, comment, message_of(note.text))
    except RejectedError as error:
        refused[note.id] = error
    except ConnectorError as error:
        return error
    return None


def comment_id(delivery: Delivery, note: NoteInHand, place: str) -> UUID:
    """The id of a note's comment: the same for every attempt."""
    return delivery.key.chosen_id(
        target=place, table="comments", purpose=note.id, generation=delivery.generation
    )


def message_of(text: str) -> str:
    """A note's text as the message of a comment: nothing in it is markup, nothing beyond the limit."""
    return shortened(text, SENTINEL_CATALOGUE.note_limit, lambda part: part.translate(_ESCAPES))
