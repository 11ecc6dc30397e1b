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
from connector.poll.asides import set_aside
from connector.poll.batch import Batch, decisions_of, without_echoes
from connector.poll.evaluate import Step
from connector.poll.route import Route
from connector.store import Tx, positions, readings, set_asides, snapshots


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
        tx.alone(decisions_of(self.sweep.source))
        self._count()
        steps, new = self._steps(tx)
        batch = Batch(self.sweep.source, self.routes, without_echoes(tx, self.routes, steps), self.rescan)
        failures: dict[IncidentKey, list[str]] = defaultdict(list)
        for route in self.routes:
            done = batch.evaluate(tx, route)
            self.sweep.reasons.update(done.reasons)
            for key, why in done.failures.items():
                failures[key].append(why)
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

    def _set_aside(
        self, tx: Tx, steps: Sequence[Step], failures: Mapping[IncidentKey, Sequence[str]]
    ) -> list[SetAside]:
        """Set aside what could not be read or evaluated, and forget what now could; the news among the former."""
        sweep = self.sweep
        known = {each.set_aside.incident for each in set_asides.every(tx, sweep.source)}
        read = {step.incident.key.incident: step.incident.revision.raw for step in steps}
        failed = [
            SetAside(key.incident, "; ".join(reasons), read[key.incident])
            for key, reasons in failures.items()
        ]
        asides = {aside.incident: aside for aside in (*self.page.set_aside, *failed)}
        sweep.set_aside += len(asides)
        told = set_aside(tx, sweep.source, sweep.tenant, asides.values())
        self._forget(tx, "read", known & read.keys() - asides.keys())
        self._forget(tx, "gone", known & set(self.page.gone))
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
