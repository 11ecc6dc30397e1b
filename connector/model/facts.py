"""What a mapping may look at besides the incident: the records that other routes, or this one, keep for it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

_UNNAMEABLE = re.compile(r"[^A-Za-z0-9_]")


@dataclass(frozen=True, slots=True)
class RecordFacts:
    """How people on the target know a record: its number there, and its address in a browser; "" if it has none."""

    number: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Facts:
    """The records known at the time a mapping is applied.

    `record` is what this route keeps for the incident, `links` what other routes keep for it, by the name of the
    route and of its target (see `link_name`). `merged` is what this route keeps for the incident that this one was
    merged into. `recent`: some of them came into being since the incident was mapped last.
    """

    record: RecordFacts | None = None
    links: Mapping[str, RecordFacts] = field(default_factory=dict)
    merged: RecordFacts | None = None
    recent: bool = False


NO_FACTS = Facts()


def link_name(name: str) -> str:
    """A route's or target's name as an expression writes it: `my-snow` is `links.my_snow`."""
    return _UNNAMEABLE.sub("_", name)
