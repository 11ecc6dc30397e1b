"""An incident without what tells about people and machines, in which equal values stay equal.

Words of the vendor's lists stay, and so does every text that the mapping itself names, because its rules look for it
and whoever reads the file has it already. What no rule can see goes.
"""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from connector.mapping.examples import DERIVED
from connector.mapping.text import show
from connector.mapping.view import CUSTOMER_NAME, EXPERTS_NAME, owner_of
from connector.mapping.vocabulary import PROPERTIES, Kind
from connector.model import JSON, MARKER, Revision, Snapshot

# Properties by what stands in for their values; enums, times and numbers stay.
_STANDS_IN: Mapping[str, str] = MappingProxyType(
    {
        "displayName": "Title",
        "description": "Text",
        "summary": "Text",
        "resolvingComment": "Text",
        "recommendedActions": "Text",
        "lastModifiedBy": "person",
        "assignedTo": "person",
        "users": "person",
        "mailboxes": "person",
        "devices": "device",
        "files": "file",
        "deviceGroups": "Group",
        "customTags": "tag",
    }
)
_VENDOR_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._&,/()-]{0,63}")
_EXTENSION = re.compile(r"\.[A-Za-z0-9]{1,5}\Z")
_QUOTED = re.compile(r"'([^']*)'|\"([^\"]*)\"")
_NOBODY = "00000000-0000-0000-0000-000000000000"


def literals(data: Any) -> frozenset[str]:
    """Every text that a mapping's data names: its scalars, and what stands in quotes in its expressions; casefolded."""
    found: set[str] = set()
    waiting = [data]
    while waiting:
        part = waiting.pop()
        if isinstance(part, Mapping):
            waiting += [*part.keys(), *part.values()]
        elif isinstance(part, list | tuple):
            waiting += part
        elif isinstance(part, str):
            found.add(part.strip().casefold())
            found |= {(one or other).strip().casefold() for one, other in _QUOTED.findall(part)}
    return frozenset(found - {""})


@dataclass(slots=True)
class Mask:
    """Masks one incident and the revisions of it: the same value has the same stand-in everywhere."""

    known: Collection[str]
    _given: dict[tuple[str, str], str] = field(default_factory=dict)
    _counts: dict[str, int] = field(default_factory=dict)

    def snapshot(self, snapshot: Snapshot) -> dict[str, JSON]:
        """What a mapping can see of the incident, masked."""
        visible = (name for name in PROPERTIES if name in snapshot and name not in DERIVED)
        return {name: self._value(name, snapshot[name]) for name in visible}

    def _value(self, name: str, value: JSON) -> JSON:
        kind = PROPERTIES[name].kind
        if name == "tenantId":
            return _NOBODY
        if name == "incidentWebUrl":
            return "https://security.microsoft.com/incidents/1" if value else value
        if kind is Kind.COMMENTS:
            return [self._comment(item) for item in value] if isinstance(value, list) else None
        if isinstance(value, list):
            return [self._text(name, item) for item in value if isinstance(item, str)]
        return self._text(name, value) if isinstance(value, str) else _plain(value)

    def _comment(self, item: JSON) -> JSON:
        if not isinstance(item, Mapping):
            return None
        said = show(item.get("comment"))
        mark = "".join(f" {found}" for found in MARKER.findall(said))  # by it our own notes are known
        return {
            "comment": self._stand_in("Text", said) + mark if said else None,
            "createdByDisplayName": self._text("assignedTo", show(item.get("createdByDisplayName"))),
            "createdDateTime": self._text("createdDateTime", show(item.get("createdDateTime"))),
        }

    def _text(self, name: str, value: str) -> str:
        kind = _STANDS_IN.get(name)
        if kind is None:
            return (
                value if _VENDOR_WORD.fullmatch(value) or _is_time(value) else self._stand_in("Text", value)
            )
        if not value.strip() or value.strip().casefold() in self.known:
            return value
        if kind == "person" and (owner_of(value) or "").casefold() in {"", EXPERTS_NAME, CUSTOMER_NAME}:
            return value
        return self._stand_in(kind, value)

    def _stand_in(self, kind: str, value: str) -> str:
        key = kind, value.strip().casefold()
        if key not in self._given:
            number = self._counts[kind] = self._counts.get(kind, 0) + 1
            self._given[key] = _FORMS.get(kind, _numbered)(kind, number, value)
        return self._given[key]


def _is_time(value: str) -> bool:
    try:
        Revision.parse(value)
    except (ValueError, OverflowError):
        return False
    return True


def _plain(value: JSON) -> JSON:
    """A value that is no text: numbers stay, what a mapping cannot read is null."""
    return value if value is None or isinstance(value, int) else None


def _numbered(kind: str, number: int, value: str) -> str:  # noqa: ARG001  # a form takes all three
    return f"{kind} {number}"


def _person(kind: str, number: int, value: str) -> str:  # noqa: ARG001  # a form takes all three
    return f"person{number}@example.com" if "@" in value else f"Person {number}"


def _device(kind: str, number: int, value: str) -> str:  # noqa: ARG001  # a form takes all three
    return f"device{number}.example.com" if "." in value else f"device{number}"


def _file(kind: str, number: int, value: str) -> str:  # noqa: ARG001  # a form takes all three
    extension = _EXTENSION.search(value)
    return f"file{number}{extension[0] if extension else ''}"


_FORMS: Mapping[str, Callable[[str, int, str], str]] = MappingProxyType(
    {"person": _person, "device": _device, "file": _file}
)
