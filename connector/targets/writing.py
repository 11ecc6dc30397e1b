"""What a delivery may write, decided alike for every target: keys, fields that people edited, values applied.

Pure. How a target compares a value it holds with one we know is passed in, because a service gives values
back in its own form.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from connector.errors import RejectedError
from connector.model import Catalogue, Delivery, FieldValue, Link, Mode
from connector.plan import fields_to_write, tags_to_write

# Whether the target holds a value in a field, in whichever form.
Holds = Callable[[str, FieldValue], bool]

EDITED = "edited by a person since we wrote it"
NOT_OURS = "holds a value that we did not write"


def check_key(delivery: Delivery) -> None:
    """Raise RejectedError for a key that could match records of other incidents."""
    if not delivery.key.tenant.strip() or not delivery.key.incident.strip():
        raise RejectedError(
            "the incident has no tenant id or no incident id, so its record could be anybody's",
            part="record",
            signature="empty_key",
            alone=True,
        )


def fields_at_creation(delivery: Delivery, catalogue: Catalogue) -> dict[str, FieldValue]:
    """The fields that a new record is made with."""
    return fields_to_write(delivery.record, None, catalogue)


def tags_due(delivery: Delivery, link: Link | None) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The tags of ours to add and to take away."""
    return tags_to_write(delivery.record, link, delivery.doubtful_tags)


@dataclass(frozen=True, slots=True)
class Due:
    """What a delivery has to write to a record that exists, worked out once for all who ask.

    `link` is what is known of the record; that of an adopted one is empty but for its id. `fields` are those a write
    carries, `add` and `remove` our tags.
    """

    delivery: Delivery
    link: Link
    catalogue: Catalogue
    fields: Mapping[str, FieldValue]
    add: tuple[str, ...]
    remove: tuple[str, ...]

    @classmethod
    def of(cls, delivery: Delivery, link: Link, catalogue: Catalogue) -> "Due":
        """What is due of a delivery to the record of `link`."""
        fields = fields_to_write(delivery.record, link, catalogue, delivery.doubtful.keys())
        return cls(delivery, link, catalogue, fields, *tags_due(delivery, link))

    @property
    def has_tags(self) -> bool:
        """Whether a tag is to be added or taken away."""
        return bool(self.add or self.remove)

    def asks_if_edited(self) -> bool:
        """Whether a field is due that may only be written after a look at the record."""
        modes = self.delivery.record.modes
        return any(modes.get(name) is Mode.UNLESS_EDITED for name in self.fields)

    def edited(self, holds: Holds) -> dict[str, str]:
        """The fields that must be left because of a person's edit, each with the reason.

        A field we never applied counts as edited unless it is empty or already as wanted. Fields of one group
        that are written only unless edited are left together: half of a person's decision is no decision.
        """
        modes = self.delivery.record.modes
        careful = {n: v for n, v in self.fields.items() if modes.get(n) is Mode.UNLESS_EDITED}
        left = {name: why for name, wanted in careful.items() if (why := self._edit(name, wanted, holds))}
        for name, why in list(left.items()):
            group = self.catalogue.group(name) & careful.keys()
            left |= {member: why for member in group if member not in left}
        return left

    def allowed(self, left: Mapping[str, str]) -> dict[str, FieldValue]:
        """The fields without those left; nothing when only fields remain that came along with a left one."""
        fields = {n: v for n, v in self.fields.items() if n not in left}
        return fields if any(self._is_news(n, v) for n, v in fields.items()) else {}

    def _edit(self, name: str, wanted: FieldValue, holds: Holds) -> str:
        ours = (wanted, *self.delivery.doubtful.get(name, ()))
        if any(holds(name, value) for value in ours):
            return ""
        if name in self.link.applied:
            return "" if holds(name, self.link.applied[name]) else EDITED
        return "" if holds(name, None) else NOT_OURS

    def _is_news(self, name: str, value: FieldValue) -> bool:
        applied = self.link.applied
        return name in self.delivery.doubtful or name not in applied or applied[name] != value


def applied_after(delivery: Delivery, left: Mapping[str, str]) -> dict[str, FieldValue]:
    """The value per field that we intended and the target acknowledged, once this delivery is done.

    A field that was left keeps what was applied before, so that it is looked at again with the next delivery.
    """
    before = delivery.link.applied if delivery.link else {}
    return {**before, **{n: v for n, v in delivery.record.fields.items() if n not in left}}


def tags_after(delivery: Delivery) -> tuple[str, ...]:
    """Our tags on the record once this delivery is done; none of them is lost while a rule is undecided."""
    tags = delivery.record.tags
    if not delivery.record.keep_tags or delivery.link is None:
        return tags
    known = {tag.casefold() for tag in tags}
    return (*tags, *(tag for tag in delivery.link.tags if tag.casefold() not in known))
