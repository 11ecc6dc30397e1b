"""How many records another mapping would change: both mappings asked about every stored incident, a portion at a time.

What changes is found as it would be when the incidents are mapped again, so that a field that is only set at creation,
or that a person's change has the better of, does not count as changed by its rule alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

from connector.mapping import CompiledMapping
from connector.model import NO_FACTS, Facts, Incident, IncidentKey, Mapped
from connector.plan import Intended, Reason, decide
from connector.poll import Route, Trial
from connector.poll.batch import without_echoes
from connector.poll.evaluate import Step
from connector.poll.facts import facts_now
from connector.store import Store, Tx, evaluations, links, snapshots, wanted

PORTION = 200  # incidents in one transaction, which others wait for


@dataclass(frozen=True, slots=True)
class Extent:
    """How many records a mapping would change, of how many that the route cares for."""

    changed: int = 0
    of: int = 0

    def beyond(self, *, share: int, least: int) -> bool:
        """Whether these are more than `share` percent, and at least `least`."""
        return self.changed >= least and self.changed * 100 > share * self.of

    def __str__(self) -> str:
        return f"{self.changed} of {self.of} records would change"


async def extent(store: Store, routes: Sequence[Route], name: str, new: CompiledMapping) -> Extent:
    """What a mapping would change on the route with this name. `routes` are all of the source, as in force now."""
    route = next(each for each in routes if each.name == name)
    both = replace(route, trial=Trial(replace(route, mapping=new, trial=None), 0))
    found, after = Extent(), None
    while portion := await store.read(partial(_portion, routes=routes, route=both, after=after)):
        after, more = portion
        found = Extent(found.changed + more.changed, found.of + more.of)
    return found


def _portion(
    tx: Tx, routes: Sequence[Route], route: Route, after: IncidentKey | None
) -> tuple[IncidentKey, Extent] | None:
    keys = evaluations.portion(tx, route.name, PORTION, after)
    if not keys:
        return None
    stored = snapshots.latest(tx, keys).items()
    steps = [Step(Incident(key, each.revision, each.body, each.content), each.body) for key, each in stored]
    steps = without_echoes(tx, routes, steps)
    facts = facts_now(tx, route, routes, [step.incident for step in steps])
    kept = {*links.applied(tx, route.name, keys), *wanted.get(tx, route.name, keys)}
    found = [
        _changed(route, step, facts.get(step.incident.key, NO_FACTS), step.incident.key in kept)
        for step in steps
    ]
    return keys[-1], Extent(found.count(True), len(found) - found.count(None))


def _changed(route: Route, step: Step, facts: Facts, kept: bool) -> bool | None:
    """Whether the record would be another one; None for an incident that neither mapping is about."""
    was, would = (each.apply(step.incident.snapshot, step.old, facts) for each in route.mappings)
    if was.excluded and would.excluded:
        return None
    if was.excluded or would.excluded:
        return True
    return _moved(was, would) if kept else was.may_create is not would.may_create


def _moved(was: Mapped, would: Mapped) -> bool:
    decision = decide(replace(would, notes=(), unmapped=()), Intended(was.record, delivered=True))
    return decision.reason is Reason.UPDATE
