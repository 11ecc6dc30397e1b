"""Everything one page leads to, in one transaction.

An incident that our own code cannot evaluate under a route is set aside like one that cannot be read: the other routes
and incidents go on. Its revision is not stored as known, so that a later try still sees what is new in it.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from connector.audit import AuditEntry, AuditKind, iso
from connector.model import JSON, Incident, IncidentKey, Page, SetAside
from connector.plan import Reason
from connector.poll.blame import blame
from connector.poll.evaluate import Gathered, Route, Step, evaluate
from connector.store import Tx, evaluations, links, positions, readings, set_asides, snapshots, wanted
from connector.store import notes as note_rows
from connector.store.evaluations import Evaluation


@dataclass(slots=True)
class Sweep:
    """What one poll came to.

    `since` and `until` are the positions it began and ended at. `read` counts every row the source returned, `fresh`
    revisions not seen before.
    """

    source: str
    tenant: str
    started: datetime
    since: str = ""
    until: str = ""
    read: int = 0
    fresh: int = 0
    pages: int = 0
    requests: int = 0
    set_aside: int = 0
    reasons: Counter[Reason] = field(default_factory=Counter)
    request_ids: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    @property
    def to_deliver(self) -> bool:
        """Whether anything was found that a target does not hold yet."""
        return bool(self.reasons[Reason.CREATE] or self.reasons[Reason.UPDATE])


def counts(sweep: Sweep) -> dict[str, JSON]:
    """What the audit says of a poll."""
    return {
        "started": iso(sweep.started),
        "since": sweep.since,
        "until": sweep.until,
        "pages": sweep.pages,
        "requests": sweep.requests,
        "read": sweep.read,
        "fresh": sweep.fresh,
        "set_aside": sweep.set_aside,
        "decisions": {str(reason): count for reason, count in sorted(sweep.reasons.items())},
        "request_ids": sweep.request_ids[:200],
        "warnings": sweep.warnings[:200],
    }


@dataclass(frozen=True, slots=True)
class Settlement:
    """One page to store. `history` is how many revisions of an incident are kept."""

    routes: Sequence[Route]
    page: Page
    sweep: Sweep
    history: int
    rescan: bool

    def settle(self, tx: Tx) -> list[SetAside]:
        """Store everything the page leads to; the incidents newly set aside."""
        self._count()
        steps, new = self._steps(tx)
        steps = self._without_echoes(tx, steps)
        failures: dict[IncidentKey, list[str]] = defaultdict(list)
        for route in self.routes:
            for key, why in self._evaluate(tx, route, steps).items():
                failures[key].append(f"route {route.name} cannot evaluate it: {why}")
        self._remember(tx, [incident for incident in new if incident.key not in failures])
        told = self._set_aside(tx, steps, failures)
        self._advance(tx)
        return told

    def _count(self) -> None:
        sweep, page = self.sweep, self.page
        sweep.read += page.read
        sweep.pages += 1
        sweep.requests += page.requests
        sweep.request_ids.extend(page.request_ids)
        sweep.warnings.extend(page.warnings)

    def _steps(self, tx: Tx) -> tuple[list[Step], list[Incident]]:
        """Each incident with the revision read before it, and which are new.

        An answer older than what is known comes from a replica of the service that lags, and is passed over.
        """
        stored = snapshots.latest(tx, [incident.key for incident in self.page.incidents])
        known = {key: (each.revision.ticks, each.content, each.body) for key, each in stored.items()}
        steps: list[Step] = []
        new: list[Incident] = []
        for incident in self.page.incidents:
            ticks, content, body = known.get(incident.key, (-1, "", None))
            if incident.revision.ticks < ticks:
                continue
            steps.append(Step(incident, body))
            if (incident.revision.ticks, incident.content) != (ticks, content):
                new.append(incident)
                known[incident.key] = (incident.revision.ticks, incident.content, incident.snapshot)
        return steps, new

    def _remember(self, tx: Tx, new: Sequence[Incident]) -> None:
        snapshots.add(tx, new, keep=self.history)
        self.sweep.fresh += len(new)

    def _without_echoes(self, tx: Tx, steps: list[Step]) -> list[Step]:
        """The steps without the tags that Microsoft's own connector copied back from where we had put them.

        Such a tag is ours on one target and must not travel to the others as if somebody had set it in the portal. A
        mapping for Microsoft's incidents takes no tags from `customTags`, so whatever is in both places is an echo.
        """
        keys = [step.incident.key for step in steps]
        echoes: dict[IncidentKey, set[str]] = {}
        for route in self.routes:
            if route.mapping.joins:
                for key, link in links.applied(tx, route.name, keys).items():
                    echoes.setdefault(key, set()).update(tag.casefold() for tag in link.tags)
        return [step.without_tags(echoes.get(step.incident.key, set())) for step in steps]

    def _evaluate(self, tx: Tx, route: Route, steps: Sequence[Step]) -> dict[IncidentKey, str]:
        """Evaluate the page under one route, and store together what that leads to; what failed, and why."""
        keys = [step.incident.key for step in steps]
        last = evaluations.get(tx, route.name, keys)
        rows = wanted.get(tx, route.name, keys)
        linked = links.applied(tx, route.name, keys, route.target)
        gathered = Gathered(self.sweep.source, tx.now, rows=rows, links=linked, last=last)
        failures: dict[IncidentKey, str] = {}
        for step in steps:
            if self.rescan or not _evaluated(last.get(step.incident.key), step.incident, route):
                try:
                    self.sweep.reasons[evaluate(route, step, gathered).reason] += 1
                except Exception as error:  # noqa: BLE001  # whatever one incident does to us, the rest goes on
                    failures[step.incident.key] = blame(error)
        wanted.put(tx, list(gathered.wanted.values()))
        note_rows.unpark(tx, route.name, list(gathered.wanted))
        note_rows.add(tx, gathered.notes)
        evaluations.put(tx, route.name, gathered.evaluations)
        tx.audit(*gathered.entries)
        return failures

    def _set_aside(
        self, tx: Tx, steps: Sequence[Step], failures: Mapping[IncidentKey, Sequence[str]]
    ) -> list[SetAside]:
        """Set aside what could not be read or evaluated, and forget what now could; the news among the former."""
        sweep = self.sweep
        known = {
            each.set_aside.incident: each.set_aside.reason for each in set_asides.every(tx, sweep.source)
        }
        read = {step.incident.key.incident: step.incident.revision.raw for step in steps}
        failed = [
            SetAside(key.incident, "; ".join(reasons), read[key.incident])
            for key, reasons in failures.items()
        ]
        asides = {aside.incident: aside for aside in (*self.page.set_aside, *failed)}
        sweep.set_aside += len(asides)
        set_asides.put(tx, sweep.source, list(asides.values()))
        told = [aside for aside in asides.values() if known.get(aside.incident) != aside.reason]
        for aside in told:  # the others were said before
            tx.audit(self._entry(tx, AuditKind.SET_ASIDE, aside.incident, {"reason": aside.reason}))
        self._forget(tx, "read", known.keys() & read.keys() - asides.keys())
        self._forget(tx, "gone", known.keys() & set(self.page.gone))
        return told

    def _forget(self, tx: Tx, how: str, incidents: Iterable[str]) -> None:
        """Forget that incidents were set aside; `how` they ceased to be."""
        recovered = sorted(incidents)
        set_asides.clear(tx, self.sweep.source, recovered)
        tx.audit(*(self._entry(tx, AuditKind.RECOVERED, incident, {"how": how}) for incident in recovered))

    def _advance(self, tx: Tx) -> None:
        """Move the position, never back; the last page closes the sweep with its own audit row."""
        sweep, position = self.sweep, self.page.position
        if position is not None:
            sweep.until = position.revision.raw
            stored = positions.get(tx, sweep.source)
            if stored is None or position.revision.ticks > stored.revision.ticks:
                positions.put(tx, sweep.source, position)
        if self.page.last:
            readings.succeeded(tx, sweep.source)
            tx.audit(self._entry(tx, AuditKind.POLL, "", counts(sweep)))

    def _entry(self, tx: Tx, kind: AuditKind, incident: str, data: dict[str, JSON]) -> AuditEntry:
        sweep = self.sweep
        return AuditEntry(
            kind, at=tx.now, source=sweep.source, tenant=sweep.tenant, incident=incident, data=data
        )


def _evaluated(last: Evaluation | None, incident: Incident, route: Route) -> bool:
    """Whether the route has decided on exactly this content with exactly this mapping."""
    now = (incident.revision.ticks, incident.content, route.mapping.hash)
    return last is not None and (last.ticks, last.content, last.mapping) == now
