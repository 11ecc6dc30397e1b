"""What went wrong with many rows alike, told once: a target that is away would otherwise fill the screen."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from connector.errors import without_request

_NAMED = 5


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why an incident waits on a route, and since when."""

    route: str
    incident: str
    reason: str
    since: datetime | None = None


@dataclass(slots=True)
class Alike:
    """What has the same reason on the same route: the incidents, and since when the oldest of them waits."""

    route: str
    reason: str
    since: datetime | None
    incidents: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return f"{named(self.incidents)} on {self.route}: {self.reason}"


def alike(troubles: Iterable[Trouble]) -> list[Alike]:
    """Put together what differs in nothing but the incident and the request; in the order of the first of each."""
    found: dict[tuple[str, str], Alike] = {}
    for each in troubles:
        reason = without_request(each.reason)
        one = found.setdefault((each.route, reason), Alike(each.route, each.reason, each.since))
        if one.incidents:
            one.reason = reason
        one.incidents.append(each.incident)
        one.since = min(filter(None, (one.since, each.since)), default=None)
    return list(found.values())


def named(incidents: Sequence[str]) -> str:
    """One incident by its number; of several how many they are, and some of the numbers."""
    if len(incidents) == 1:
        return f"incident {incidents[0]}"
    more = f" and {len(incidents) - _NAMED} more" if len(incidents) > _NAMED else ""
    return f"{len(incidents)} incidents ({', '.join(incidents[:_NAMED])}{more})"
