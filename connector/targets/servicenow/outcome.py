"""What an attempt did, and the receipt and link that follow from it. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from connector.model import Delivery, FieldValue, Link, Receipt
from connector.targets.servicenow.dialect import Dialect
from connector.targets.servicenow.noting import Noting
from connector.targets.servicenow.row import Memory, Row, not_taken
from connector.targets.servicenow.tags import tags_field
from connector.targets.writing import applied_after, tags_after, tags_due

NOTES = "notes"  # where a receipt says what is uncertain about notes


@dataclass(frozen=True, slots=True)
class Outcome:
    """The record after an attempt.

    `row` is what was seen of it last, None when no request was needed. `sent` are the texts of the write,
    `fields` the values of ours `row` answers for. `left` gives fields not written, with the reason. `noting` is what
    became of the notes. `through` are the states that a write passes before the one in `sent`. `instead` is the
    delivery that was made where the record of the one asked for could not be written any more.
    """

    link: Link
    row: Row | None = None
    sent: Mapping[str, str] = field(default_factory=dict)
    fields: Mapping[str, FieldValue] = field(default_factory=dict)
    left: Mapping[str, str] = field(default_factory=dict)
    created: bool = False
    noting: Noting = field(default_factory=Noting)
    through: tuple[str, ...] = ()
    instead: Delivery | None = None


def receipt(delivery: Delivery, outcome: Outcome, dialect: Dialect, ids: Sequence[str]) -> Receipt:
    """What the target answers for a delivery."""
    delivery = outcome.instead or delivery
    wrote_tags = tags_field(delivery.record) in outcome.sent
    add, remove = tags_due(delivery, delivery.link) if wrote_tags else ((), ())
    return Receipt(
        link=_link(delivery, outcome, dialect),
        created=outcome.created,
        wrote={name: value for name, value in outcome.fields.items() if name in outcome.sent},
        tags_added=add,
        tags_removed=remove,
        not_taken=not_taken(outcome.sent, outcome.row) if outcome.row is not None else (),
        left=_left(outcome),
        notes=outcome.noting.done,
        note_errors=outcome.noting.errors,
        request_ids=tuple(ids),
    )


def _link(delivery: Delivery, outcome: Outcome, dialect: Dialect) -> Link:
    old, row = delivery.link or outcome.link, outcome.row
    lost = {name: outcome.fields[name] for name in outcome.left if name in outcome.fields}
    applied = {**applied_after(delivery, outcome.left), **lost}
    if row is None:
        return replace(old, applied=applied, tags=tags_after(delivery), generation=delivery.generation)
    return Link(
        external_id=row.sys_id,
        number=row.number or old.number,
        url=dialect.url(row.sys_id),
        applied=applied,
        tags=tags_after(delivery),
        version=row.text("sys_mod_count") or old.version,
        remote=_memory(delivery, outcome, row, dialect).remote(),
        generation=delivery.generation,
        left=old.left,
    )


def _left(outcome: Outcome) -> Mapping[str, str]:
    remark = outcome.noting.remark
    return {**outcome.left, NOTES: remark} if remark else outcome.left


def _memory(delivery: Delivery, outcome: Outcome, row: Row, dialect: Dialect) -> Memory:
    memory = Memory.of(delivery.link).after(row, outcome.fields)
    if delivery.token and row.has(dialect.token_field, delivery.token):
        return replace(memory, tokenless=False, token=delivery.token)
    return replace(memory, tokenless=True) if dialect.token_field in outcome.sent else memory
