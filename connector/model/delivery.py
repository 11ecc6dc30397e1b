"""One attempt to make a target agree, what is known of the record there, and what the target answered."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from connector.errors import ConnectorError
from connector.model.catalogue import Catalogue
from connector.model.incident import JSON, IncidentKey
from connector.model.record import FieldValue, Record


@dataclass(frozen=True, slots=True)
class Link:
    """What was delivered for (route, incident).

    `applied` holds the value per field that we last intended and the target acknowledged, `left` those we intended
    and the target left, because a person had edited the field or somebody to refer to was not found. `remote` is the
    part of the target's last answer that the next write needs (Sentinel: etag and properties; ServiceNow: the echoed
    fields). `stale` says that `remote` is known to be out of date, e.g. because our own comment changed the etag.
    """

    external_id: str
    number: str = ""
    url: str = ""
    applied: Mapping[str, FieldValue] = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    version: str = ""
    remote: JSON = None
    stale: bool = False
    generation: int = 0
    left: Mapping[str, FieldValue] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NoteInHand:
    """A stored note on its way: its identity (stable, unique on the target) and its text, marker included.

    `sent` is set when an earlier attempt carried it and the answer was lost. With a `title` it is a task.
    """

    id: str
    text: str
    sent: bool = False
    title: str = ""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One attempt for (route, incident): what to make so, what we know of the record, which notes to append.

    `token` identifies the attempt and stays the same until its outcome is known. `in_doubt` is set when an
    earlier attempt with this token got no answer: the target must look before it writes. `same_content` tells
    whether that earlier attempt carried exactly this record; if it did not, `doubtful` gives, by field, the other
    values that unanswered attempts may have left there, and `doubtful_tags` the tags of ours that may be there or not.
    """

    route: str
    key: IncidentKey
    record: Record
    link: Link | None = None
    notes: tuple[NoteInHand, ...] = ()
    token: str = ""
    in_doubt: bool = False
    same_content: bool = True
    doubtful: Mapping[str, tuple[FieldValue, ...]] = field(default_factory=dict)
    doubtful_tags: tuple[str, ...] = ()
    may_create: bool = True
    created_hint: str = ""  # the incident's createdDateTime: where to stop looking in a list
    generation: int = 0

    @property
    def target_key(self) -> str:
        """The key this delivery's record carries on the target."""
        return self.key.on_target(self.generation)

    def without_notes(self) -> "Delivery":
        """The same delivery, fields and tags only."""
        return replace(self, notes=())

    def only_notes(self) -> "Delivery":
        """The same delivery, notes only: the record is what the target already holds."""
        applied = self.link.applied if self.link else {}
        tags = self.link.tags if self.link else ()
        return replace(self, record=Record(applied, tags, when_record=self.record.when_record))


@dataclass(frozen=True, slots=True)
class NotTaken:
    """A field the target answered for with another value than it was sent."""

    field: str
    sent: JSON
    held: JSON


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the target answered.

    `link` is the new knowledge of the record. `wrote` lists the fields and tags sent in this attempt. `left` gives
    fields not written and why (edited by a person, user not found). `notes` are the ids that are on the target now;
    `note_errors` the others, by id. `request_ids` are the far side's ids of the requests, for support cases.
    """

    link: Link
    created: bool = False
    wrote: Mapping[str, FieldValue] = field(default_factory=dict)
    tags_added: tuple[str, ...] = ()
    tags_removed: tuple[str, ...] = ()
    not_taken: tuple[NotTaken, ...] = ()
    left: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    note_errors: Mapping[str, ConnectorError] = field(default_factory=dict)
    request_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Seen:
    """What a target holds of a record at the moment of a look.

    `fields` are the values as people would read them, by name, as far as they could be asked for. `edited` names those
    that are not what we applied last. `version` changes whenever anybody writes to the record.
    """

    fields: Mapping[str, JSON] = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    version: str = ""
    number: str = ""
    url: str = ""
    edited: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Quota:
    """At most `limit` operations in any `seconds`, shared by everything that names the same `group`.

    `reserve` is the part of the limit that only hand-overs to the customer may use.
    """

    group: str
    limit: int
    seconds: int
    reserve: int = 0


class Target(Protocol):
    """A system whose records we keep equal to what XDR knows. Implementations raise only `ConnectorError`s."""

    @property
    def name(self) -> str:
        """The name given in the configuration."""
        ...

    @property
    def catalogue(self) -> Catalogue:
        """What this type of target can hold."""
        ...

    @property
    def quotas(self) -> Mapping[str, Quota]:
        """The limits that hold for each class of operation; empty: none."""
        ...

    @property
    def creates(self) -> bool:
        """Whether a delivery without a link makes a record, rather than wait for one that somebody else makes."""
        ...

    def cost(self, delivery: Delivery) -> Mapping[str, int]:
        """How many operations of each class a delivery is expected to take."""
        ...

    async def open(self, *, first_use: bool) -> None:
        """Called once per process before the first write; `first_use` when the state holds no link to the target."""
        ...

    async def prepare(self, deliveries: Sequence[Delivery]) -> None:
        """Make the look-ups that one request can answer for many deliveries; what it learns serves `apply`."""
        ...

    async def apply(self, delivery: Delivery) -> Receipt:
        """Make the target agree. Idempotent: the same delivery again changes nothing and appends nothing."""
        ...

    async def look(self, deliveries: Sequence[Delivery]) -> list[Seen | None]:
        """What the target holds of the record that each delivery is linked to; None: no link, or no record."""
        ...

    async def probe(self) -> None:
        """Ask the target whether it is there and whether our credentials suffice; raise if not."""
        ...

    async def close(self) -> None:
        """Give connections back."""
        ...
