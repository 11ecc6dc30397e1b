"""How one table is used: the fields for key, token, notes and tags, and the bodies that follow. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate

from connector.model import Catalogue, Delivery, NoteInHand
from connector.targets.notes import shortened
from connector.targets.servicenow.catalogue import NOTE_LIMIT
from connector.targets.servicenow.lifecycle import LifeCycle
from connector.targets.servicenow.row import KEY, Row
from connector.targets.servicenow.values import harmless

_BETWEEN = "\n\n"


@dataclass(frozen=True, slots=True)
class Kind:
    """A sort of table: what its records hold, and how they move from state to state.

    `writers` are the roles that come with the right to write it.
    """

    catalogue: Catalogue
    cycle: LifeCycle
    writers: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class TaskTable:
    """Where tasks of records in the table `of` are records of their own; `parents` are the fields that say of which.

    `writers` are the roles that are known to come with the right to create there.
    """

    name: str
    of: str
    parents: tuple[str, ...]
    choose_sys_id: bool = True
    writers: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Dialect:
    """The choices of a user about one table. `tasks` None: a task is a note."""

    base_url: str
    table: str
    token_field: str
    note_field: str
    kind: Kind
    choose_sys_id: bool = True
    tasks: TaskTable | None = None

    def chosen_id(self, delivery: Delivery) -> str:
        """The sys_id of the delivery's record: the only key whose uniqueness the platform enforces."""
        chosen = delivery.key.chosen_id(
            target="servicenow", table=self.table, purpose="record", generation=delivery.generation
        )
        return chosen.hex

    def url(self, sys_id: str) -> str:
        """The address of a record for people."""
        return f"{self.base_url}/nav_to.do?uri={self.table}.do?sys_id={sys_id}"

    def landed(self, delivery: Delivery, row: Row | None) -> bool:
        """Whether an earlier attempt whose answer was lost arrived: then it left its token in the record."""
        lost = delivery.in_doubt and bool(delivery.token)
        return lost and row is not None and row.has(self.token_field, delivery.token)

    def creation(
        self, delivery: Delivery, values: Mapping[str, str], notes: Sequence[NoteInHand]
    ) -> dict[str, str]:
        """The body that creates the record: `values`, key, token, notes."""
        body = {**values, KEY: delivery.target_key, **self.noted(notes, "")}
        if delivery.token:
            body[self.token_field] = delivery.token
        if self.choose_sys_id:
            body["sys_id"] = self.chosen_id(delivery)
        return body

    def fitting(self, notes: Sequence[NoteInHand]) -> tuple[NoteInHand, ...]:
        """The first notes, as many as one write holds: their joint text is one entry, and a longer one is cut."""
        if len(notes) < 2:
            return tuple(notes)  # one by itself is cut to fit
        sizes = accumulate(len(_BETWEEN) + len(_text(note)) for note in notes)
        fit = sum(size <= NOTE_LIMIT + len(_BETWEEN) for size in sizes)
        return tuple(notes[:fit])

    def noted(self, notes: Sequence[NoteInHand], token: str) -> dict[str, str]:
        """The part of a body that appends notes; with the token, which tells later whether they arrived."""
        if not notes:
            return {}
        text = _BETWEEN.join(map(_text, notes))
        return {self.note_field: text, **({self.token_field: token} if token else {})}


def _text(note: NoteInHand) -> str:
    text = f"Task: {note.title}\n{note.text}" if note.title else note.text
    return shortened(text, NOTE_LIMIT, harmless)
