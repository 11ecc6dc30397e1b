"""Notes as comments and tasks as incident tasks: their ids, their text, and what becomes of each.

Each has an id that follows from its note, so that writing it a second time makes no twin. They go out one after the
other, after the incident: a comment gives the incident a new etag, so writing both at once makes conflicts. Whether a
task does so, too, is documented nowhere; it is taken for granted. A comment may be written twice, for nobody else
changes it. A task is looked for first: written twice, one that somebody has completed would be open again. Comments,
and the descriptions of tasks, may hold HTML, which the portal would carry out, so they are escaped.

Source: learn.microsoft.com, "Incident Comments - Create Or Update", "Incident Tasks - Create Or Update", "Service
limits for Microsoft Sentinel" (30,000 characters; 100 comments and 40 tasks for an incident).
"""

from uuid import UUID

from connector.errors import ForbiddenError
from connector.model import Delivery, NoteInHand
from connector.targets.appending import Appended, not_permitted, one_by_one
from connector.targets.notes import shortened, unmarked
from connector.targets.sentinel.calls import Calls
from connector.targets.sentinel.catalogue import SENTINEL_CATALOGUE

_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
_NEEDS_TASKS = "let the role write tasks (Microsoft.SecurityInsights/incidents/tasks/write), then retry"


async def write_notes(calls: Calls, name: str, delivery: Delivery, place: str, *, new: bool) -> Appended:
    """Write the delivery's notes and tasks to the incident `name`; each has its own outcome.

    `place` is the part of the ids that tells this workspace from others. `new`: no attempt before this one can have
    written to the incident.
    """

    async def append(note: NoteInHand) -> None:
        if note.title:
            await _ask(calls, name, task_id(delivery, note, place), note, new=new)
        else:
            await calls.comment(name, comment_id(delivery, note, place), message_of(note.text))

    return await one_by_one(delivery.notes, append)


async def _ask(calls: Calls, name: str, task: UUID, note: NoteInHand, *, new: bool) -> None:
    try:
        if new or not await calls.has_task(name, task):
            await calls.ask(name, task, note.title, description_of(note.text))
    except ForbiddenError as error:
        raise not_permitted(error, _NEEDS_TASKS) from error


def comment_id(delivery: Delivery, note: NoteInHand, place: str) -> UUID:
    """The id of a note's comment: the same for every attempt."""
    return delivery.key.chosen_id(
        target=place, table="comments", purpose=note.id, generation=delivery.generation
    )


def task_id(delivery: Delivery, note: NoteInHand, place: str) -> UUID:
    """The id of a task: the same for every attempt, and that of no comment."""
    return delivery.key.chosen_id(
        target=place, table="tasks", purpose=note.id, generation=delivery.generation
    )


def message_of(text: str) -> str:
    """A note's text as the message of a comment: nothing in it is markup, nothing beyond the limit."""
    return shortened(text, SENTINEL_CATALOGUE.note_limit, _escaped)


def description_of(text: str) -> str:
    """A task's text as its description, without the marker: Microsoft copies no tasks into Defender."""
    return shortened(unmarked(text), SENTINEL_CATALOGUE.task_text_limit, _escaped)


def _escaped(text: str) -> str:
    return text.translate(_ESCAPES)
