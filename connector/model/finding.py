"""What a look at a source or target before the first write finds, and what the mappings mean to write there."""

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from connector.model.record import FieldValue


class Level(enum.StrEnum):
    """How much a finding matters."""

    OK = "ok"
    WARNING = "warning"  # it works, but not as well as it could
    PROBLEM = "problem"  # something that the mappings want cannot work


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at: `subject` names it, e.g. `field u_site`. `remedy` is empty when all is well."""

    level: Level
    subject: str
    what: str
    remedy: str = ""


def ok(subject: str, what: str) -> Finding:
    """A finding that all is well."""
    return Finding(Level.OK, subject, what)


def warning(subject: str, what: str, remedy: str) -> Finding:
    """A finding that something works less well than it could."""
    return Finding(Level.WARNING, subject, what, remedy)


def problem(subject: str, what: str, remedy: str) -> Finding:
    """A finding that something cannot work."""
    return Finding(Level.PROBLEM, subject, what, remedy)


@dataclass(frozen=True, slots=True)
class Writing:
    """What a mapping can write, as far as that is known before any incident is seen.

    `values` has every field that a rule writes, with the values that are always the same ones; look-ups among them are
    of names that stand in the mapping or its vars. `lookups` has every table that things are looked up in, with the
    columns, by field. `texts` are the fields that get texts which only an incident tells. `notes` tells whether
    anything is appended to records, `tasks` whether any of it is something to do.
    """

    mapping: str
    values: Mapping[str, Sequence[FieldValue]] = field(default_factory=dict)
    lookups: Mapping[str, frozenset[tuple[str, tuple[str, ...]]]] = field(default_factory=dict)
    texts: frozenset[str] = frozenset()
    tags_into: str = ""
    notes: bool = False
    tasks: bool = False


@runtime_checkable
class Inspectable(Protocol):
    """A source or target that can say more than whether it lets us in; one that cannot has no such method."""

    async def inspect(self, writings: Sequence[Writing]) -> list[Finding]:
        """Hold what the mappings want against what is there; reads only, and a bounded number of them."""
        ...
