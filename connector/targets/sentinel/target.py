"""The Sentinel target: one delivery is one PUT, then its comments and tasks.

The last answer's etag and properties are kept with the link, so an update needs no read. Our own comment
moves the etag, so the link is marked stale and the next write reads once; a 409 from somebody else's write
reads and merges again, three times at most. An incident is looked at before it is written whenever an answer
was lost. A PUT makes a deleted incident anew. Where incidents are Microsoft's, writes are rare and none may be
made, so every update reads first; where they are ours, the answer tells and the receipt says it: a read before
every write would double the requests for the sake of a rare mistake.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import ClassVar, Protocol

from connector.errors import ConflictError, RejectedError
from connector.http import Peer
from connector.model import Catalogue, Delivery, Finding, Link, Quota, Receipt, Seen, Writing
from connector.targets.appending import Appended
from connector.targets.sentinel.calls import Calls, Place
from connector.targets.sentinel.catalogue import SENTINEL_CATALOGUE
from connector.targets.sentinel.comments import write_notes
from connector.targets.sentinel.incident import Changes, Held, body_of, from_link, holds, not_taken
from connector.targets.sentinel.inspection import inspect_workspace
from connector.targets.sentinel.rehearsal import seen
from connector.targets.writing import Due, applied_after, check_key, fields_at_creation, tags_after

INCIDENT_WRITES = "incident_writes"
COMMENT_WRITES = "comment_writes"
TASK_WRITES = "task_writes"
COMMENTS = "comments"
MADE_ANEW = (
    "the incident was gone, and the update made it anew without its earlier comments, which cannot be resent"
)
_MERGES = 3


class Finder(Protocol):
    """Where the incident of a delivery without a link is: one implementation for each owner of incidents."""

    creates: ClassVar[bool]
    """Whether an incident may come into being by our write; where not, an update must see it first."""

    async def open(self, *, first_use: bool) -> None:
        """See `Target.open`."""
        ...

    async def probe(self) -> None:
        """See `Target.probe`."""
        ...

    async def prepare(self, deliveries: Sequence[Delivery]) -> None:
        """See `Target.prepare`."""
        ...

    async def find(self, calls: Calls, delivery: Delivery) -> Held | str:
        """The incident, or the name under which it may be created."""
        ...

    def linked(self, name: str) -> None:
        """Told that the state knows the incident `name` now."""
        ...


@dataclass(frozen=True, slots=True)
class _Written:
    """The incident after the write, what the write changed, and what it left."""

    held: Held
    changes: Changes = field(default_factory=Changes)
    left: Mapping[str, str] = field(default_factory=dict)


class SentinelTarget:
    """Sentinel incidents of one workspace."""

    def __init__(
        self,
        name: str,
        *,
        peer: Peer,
        place: Place,
        identity: str,
        finder: Finder,
        quotas: Mapping[str, Quota],
    ) -> None:
        """`identity` is the part of chosen ids that stands for the workspace; decided once, never changed."""
        self._name = name
        self._peer = peer
        self._place = place
        self._identity = identity
        self._finder = finder
        self._quotas = quotas

    @property
    def name(self) -> str:
        """The name given in the configuration."""
        return self._name

    @property
    def catalogue(self) -> Catalogue:
        """What a Sentinel incident can hold."""
        return SENTINEL_CATALOGUE

    @property
    def quotas(self) -> Mapping[str, Quota]:
        """The limits by class of operation."""
        return self._quotas

    @property
    def creates(self) -> bool:
        """Whether incidents are ours; Microsoft's are only joined."""
        return self._finder.creates

    def cost(self, delivery: Delivery) -> Mapping[str, int]:
        """One incident write if anything changes, one comment write for each note, one task write for each task.

        An incident that is to be joined counts as found: one that is not there yet costs nothing, which only
        the attempt can tell.
        """
        link = delivery.link
        writes = 1 if link is None or _changes(_due(delivery, link)) else 0
        tasks = sum(bool(note.title) for note in delivery.notes)
        cost = {
            INCIDENT_WRITES: writes,
            COMMENT_WRITES: len(delivery.notes) - tasks,
            TASK_WRITES: tasks,
        }
        return {name: count for name, count in cost.items() if count}

    async def open(self, *, first_use: bool) -> None:
        """Look at the workspace before anything is written to it."""
        await self._finder.open(first_use=first_use)

    async def prepare(self, deliveries: Sequence[Delivery]) -> None:
        """Find the incidents of all deliveries that have none yet."""
        await self._finder.prepare(deliveries)

    async def apply(self, delivery: Delivery) -> Receipt:
        """Make the incident agree, then write the notes; a refused note never undoes the incident's write."""
        check_key(delivery)
        calls = Calls(self._place)
        if delivery.link is None:
            written = await self._start(calls, delivery)
        else:
            self._finder.linked(delivery.link.external_id)
            written = await self._continue(calls, delivery, delivery.link)
        name, new = written.held.name, written.held.created and not delivery.in_doubt
        appended = await write_notes(calls, name, delivery, self._identity, new=new)
        return _receipt(delivery, written, appended, calls.ids)

    async def look(self, deliveries: Sequence[Delivery]) -> list[Seen | None]:
        """Read the incidents, each by itself: the service has no list by name."""
        try:
            async with asyncio.TaskGroup() as reading:
                tasks = [reading.create_task(self._look(delivery.link)) for delivery in deliveries]
        except ExceptionGroup as group:
            raise group.exceptions[0] from group  # one is as good as any: they ask one service for one reason
        return [task.result() for task in tasks]

    async def probe(self) -> None:
        """Read from the workspace. Raises AuthError when a person has to act."""
        await self._finder.probe()

    async def inspect(self, writings: Sequence[Writing]) -> list[Finding]:
        """Who fills the workspace, and whether our role lets us write."""
        return await inspect_workspace(self._place, writings, creates=self._finder.creates)

    async def close(self) -> None:
        """Give the connections back."""
        await self._peer.close()

    async def _look(self, link: Link | None) -> Seen | None:
        held = await Calls(self._place).find(link.external_id) if link is not None else None
        return seen(link, held) if link is not None and held is not None else None

    async def _start(self, calls: Calls, delivery: Delivery) -> _Written:
        """The first write for this incident: adopt what is there, or create it."""
        found = await self._finder.find(calls, delivery)
        if isinstance(found, Held):
            written = await _agree(calls, _due(delivery, Link(found.name)), found)
            return replace(written, held=replace(written.held, created=found.created))
        changes = _creation(delivery)
        try:
            return _Written(await calls.put(found, body_of(changes, None)), changes)
        except ConflictError:
            return await _agree(calls, _due(delivery, Link(found)), await calls.read(found))

    async def _continue(self, calls: Calls, delivery: Delivery, link: Link) -> _Written:
        """A later write; without anything to change the incident is not even read."""
        due = _due(delivery, link)
        if not _changes(due):
            return _Written(Held(link.external_id, ""))
        looks = delivery.in_doubt or not self._finder.creates
        held = None if looks else from_link(link)
        written = await _agree(calls, due, held or await _read_linked(calls, link))
        if not written.held.created:
            return written
        return replace(written, left={**written.left, COMMENTS: MADE_ANEW})


async def _agree(calls: Calls, due: Due, held: Held) -> _Written:
    """Write what differs; after a conflict read and merge again."""
    for merges_left in range(_MERGES, -1, -1):
        left = due.edited(partial(holds, held))
        changes = _changes(due, left)
        if held.fresh:
            changes = changes.beyond(held)
        if not changes:
            return _Written(held, left=left)
        try:
            return _Written(await calls.put(held.name, body_of(changes, held)), changes, left)
        except ConflictError:
            if not merges_left:
                raise
        held = await _read_linked(calls, due.link)
    raise AssertionError("the loop returns or raises")


async def _read_linked(calls: Calls, link: Link) -> Held:
    held = await calls.find(link.external_id)
    if held is None:
        raise RejectedError(
            f"Sentinel incident {link.number or link.external_id} is no longer there",
            part="record",
            signature="not_found",
            remedy="it was deleted in the workspace; discard the row, or let a new incident be made",
            alone=True,
        )
    return held


def _due(delivery: Delivery, link: Link) -> Due:
    return Due.of(delivery, link, SENTINEL_CATALOGUE)


def _changes(due: Due, left: Mapping[str, str] | None = None) -> Changes:
    return Changes(due.allowed(left or {}), due.add, due.remove)


def _creation(delivery: Delivery) -> Changes:
    fields = fields_at_creation(delivery, SENTINEL_CATALOGUE)
    missing = sorted(SENTINEL_CATALOGUE.required - fields.keys())
    if missing:
        raise RejectedError(
            f"an incident cannot be created without {', '.join(missing)}",
            part="record",
            field=missing[0],
            signature="required",
            remedy="set it in the mapping",
            alone=True,
        )
    return Changes(fields, delivery.record.tags)


def _receipt(delivery: Delivery, written: _Written, appended: Appended, ids: Sequence[str]) -> Receipt:
    changes, held = written.changes, written.held
    return Receipt(
        link=_link(delivery, written, appended),
        created=held.created,
        wrote=changes.fields,
        tags_added=changes.add,
        tags_removed=changes.remove,
        not_taken=not_taken(changes, held),
        left=written.left,
        notes=appended.done,
        note_errors=appended.errors,
        request_ids=tuple(ids),
    )


def _link(delivery: Delivery, written: _Written, appended: Appended) -> Link:
    old, held = delivery.link or Link(""), written.held
    answered = bool(held.etag)  # not when nothing was to be written
    return Link(
        external_id=held.name,
        number=held.number or old.number,
        url=held.url or old.url,
        applied=applied_after(delivery, written.left),
        tags=tags_after(delivery),
        version=held.etag or old.version,
        remote=held.remote() if answered else old.remote,
        stale=bool(appended.done) or appended.troubled or (old.stale and not answered),
        generation=delivery.generation,
        left=old.left,
    )
