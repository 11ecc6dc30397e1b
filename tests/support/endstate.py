"""What the targets hold, without what tells two equal histories apart: times, etags, counters, running numbers."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from connector.audit import AuditKind, SealedRow
from connector.mocks.world import World

_SENTINEL = (
    *("title", "description", "severity", "status", "owner"),
    *("classification", "classificationReason", "classificationComment"),
)
_VOLATILE = {
    *(
        "number",
        "task_effective_number",
        "correlation_display",
        "sys_mod_count",
        "opened_at",
        "resolved_at",
        "reopened_time",
    ),
    *("closed_at", "calendar_stc", "business_stc", "calendar_duration", "business_duration", "activity_due"),
}


def sentinel(world: World) -> dict[str, Any]:
    """Sentinel's incidents by name, each with its labels, its comments in order, and its tasks."""
    held = world.sentinel.contents()
    found = {}
    for each in held["incidents"]:
        properties = each["properties"]
        comments = [comment["properties"]["message"] for comment in held["comments"].get(each["name"], ())]
        labels = sorted(label["labelName"] for label in properties["labels"])
        fields = {name: properties.get(name) for name in _SENTINEL}
        tasks = sorted(_told(task["properties"]) for task in held["tasks"].get(each["name"], ()))
        found[each["name"]] = {**fields, "labels": labels, "comments": comments, "tasks": tasks}
    return found


def servicenow(world: World) -> dict[str, Any]:
    """ServiceNow's tickets by sys_id, each with its journal as one text."""
    held = world.servicenow.contents()
    found = {}
    for row in held["incident"]:
        journal = [entry for entry in held["sys_journal_field"] if entry["element_id"] == row["sys_id"]]
        notes = "\n\n".join(entry["value"] for entry in journal)
        kept = {name: value for name, value in row.items() if not _is_volatile(name)}
        found[row["sys_id"]] = {**kept, "notes": notes}
    return found


def _told(task: dict[str, Any]) -> tuple[str, ...]:
    return tuple(str(task[name]) for name in ("title", "description", "status"))


def tasks(world: World) -> dict[str, Any]:
    """ServiceNow's tasks by sys_id."""
    rows = world.servicenow.contents()["incident_task"]
    return {
        row["sys_id"]: {name: value for name, value in row.items() if not _is_volatile(name)} for row in rows
    }


def held(world: World) -> dict[str, Any]:
    """What both targets hold."""
    return {"sentinel": sentinel(world), "servicenow": servicenow(world), "tasks": tasks(world)}


def differences(one: Any, other: Any, path: str = "") -> Iterator[str]:
    """Where two end states differ."""
    if not (isinstance(one, dict) and isinstance(other, dict)):
        if one != other:
            yield f"{path}: {one!r} and not {other!r}"
        return
    for name in sorted(one.keys() | other.keys()):
        yield from differences(one.get(name), other.get(name), f"{path}/{name}")


def outcomes(rows: Iterable[SealedRow]) -> Counter[tuple[str, ...]]:
    """How many outcomes the audit gives each (route, incident, revision, content) that was decided on.

    A revision that was mapped again has one more for that, which does not count.
    """
    counted: Counter[tuple[str, ...]] = Counter()
    for row in rows:
        said = row.said()
        if row.kind == AuditKind.DECIDED:
            counted[_evaluation(said)] -= "because" in said.get("data", {})
        if row.outcome:
            counted[_evaluation(said)] += 1
    return counted


def wrongly_told(rows: Sequence[SealedRow]) -> list[str]:
    """What the audit says of each evaluation that has no outcome, or more than one."""
    wrong = {evaluation for evaluation, count in outcomes(rows).items() if count != 1}
    return [
        f"row {row.seq}: {row.kind} {row.outcome or '-'} {evaluation[:3]}"
        for row in rows
        if (evaluation := _evaluation(row.said())) in wrong
    ]


def _evaluation(said: dict[str, Any]) -> tuple[str, ...]:
    return tuple(str(said.get(name, "")) for name in ("route", "incident", "revision", "content"))


def _is_volatile(name: str) -> bool:
    return name in _VOLATILE or name.startswith(("sys_created", "sys_updated"))
