"""Some incidents under one route: what is known of them, the decisions, and the rows that follow, in one go.

A page of a poll is evaluated like this, and so is what is mapped again from what is stored.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from connector.model import Incident, IncidentKey
from connector.plan import Reason
from connector.poll.blame import blame
from connector.poll.evaluate import Gathered, Step, evaluate
from connector.poll.facts import known_facts
from connector.poll.route import Route
from connector.store import Tx, evaluations, links, wanted
from connector.store import notes as note_rows
from connector.store.evaluations import Evaluation


@dataclass(frozen=True, slots=True)
class Evaluated:
    """How often each decision was made, and what could not be evaluated, with the reason."""

    reasons: Counter[Reason] = field(default_factory=Counter)
    failures: dict[IncidentKey, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Batch:
    """Incidents of a source, all of whose `routes` are named because mappings look at each other's records.

    With `again` also what the route has decided on already is decided.
    """

    source: str
    routes: Sequence[Route]
    steps: Sequence[Step]
    again: bool

    def evaluate(self, tx: Tx, route: Route) -> Evaluated:
        """Evaluate the incidents under one route, and store together what that leads to."""
        gathered = self._gathered(tx, route)
        done = Evaluated()
        for step in self.steps:
            key = step.incident.key
            given = route.under(key)
            if self.again or not _evaluated(gathered.last.get(key), step.incident, given):
                try:
                    done.reasons[evaluate(given, step, gathered).reason] += 1
                except Exception as error:  # noqa: BLE001  # whatever one incident does to us, the rest goes on
                    done.failures[key] = f"route {route.name} cannot evaluate it: {blame(error)}"
        wanted.put(tx, list(gathered.wanted.values()))
        note_rows.unpark(tx, route.name, list(gathered.wanted))
        note_rows.add(tx, gathered.notes)
        evaluations.put(tx, route.name, gathered.evaluations)
        tx.audit(*gathered.entries)
        return done

    def _gathered(self, tx: Tx, route: Route) -> Gathered:
        keys = [step.incident.key for step in self.steps]
        return Gathered(
            self.source,
            tx.now,
            rows=wanted.get(tx, route.name, keys),
            links=links.applied(tx, route.name, keys, route.target),
            last=evaluations.get(tx, route.name, keys),
            facts=known_facts(tx, route, self.routes, [step.incident for step in self.steps]),
            said=note_rows.known(tx, route.name, keys) if self.again or _repeats(route) else {},
        )


def decisions_of(source: str) -> str:
    """The name under which transactions that decide about a source's incidents are alone, see `Tx.alone`."""
    return f"decisions/{source}"


def without_echoes(tx: Tx, routes: Sequence[Route], steps: list[Step]) -> list[Step]:
    """The steps without the tags that Microsoft's own connector copied back from where we had put them.

    Such a tag is ours on one target and must not travel to the others as if somebody had set it in the portal. A
    mapping for Microsoft's incidents takes no tags from `customTags`, so whatever is in both places is an echo.
    """
    keys = [step.incident.key for step in steps]
    echoes: dict[IncidentKey, set[str]] = {}
    for route in routes:
        if route.mapping.joins:
            for key, link in links.applied(tx, route.name, keys).items():
                echoes.setdefault(key, set()).update(tag.casefold() for tag in link.tags)
    return [step.without_tags(echoes.get(step.incident.key, set())) for step in steps]


def _repeats(route: Route) -> bool:
    """Whether the mapping gives notes again that it gave before: what it then saw of other records is not known."""
    return route.mapping.backfills or bool(route.reads_records)


def _evaluated(last: Evaluation | None, incident: Incident, route: Route) -> bool:
    """Whether the route has decided on exactly this content with exactly this mapping."""
    now = (incident.revision.ticks, incident.content, route.mapping.hash)
    return last is not None and (last.ticks, last.content, last.mapping) == now
