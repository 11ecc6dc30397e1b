"""Tasks as records of their own, in a table whose rows refer to the record.

Each is made once: under a sys_id of our choice, which the instance lets exist once, and with a key in `correlation_id`
for instances that do not keep a chosen sys_id. The key is looked for before a task is made, unless its record is new.
Nothing is changed on a task that is there: it belongs to whoever works on it. Neither the account's missing right to
the table nor a rule of the site holds up the record or its notes.

Sources: ServiceNow docs, "Table API", "Incident tasks", "Response tasks" (Security Incident Response).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from connector.errors import ConflictError, ForbiddenError
from connector.model import Delivery, IncidentKey, NoteInHand, NotTaken, Receipt
from connector.targets.appending import not_permitted, one_by_one
from connector.targets.notes import unmarked
from connector.targets.servicenow.calls import Calls
from connector.targets.servicenow.dialect import TaskTable
from connector.targets.servicenow.row import KEY, not_taken

TEXTS = ("short_description", "description")
_KEY_PREFIX = "mdxdr-task"
_ID_LENGTH = 32
_BATCH = 100


def key_length(table: TaskTable) -> int:
    """How many characters the key of a task has."""
    return len(f"{_KEY_PREFIX}:{table.of}:") + _ID_LENGTH


def parted(delivery: Delivery, table: TaskTable | None) -> tuple[Delivery, tuple[NoteInHand, ...]]:
    """The delivery without the tasks that are records of their own, and these."""
    tasks = tuple(note for note in delivery.notes if note.title) if table else ()
    if not tasks:
        return delivery, ()
    return replace(delivery, notes=tuple(note for note in delivery.notes if not note.title)), tasks


@dataclass(frozen=True, slots=True)
class TaskMaker:
    """Makes the tasks of one delivery.

    `calls` are requests to their table. `new`: no attempt before this one can have made any of them.
    """

    key: IncidentKey
    table: TaskTable
    calls: Calls
    new: bool

    async def add_to(self, receipt: Receipt, tasks: Sequence[NoteInHand]) -> Receipt:
        """Make those that do not exist yet; the receipt of their record with what became of each."""
        lost: list[NotTaken] = []
        there: frozenset[str] | None = frozenset() if self.new else None

        async def make(task: NoteInHand) -> None:
            nonlocal there
            try:
                there = await self._there(tasks) if there is None else there
                if self._key(task) not in there:
                    lost.extend(await self._make(task, receipt.link.external_id))
            except ForbiddenError as error:
                raise not_permitted(error, self._remedy()) from error

        appended = await one_by_one(tasks, make)
        return replace(
            receipt,
            notes=(*receipt.notes, *appended.done),
            note_errors={**receipt.note_errors, **appended.errors},
            not_taken=(*receipt.not_taken, *lost),
            request_ids=tuple(self.calls.ids),
        )

    async def _there(self, tasks: Sequence[NoteInHand]) -> frozenset[str]:
        """The keys of those that exist."""
        keys = sorted(set(map(self._key, tasks)))
        found: set[str] = set()
        for start in range(0, len(keys), _BATCH):
            batch = keys[start : start + _BATCH]
            rows = await self.calls.rows(f"{KEY}IN{','.join(batch)}", ("sys_id", KEY), limit=2 * len(batch))
            found |= {row.key for row in rows}
        return frozenset(found.intersection(keys))

    async def _make(self, task: NoteInHand, record: str) -> list[NotTaken]:
        """Make a task; what the instance did not take of it."""
        texts = dict(zip((*TEXTS, KEY), (task.title, unmarked(task.text), self._key(task)), strict=True))
        values = {
            **{n: text for n, text in texts.items() if text},
            **dict.fromkeys(self.table.parents, record),
        }
        try:
            row = await self.calls.insert(values | self._chosen_id(task), ("sys_id", *values))
        except ConflictError:
            return []  # its sys_id or its key is taken, which nothing but this task can have done
        return [replace(each, field=f"{self.table.name}.{each.field}") for each in not_taken(values, row)]

    def _chosen_id(self, task: NoteInHand) -> dict[str, str]:
        if not self.table.choose_sys_id:
            return {}
        chosen = self.key.chosen_id(target="servicenow", table=self.table.name, purpose=self._key(task))
        return {"sys_id": chosen.hex}

    def _remedy(self) -> str:
        return f"let the account read and create in {self.table.name}, then retry; or let tasks be notes"

    def _key(self, task: NoteInHand) -> str:
        """What a task's row is found by: the same for every attempt, whichever record of ours the task refers to."""
        return f"{_KEY_PREFIX}:{self.table.of}:{task.id}"
