"""What a delivery may write, decided alike for every target: keys, fields that people edited, values applied.

Pure. How a target compares a value it holds with one we know is passed in, because a service gives values
back in its own form.
"""

from collections.abc import Callable, Mapping

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


def fields_due(delivery: Delivery, link: Link | None, catalogue: Catalogue) -> dict[str, FieldValue]:
    """The fields a write carries; `link` is None for a new record, and empty for one that is adopted."""
    return fields_to_write(delivery.record, link, catalogue, delivery.doubtful.keys())


def tags_due(delivery: Delivery, link: Link | None) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The tags of ours to add and to take away."""
    return tags_to_write(delivery.record, link, delivery.doubtful_tags)


def asks_if_edited(delivery: Delivery, link: Link, catalogue: Catalogue) -> bool:
    """Whether a field is due that may only be written after a look at the record."""
    modes = delivery.record.modes
    return any(modes.get(name) is Mode.UNLESS_EDITED for name in fields_due(delivery, link, catalogue))


def edited(delivery: Delivery, link: Link, catalogue: Catalogue, holds: Holds) -> dict[str, str]:
    """The due fields that must be left because of a person's edit, each with the reason.

    A field we never applied counts as edited unless it is empty or already as wanted. Fields of one group
    that are written only unless edited are left together: half of a person's decision is no decision.
    """
    due = fields_due(delivery, link, catalogue)
    careful = {n: v for n, v in due.items() if delivery.record.modes.get(n) is Mode.UNLESS_EDITED}
    left = {
        name: why for name, wanted in careful.items() if (why := _edit(name, wanted, delivery, link, holds))
    }
    for name, why in list(left.items()):
        left |= {member: why for member in catalogue.group(name) & careful.keys() if member not in left}
    return left


def _edit(name: str, wanted: FieldValue, delivery: Delivery, link: Link, holds: Holds) -> str:
    ours = (wanted, *delivery.doubtful.get(name, ()))
    if any(holds(name, value) for value in ours):
        return ""
    if name in link.applied:
        return "" if holds(name, link.applied[name]) else EDITED
    return "" if holds(name, None) else NOT_OURS


def fields_allowed(
    delivery: Delivery, link: Link, catalogue: Catalogue, left: Mapping[str, str]
) -> dict[str, FieldValue]:
    """The due fields without those left; nothing when only fields remain that came along with a left one."""
    fields = {n: v for n, v in fields_due(delivery, link, catalogue).items() if n not in left}
    applied = {n: v for n, v in link.applied.items() if n not in delivery.doubtful}
    return fields if any(n not in applied or applied[n] != v for n, v in fields.items()) else {}


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
