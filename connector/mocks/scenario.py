"""Journeys: what happens to incidents over time, told as steps in YAML and played one at a time.

The format is this mock's own and is documented in docs/mocks.md. A journey is checked as a whole when it is
read, so a slip shows at start-up with the place it stands at, not in the middle of a demonstration.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import yaml

SHIPPED = Path(__file__).parent / "scenarios"
_DURATION = re.compile(r"(\d+)(s|m|h|d)")
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_CHANGE_KEYS = {"incident", "by", "set", "comment", "add_system_tags", "add_custom_tags", "merge_into"}


class JourneyError(ValueError):
    """A journey's file that cannot be used; the text names the file, the place and the reason."""


@dataclass(frozen=True)
class Change:
    """What one step does to one incident, by `by`; `incident` and `merge_into` are names in the journey."""

    incident: str
    by: str
    values: Mapping[str, Any]
    comment: tuple[str, str] | None
    system_tags: tuple[str, ...]
    custom_tags: tuple[str, ...]
    merge_into: str | None


@dataclass(frozen=True)
class Step:
    """Changes that happen together, `after` the step before."""

    name: str
    title: str
    after: timedelta
    changes: tuple[Change, ...]


@dataclass(frozen=True)
class Journey:
    """A story of one or more incidents: how each begins, and its steps in order."""

    name: str
    title: str
    incidents: Mapping[str, Mapping[str, Any]]
    steps: tuple[Step, ...]


def read_journeys(folder: Path = SHIPPED) -> list[Journey]:
    """Return the journeys of all YAML files in `folder`, by name; raise JourneyError for a bad one."""
    journeys = [read_journey(path) for path in sorted(folder.glob("*.yaml"))]
    names = [journey.name for journey in journeys]
    if len(set(names)) < len(names):
        raise JourneyError(f"{folder}: two files tell a journey of the same name")
    return journeys


def read_journey(path: Path) -> Journey:
    """Return the journey a file tells; raise JourneyError when it is not understood."""
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise JourneyError(f"{path}: {error}") from error
    try:
        return parse_journey(document)
    except JourneyError as error:
        raise JourneyError(f"{path}: {error}") from error


def parse_journey(document: Any) -> Journey:
    """Return the journey that a YAML document holds; raise JourneyError with the place of a mistake."""
    _check_keys(document, {"journey", "title", "incidents", "steps"}, "the document", required=True)
    incidents = document["incidents"]
    for name, incident in _mapping(incidents, "incidents").items():
        _check_keys(incident, {"properties", "alerts"}, f"incidents.{name}")
        _check_keys(incident, {"properties"}, f"incidents.{name}", required=True, others=True)
    steps = tuple(_step(step, number, incidents) for number, step in enumerate(document["steps"], 1))
    return Journey(str(document["journey"]), str(document["title"]), incidents, steps)


def _step(data: Any, number: int, incidents: Mapping[str, Any]) -> Step:
    place = f"steps[{number}]"
    _check_keys(data, {"step", "title", "after", "changes"}, place, required=True)
    changes = tuple(_change(change, f"{place}.changes", incidents) for change in data["changes"])
    return Step(str(data["step"]), str(data["title"]), _duration(data["after"], place), changes)


def _change(data: Any, place: str, incidents: Mapping[str, Any]) -> Change:
    _check_keys(data, _CHANGE_KEYS, place)
    _check_keys(data, {"incident", "by"}, place, required=True, others=True)
    for reference in (data["incident"], data.get("merge_into")):
        if reference is not None and reference not in incidents:
            raise JourneyError(f"{place}: there is no incident {reference!r} in this journey")
    comment = data.get("comment")
    if comment is not None:
        _check_keys(comment, {"by", "text"}, f"{place}.comment", required=True)
    return Change(
        incident=data["incident"],
        by=str(data["by"]),
        values=_mapping(data.get("set", {}), f"{place}.set"),
        comment=(str(comment["by"]), str(comment["text"])) if comment else None,
        system_tags=_texts(data.get("add_system_tags", ()), place),
        custom_tags=_texts(data.get("add_custom_tags", ()), place),
        merge_into=data.get("merge_into"),
    )


def _duration(value: Any, place: str) -> timedelta:
    match = _DURATION.fullmatch(str(value))
    if match is None:
        raise JourneyError(f"{place}.after: {value!r} is no duration such as 30s, 5m, 2h or 1d")
    return timedelta(seconds=int(match[1]) * _UNITS[match[2]])


def _mapping(value: Any, place: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise JourneyError(f"{place}: a mapping is needed")
    return value


def _texts(value: Any, place: str) -> tuple[str, ...]:
    if not isinstance(value, list | tuple) or not all(isinstance(item, str) for item in value):
        raise JourneyError(f"{place}: tags are a list of texts")
    return tuple(value)


def _check_keys(
    value: Any, names: Iterable[str], place: str, *, required: bool = False, others: bool = False
) -> None:
    keys, known = set(_mapping(value, place)), set(names)
    unknown = sorted(map(str, keys - known))
    if unknown and not others:
        raise JourneyError(f"{place}: {unknown[0]!r} is unknown; known are {', '.join(sorted(known))}")
    missing = sorted(known - keys)
    if missing and required:
        raise JourneyError(f"{place}: {missing[0]!r} is missing")
