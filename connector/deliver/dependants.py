"""What has to be mapped again when a record comes into being, or people know it by another number or address.

It is written down in the transaction of the receipt, so that no process can know the record and forget who looks at it.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from connector.deliver.attempt import Answered
from connector.model import IncidentKey
from connector.store import Tx, awaits, remaps


@dataclass(frozen=True, slots=True)
class Dependants:
    """Who looks at the records of a route.

    `routes` look at that of the same incident; `merged`: the route itself looks at that of the incident that another
    one was merged into. `lock` is the name under which decisions about these incidents are alone.
    """

    lock: str
    routes: tuple[str, ...] = ()
    merged: bool = False


DependantsOf = Callable[[str], Dependants | None]


@dataclass(frozen=True, slots=True)
class News:
    """Incidents under a route whose records are known otherwise than before."""

    route: str
    keys: Sequence[IncidentKey]
    dependants: Dependants


def news_in(answers: Sequence[Answered], dependants_of: DependantsOf) -> list[News]:
    """The news in some answers that anybody looks at, by route."""
    changed: defaultdict[str, list[IncidentKey]] = defaultdict(list)
    for answered in answers:
        if _known_otherwise(answered):
            row = answered.claimed.wanted
            changed[row.route].append(row.key)
    found = ((route, keys, dependants_of(route)) for route, keys in changed.items())
    return [News(route, keys, dependants) for route, keys, dependants in found if dependants is not None]


def _known_otherwise(answered: Answered) -> bool:
    before, receipt = answered.claimed.link, answered.receipt
    if receipt is None:
        return False
    now = receipt.link
    return before is None or (before.number, before.url) != (now.number, now.url)


def hold_decisions(tx: Tx, news: Sequence[News]) -> None:
    """Let nobody else decide about the incidents of these sources until the transaction ends; ask for it first."""
    for lock in sorted({each.dependants.lock for each in news}):
        tx.alone(lock)


def map_again(tx: Tx, news: Sequence[News]) -> None:
    """See to it that whatever looks at these records is mapped again. That it is done in vain does no harm."""
    for each in news:
        remaps.add(tx, ((route, key) for route in each.dependants.routes for key in each.keys))
        if each.dependants.merged:
            remaps.add(tx, ((each.route, key) for key in awaits.of(tx, each.route, each.keys)))
