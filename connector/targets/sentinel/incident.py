"""A Sentinel incident as we hold it between two writes, and the body that the next write sends.

The API has no partial update: a PUT replaces, and what is left out should be assumed cleared. So the writable
part of the last answer is kept with its etag, our changes are laid over it, and the whole goes back. The etag
travels in the body, and a stale one is answered with 409. Pure.

Source: learn.microsoft.com, "Incidents - Create Or Update".
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from connector.errors import TransientError
from connector.model import JSON, FieldKind, FieldValue, Link, Lookup, NotTaken, Revision, as_json
from connector.targets.sentinel.catalogue import SENTINEL_CATALOGUE
from connector.targets.sentinel.owner import is_owner, spelled
from connector.targets.text import storable, storable_text

TAGS = "tags"
_WRITABLE = (*SENTINEL_CATALOGUE.fields, "labels")


@dataclass(frozen=True, slots=True)
class Held:
    """What the service last answered for an incident: the part that the next PUT is built from.

    `fresh` is false when the answer is older than this attempt. `created` is set by the answer to a PUT that
    made the incident.
    """

    name: str
    etag: str
    properties: Mapping[str, JSON] = field(default_factory=dict)
    number: str = ""
    url: str = ""
    fresh: bool = True
    created: bool = False

    @property
    def labels(self) -> list[str]:
        """The names of its labels, in order."""
        labels = self.properties.get("labels")
        if not isinstance(labels, list):
            return []
        return [
            str(label["labelName"])
            for label in labels
            if isinstance(label, Mapping) and label.get("labelName")
        ]

    def remote(self) -> JSON:
        """The form in which a link keeps it."""
        return {"etag": self.etag, "properties": dict(self.properties)}


def properties_of(row: Mapping[str, JSON]) -> Mapping[str, JSON]:
    """The properties of an incident in a list; empty where the service sent something else."""
    properties = row.get("properties")
    return properties if isinstance(properties, Mapping) else {}


def provider_url(properties: Mapping[str, JSON]) -> str:
    """The address of the incident in the Defender portal; "" where there is none."""
    more = properties.get("additionalData")
    return str(more.get("providerIncidentUrl") or "") if isinstance(more, Mapping) else ""


def from_answer(body: JSON, *, created: bool = False) -> Held:
    """Read an incident from an answer. Raises TransientError when the body is no incident."""
    properties = body.get("properties") if isinstance(body, dict) else None
    if not isinstance(properties, dict) or not body.get("name"):
        raise TransientError("Azure Resource Manager answered with a body that is no incident")
    return Held(
        name=storable_text(str(body["name"])),
        etag=storable_text(str(body.get("etag") or "")),
        properties={n: storable(properties[n]) for n in _WRITABLE if properties.get(n) is not None},
        number=storable_text(str(properties.get("incidentNumber") or "")),
        # The other link leads to a portal that Microsoft is closing.
        url=storable_text(provider_url(properties) or str(properties.get("incidentUrl") or "")),
        created=created,
    )


def from_link(link: Link) -> Held | None:
    """What a link remembers; None when it has nothing usable, or knows that it is out of date."""
    remote = link.remote
    if link.stale or not isinstance(remote, Mapping) or not remote.get("etag"):
        return None
    return Held(
        link.external_id, remote["etag"], remote.get("properties") or {}, link.number, link.url, fresh=False
    )


@dataclass(frozen=True, slots=True)
class Changes:
    """What a write is to change: fields (None empties), labels to add and to take away."""

    fields: Mapping[str, FieldValue] = field(default_factory=dict)
    add: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.fields or self.add or self.remove)

    def beyond(self, held: Held) -> "Changes":
        """The changes that the incident does not have yet."""
        labels = {label.casefold() for label in held.labels} if self.add or self.remove else set()
        return Changes(
            {n: v for n, v in self.fields.items() if not holds(held, n, v)},
            tuple(tag for tag in self.add if tag.casefold() not in labels),
            tuple(tag for tag in self.remove if tag.casefold() in labels),
        )


def body_of(changes: Changes, held: Held | None) -> dict[str, JSON]:
    """The whole body of a PUT: what is held, with the changes laid over it; no etag for a new incident."""
    properties = dict(held.properties) if held else {}
    for name, value in changes.fields.items():
        if name == "owner":
            properties[name] = spelled(value)
        elif value is None:
            properties.pop(name, None)
        else:
            properties[name] = _text(value)
    properties["labels"] = [{"labelName": label} for label in _labels(changes, held)]
    return {"etag": held.etag, "properties": properties} if held else {"properties": properties}


def _labels(changes: Changes, held: Held | None) -> Iterable[str]:
    """Foreign labels stay as they are; ours are found again without regard to case."""
    taken_away = {tag.casefold() for tag in changes.remove}
    kept = [label for label in held.labels if label.casefold() not in taken_away] if held else []
    there = {label.casefold() for label in kept}
    return (*kept, *(tag for tag in changes.add if tag.casefold() not in there))


def holds(held: Held, name: str, wanted: FieldValue) -> bool:
    """Whether a field has the wanted value, in whichever form the service gives it back."""
    value = held.properties.get(name)
    if name == "owner":
        return is_owner(value, wanted)
    if SENTINEL_CATALOGUE.spec(name).kind is FieldKind.DATETIME:
        return bool(_ticks(value) == _ticks(_text(wanted)))
    return ("" if value is None else str(value)) == _text(wanted)


def _text(value: FieldValue) -> str:
    if isinstance(value, Lookup):
        return value.value
    return "" if value is None else str(value)


def _ticks(value: JSON) -> JSON:
    try:
        return Revision.parse(str(value)).ticks
    except ValueError:
        return value or None


def not_taken(changes: Changes, held: Held) -> tuple[NotTaken, ...]:
    """The changes that the answer to the write does not show."""
    missing = changes.beyond(held)
    lost = [NotTaken(name, as_json(value), _shown(held, name)) for name, value in missing.fields.items()]
    lost += [NotTaken(TAGS, tag, None) for tag in missing.add]
    lost += [NotTaken(TAGS, None, tag) for tag in missing.remove]
    return tuple(lost)


def _shown(held: Held, name: str) -> JSON:
    value = held.properties.get(name)
    return dict(value) if isinstance(value, Mapping) else value
