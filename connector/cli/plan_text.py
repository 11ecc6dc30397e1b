"""A plan in words, for a person who has to agree to it."""

from collections import Counter
from collections.abc import Iterator

from connector.forecast import Item, Plan
from connector.forecast.plan import FieldChange
from connector.model import JSON

_LONGEST = 160


def lines_of(plan: Plan) -> Iterator[str]:
    """Every item with what is written, then what is left and why, then the counts."""
    for item in plan.items:
        if item.writes:
            yield from _item(item)
    for item in plan.items:
        if item.problem and not item.writes:
            yield f"left    {_name(item)}: {item.problem}"
    for aside in plan.set_aside:
        yield f"set aside  {aside}"
    yield _summary(plan)


def _item(item: Item) -> Iterator[str]:
    record = " ".join(part for part in (item.number, item.url) if part)
    yield f"{item.action}  {_name(item)}  {_short(item.title)}" + (f"  ({record})" if record else "")
    for change in item.fields:
        yield f"    {_change(change, created=item.action == 'create')}"
    yield from (f"    + tag {tag}" for tag in item.tags_added)
    yield from (f"    - tag {tag}" for tag in item.tags_removed)
    yield from (f"    note: {_short(note)}" for note in item.notes)
    yield from (f"    left {name}: {why}" for name, why in item.left.items())
    if item.problem:
        yield f"    then left: {item.problem}"


def _name(item: Item) -> str:
    return f"{item.route}  {item.incident}"


def _change(change: FieldChange, *, created: bool) -> str:
    if created:
        return f"{change.name}: {_value(change.new)}"
    edited = " (somebody else has changed it)" if change.edited else ""
    return f"{change.name}: {_value(change.old)} -> {_value(change.new)}{edited}"


def _value(value: JSON) -> str:
    return "(empty)" if value in (None, "") else _short(str(value))


def _short(text: str) -> str:
    plain = " ".join(text.split())
    return plain if len(plain) <= _LONGEST else plain[: _LONGEST - 1] + "…"


def _summary(plan: Plan) -> str:
    counts = Counter(item.action for item in plan.items)
    tags = sum(len(item.tags_added) + len(item.tags_removed) for item in plan.items)
    parts = [
        f"{counts['create']} to create",
        f"{counts['update']} to update",
        f"{sum(len(item.notes) for item in plan.items if item.writes)} notes",
        f"{tags} tags",
        f"{plan.writes} requests",
        f"{sum(bool(item.problem) for item in plan.items)} left",
    ]
    if not plan.writes:
        parts.insert(0, "nothing to write")
    return ", ".join(parts)
