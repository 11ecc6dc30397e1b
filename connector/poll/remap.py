"""Map incidents again from what is stored: something that their mapping looks at has changed, or the mapping has.

Nothing is read from the source. An incident is evaluated as it was last, at the latest revision and with the one
before it, so that nothing differs but what has changed since; each portion in one transaction with the rows that asked
for it. A poll stores a revision and its evaluation in one transaction, too, so that of the two whichever comes second
sees what the other decided, and an older revision never follows a newer one.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

from connector.model import Event, EventKind, Incident, IncidentKey, SetAside
from connector.plan import Reason
from connector.poll.asides import set_aside
from connector.poll.batch import Batch, decisions_of, without_echoes
from connector.poll.evaluate import Step
from connector.poll.route import Route
from connector.store import Store, Tx, evaluations, mappings_seen, remaps, snapshots
from connector.store.evaluations import Evaluation
from connector.store.snapshots import Stored

PORTION = 200  # incidents in one transaction


@dataclass(frozen=True, slots=True)
class Portion:
    """What a transaction came to: up to which incident, the decisions, and what was newly set aside."""

    last: IncidentKey
    reasons: Counter[Reason]
    asides: Sequence[SetAside]


@dataclass(frozen=True, slots=True)
class Remapping:
    """Maps again what waits for it, of one source. `woken` is called when that left something to deliver.

    `in_force` gives the routes the mappings that are in force.
    """

    source: str
    tenant: str
    routes: Sequence[Route]
    store: Store
    emit: Callable[[Event], None]
    woken: Callable[[], None]
    in_force: Callable[[Tx, Sequence[Route]], Sequence[Route]] = lambda _, routes: routes

    async def run(self) -> Counter[Reason]:
        """Go once through everything that waits; how often each decision was made."""
        reasons: Counter[Reason] = Counter()
        waiting = await self.store.read(remaps.count)
        for route in self.routes:
            if route.name in waiting:
                await self._map(route.name, reasons)
        return reasons

    async def _map(self, name: str, reasons: Counter[Reason]) -> None:
        after: IncidentKey | None = None
        while portion := await self.store.write(partial(self._portion, name=name, after=after)):
            after = portion.last
            reasons.update(portion.reasons)
            for aside in portion.asides:
                self.emit(
                    Event(EventKind.SET_ASIDE, self.source, incident=aside.incident, reason=aside.reason)
                )
            if portion.reasons[Reason.CREATE] or portion.reasons[Reason.UPDATE]:
                self.woken()

    def _portion(self, tx: Tx, name: str, after: IncidentKey | None) -> Portion | None:
        tx.alone(decisions_of(self.source))
        keys = remaps.take(tx, name, PORTION, after)
        if not keys:
            return None
        routes = self.in_force(tx, self.routes)
        route = next(each for each in routes if each.name == name)
        for mapping in route.mappings:
            mappings_seen.put(tx, mapping.hash, mapping.name, mapping.text)
        last = evaluations.get(tx, route.name, keys)
        stored = snapshots.recent(tx, [key for key in keys if key in last])
        # A revision that another route cannot evaluate yet is not stored: its turn comes when it is.
        early = {key for key, found in stored.items() if not _same(found[0], last[key])}
        steps = [
            _step(key, stored[key], last[key], route.under(key))
            for key in keys
            if key in stored.keys() - early
        ]
        batch = Batch(self.source, routes, without_echoes(tx, routes, steps), again=True)
        done = batch.evaluate(tx, route)
        told = self._set_aside(tx, route, done.failures, {key: last[key] for key in done.failures})
        remaps.done(tx, route.name, [key for key in keys if key not in early])
        return Portion(keys[-1], done.reasons, told)

    def _set_aside(
        self, tx: Tx, route: Route, failures: dict[IncidentKey, str], last: dict[IncidentKey, Evaluation]
    ) -> list[SetAside]:
        """Leave what failed to the polls, which try again what is set aside and does not count as evaluated."""
        evaluations.put(tx, route.name, {key: replace(each, mapping="") for key, each in last.items()})
        asides = [SetAside(key.incident, reason) for key, reason in failures.items()]
        return set_aside(tx, self.source, self.tenant, asides)


def _same(stored: Stored, last: Evaluation) -> bool:
    return (stored.revision.ticks, stored.content) == (last.ticks, last.content)


def _step(key: IncidentKey, stored: Sequence[Stored], last: Evaluation, route: Route) -> Step:
    """The latest revision, with the one before it.

    Under a new mapping there is none before it but itself: what a new rule would have said of the past stays unsaid.
    """
    latest, *earlier = stored
    incident = Incident(key, latest.revision, latest.body, latest.content)
    if last.mapping != route.mapping.hash:
        return Step(incident, latest.body, because="mapping")
    return Step(incident, earlier[0].body if earlier else None, because="link")
