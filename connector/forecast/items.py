"""From what was tried to what a plan says. Pure."""

from collections.abc import Collection, Iterator, Mapping, Sequence

from connector.forecast.plan import Action, FieldChange, Item, Write
from connector.forecast.rehearsing import Attempt
from connector.model import JSON, Delivery, FieldValue, IncidentKey, Link, Lookup, NoteInHand, Receipt, Seen
from connector.store.undelivered import Undelivered

Place = tuple[str, IncidentKey]


def items_of(
    meant: Sequence[Undelivered],
    left: Mapping[Place, Undelivered],
    tried: Mapping[Place, Sequence[Attempt]],
    seen: Mapping[Place, Seen | None],
    titles: Mapping[IncidentKey, str],
    before: Collection[Place],
) -> list[Item]:
    """One item for each incident and route for which something was `meant`, in the order of their delivery.

    `left` is what remained of it after everything was `tried`; `before` is what waited when the plan was begun.
    """
    ordered = sorted(meant, key=_turn)
    return [
        _item(
            each,
            left.get((each.route, each.key)),
            tried.get((each.route, each.key), ()),
            seen.get((each.route, each.key)),
            title=titles.get(each.key, ""),
            waiting=(each.route, each.key) in before,
        )
        for each in ordered
    ]


def to_look_at(attempts: Sequence[Attempt]) -> Delivery | None:
    """The delivery by which to look at the record as it is before; None where there is none or nothing is written."""
    first, receipt = attempts[0].delivery, _last(attempts)
    if not any(each.writes for each in attempts):
        return None
    if first.link is None and receipt is not None and not receipt.created:
        return _linked(first, Link(receipt.link.external_id))
    return first if first.link is not None else None


def _linked(delivery: Delivery, link: Link) -> Delivery:
    return Delivery(delivery.route, delivery.key, delivery.record, link)


def _turn(each: Undelivered) -> tuple[str, str, int, str]:
    row = each.row
    if row is None:
        return ("", each.route, 0, each.key.incident)
    return (row.target, "", row.priority, f"{row.since.isoformat()} {row.id:020}")


def _item(
    meant: Undelivered,
    left: Undelivered | None,
    attempts: Sequence[Attempt],
    seen: Seen | None,
    *,
    title: str,
    waiting: bool,
) -> Item:
    row, receipts = meant.row, [each.receipt for each in attempts if each.receipt is not None]
    writes = tuple(
        Write(method=write.method, path=write.path, body=write.body)
        for each in attempts
        for write in each.writes
    )
    link = receipts[-1].link if receipts else attempts[0].delivery.link if attempts else None
    return Item(
        route=meant.route,
        target=row.target if row else "",
        tenant=meant.key.tenant,
        incident=meant.key.incident,
        action=_action(receipts, writes, left),
        waiting=waiting,
        title=title,
        revision=row.revision.raw if row else "",
        content=row.content if row else "",
        mapping=row.mapping if row else "",
        number=(seen.number if seen else "") or (link.number if link else ""),
        url=(seen.url if seen else "") or (link.url if link else ""),
        version=seen.version if seen else "",
        writes=writes,
        fields=tuple(_fields(receipts, seen)),
        tags_added=tuple(tag for receipt in receipts for tag in receipt.tags_added),
        tags_removed=tuple(tag for receipt in receipts for tag in receipt.tags_removed),
        notes=tuple(note.text for note in _said(attempts) if not note.title),
        tasks=tuple(f"{note.title}: {note.text}" for note in _said(attempts) if note.title),
        left={name: why for receipt in receipts for name, why in receipt.left.items()},
        problem=_problem(left),
    )


def _action(receipts: Sequence[Receipt], writes: Sequence[Write], left: Undelivered | None) -> Action:
    if writes:
        return "create" if any(receipt.created for receipt in receipts) else "update"
    return "keep" if receipts and left is None else "leave"


def _fields(receipts: Sequence[Receipt], seen: Seen | None) -> Iterator[FieldChange]:
    written = {name: value for receipt in receipts for name, value in receipt.wrote.items()}
    for name, value in written.items():
        old = seen.fields.get(name) if seen else None
        yield FieldChange(
            name=name, old=old, new=_shown(value), edited=seen is not None and name in seen.edited
        )


def _shown(value: FieldValue) -> JSON:
    return value.value if isinstance(value, Lookup) else value


def _said(attempts: Sequence[Attempt]) -> Iterator[NoteInHand]:
    """The notes and tasks that are written; those that are there already come with no write."""
    for each in attempts:
        if each.receipt is not None and each.writes:
            yield from (note for note in each.delivery.notes if note.id in each.receipt.notes)


def _problem(left: Undelivered | None) -> str:
    if left is None:
        return ""
    if left.row is None:
        return f"{left.notes} notes were given up"
    return left.row.parked or left.row.held or left.row.last_error or "it was not its turn"


def _last(attempts: Sequence[Attempt]) -> Receipt | None:
    return next((each.receipt for each in reversed(attempts) if each.receipt is not None), None)
