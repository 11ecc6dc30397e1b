"""Source + target + mapping, and a mapping that is tried on some of the incidents."""

from dataclasses import dataclass
from hashlib import sha256

from connector.mapping import CompiledMapping
from connector.model import Catalogue, IncidentKey


@dataclass(frozen=True, slots=True)
class Route:
    """`target` is the target's configured name, `catalogue` what its type can hold; `trial` is seldom there."""

    name: str
    target: str
    catalogue: Catalogue
    mapping: CompiledMapping
    trial: "Trial | None" = None

    def under(self, key: IncidentKey) -> "Route":
        """The route as it is for an incident: with the mapping on trial if that is tried on it."""
        return self if self.trial is None or not tried_on(key, self.trial.percent) else self.trial.route

    @property
    def mappings(self) -> tuple[CompiledMapping, ...]:
        """What is in force: one mapping, and perhaps one on trial."""
        return (self.mapping,) if self.trial is None else (self.mapping, self.trial.route.mapping)

    @property
    def reads_records(self) -> frozenset[str]:
        """What of other records the mappings look at."""
        return frozenset().union(*(each.reads_records for each in self.mappings))


@dataclass(frozen=True, slots=True)
class Trial:
    """A mapping that is tried on `percent` of the incidents; `route` is the route with that mapping."""

    route: Route
    percent: int


def tried_on(key: IncidentKey, percent: int) -> bool:
    """Whether an incident is among `percent` of all: always the same ones, and of a greater share these, too."""
    return int.from_bytes(sha256(str(key).encode()).digest()[:8]) % 100 < percent
