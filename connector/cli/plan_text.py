"""A plan in words, for a person who has to agree to it."""

from collections import Counter
from collections.abc import Iterator, Sequence

from connector.app import Trouble, alike
from connector.forecast import Item, Plan
from connector.forecast.plan import FieldChange
from connector.model import JSON

_LONGEST = 160


def lines_of(plan: Plan) -> Iterator[str]:
    """Every item with what is written, then what is left and why, then the counts."""
    for item in plan.items:
        if item.writes:
            yield from _item(item)
    left = (item for item in plan.items if item.problem and not item.writes)
    for group in alike(Trouble(item.route, item.incident, item.problem) for item in left):
        yield f"left    {group}"
    for aside in plan.set_aside:
        yield f"set aside  {aside}"
    yield summary(plan.items) or "nothing to write"


def summary(items: Sequence[Item], *, done: bool = False) -> str:
    """How much is to be written, or was `done`; "" for nothing at all."""
    counts = Counter(item.action for item in items)
    written = [item for item in items if item.writes]
    requests = sum(len(item.writes) for item in written)
    parts = [
        (counts["create"], "created" if done else "to create"),
        (counts["update"], "updated" if done else "to update"),
        _counted(sum(len(item.notes) for item in written), "note"),
        _counted(sum(len(item.tasks) for item in written), "task"),
        _counted(sum(len(item.tags_added) + len(item.tags_removed) for item in written), "tag"),
        _counted(requests, "request"),
        (sum(bool(item.problem) for item in items), "left"),
    ]
    told = [f"{count} {word}" for count, word in parts if count]
    return ", ".join(told if requests or done or not told else ["nothing to write", *told])


def _item(item: Item) -> Iterator[str]:
    record = f"  (record {item.number})" if item.number else ""
    yield f"{item.action}  {_name(item)}  {_short(item.title)}{record}"
    for change in item.fields:
        yield f"    {_change(change, created=item.action == 'create')}"
    yield from (f"    + tag {tag}" for tag in item.tags_added)
    yield from (f"    - tag {tag}" for tag in item.tags_removed)
    yield from (f"    note: {_short(note)}" for note in item.notes)
    yield from (f"    task: {_short(task)}" for task in item.tasks)
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


def _counted(count: int, word: str) -> tuple[int, str]:
    return count, word if count == 1 else f"{word}s"
