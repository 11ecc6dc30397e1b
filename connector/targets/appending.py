"""What is appended to a record one by one, each with an outcome of its own: comments where they are separate, tasks.

A refused one stops none of the others. Any other trouble would meet the next one, too, so the rest waits. A permission
that is missing for tasks alone must not stop everything else that the target takes, so it refuses the task.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field

from connector.errors import ConnectorError, ForbiddenError, RejectedError
from connector.model import NoteInHand


@dataclass(frozen=True, slots=True)
class Appended:
    """The ids of what is on the target now, and why the others are not. `troubled`: an answer may have been lost."""

    done: tuple[str, ...] = ()
    errors: Mapping[str, ConnectorError] = field(default_factory=dict)
    troubled: bool = False


async def one_by_one(
    notes: Iterable[NoteInHand], append: Callable[[NoteInHand], Awaitable[None]]
) -> Appended:
    """Append notes and tasks in order; raises nothing that `append` raises as a ConnectorError."""
    done: list[str] = []
    errors: dict[str, ConnectorError] = {}
    trouble: ConnectorError | None = None
    for note in notes:
        if trouble is None:
            try:
                await append(note)
                done.append(note.id)
                continue
            except RejectedError as error:
                errors[note.id] = error
                continue
            except ConnectorError as error:
                trouble = error
        errors[note.id] = trouble
    return Appended(tuple(done), errors, troubled=trouble is not None)


def not_permitted(error: ForbiddenError, remedy: str) -> RejectedError:
    """The refusal of a task for which a permission is missing."""
    return RejectedError(error.message, part="notes", signature="task_forbidden", remedy=remedy, alone=True)
