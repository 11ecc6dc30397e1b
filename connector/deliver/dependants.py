"""What has to be mapped again when a record comes into being, or people know it by another number or address.

It is written down in the transaction of the receipt, so that no process can know the record and forget who looks at it.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from connector.deliver.attempt import Answered
from connector.model import IncidentKey
from connector.store import Tx, awaits, remaps

# By route, the incidents whose records are known otherwise than before.
News = Mapping[str, Sequence[IncidentKey]]


@dataclass(frozen=True, slots=True)
class Dependants:
    """Who looks at the records of a route.

    `routes` look at that of the same incident; `merged`: the route itself looks at that of the incident that another
    one was merged into.
    """

    routes: tuple[str, ...] = ()
    merged: bool = False


class Readers(Protocol):
    """Knows which mappings look at records."""

    def lock(self, route: str) -> str:
        """The name under which decisions that look at the route's records are alone; "" if nobody looks at them."""
        ...

    def dependants(self, tx: Tx, route: str) -> Dependants:
        """Who looks at the records of the route now."""
        ...


class NoReaders:
    """Nobody looks at any record."""

    def lock(self, _route: str) -> str:
        """See `Readers.lock`."""
        return ""

    def dependants(self, _tx: Tx, _route: str) -> Dependants:
        """See `Readers.dependants`."""
        return Dependants()


def news_in(answers: Sequence[Answered]) -> News:
    """What is known otherwise by some answers."""
    changed: defaultdict[str, list[IncidentKey]] = defaultdict(list)
    for answered in answers:
        if _known_otherwise(answered):
            row = answered.claimed.wanted
            changed[row.route].append(row.key)
    return changed


def _known_otherwise(answered: Answered) -> bool:
    before, receipt = answered.claimed.link, answered.receipt
    if receipt is None:
        return False
    now = receipt.link
    return before is None or (before.number, before.url) != (now.number, now.url)


def hold_decisions(tx: Tx, news: News, readers: Readers) -> None:
    """Let nobody else decide about what depends on the news until the transaction ends; the first thing in it."""
    for lock in sorted({readers.lock(route) for route in news} - {""}):
        tx.alone(lock)


def map_again(tx: Tx, news: News, readers: Readers) -> bool:
    """See to it that whatever looks at these records is mapped again; whether anything does.

    That it is done in vain, because the answer came too late to count, does no harm.
    """
    again: list[tuple[str, IncidentKey]] = []
    for route, keys in news.items():
        looking = readers.dependants(tx, route)
        again += [(each, key) for each in looking.routes for key in keys]
        if looking.merged:
            again += [(route, key) for key in awaits.of(tx, route, keys)]
    remaps.add(tx, again)
    return bool(again)
