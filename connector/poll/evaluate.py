"""One incident under one route: map it, decide, and put the decision into rows. Touches no database."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import chain, count

from connector.audit import AuditEntry, AuditKind, Outcome
from connector.model import (
    JSON,
    NO_FACTS,
    Facts,
    Incident,
    IncidentKey,
    Link,
    Mapped,
    Note,
    Record,
    Snapshot,
    as_json,
)
from connector.plan import Change, Decision, Reason, decide, intended_of, note_text, priority_of
from connector.poll.route import Route
from connector.store.evaluations import Evaluation
from connector.store.notes import NewNote
from connector.store.wanted import Wanted

# How an evaluation ends that delivers nothing; the others end when the target answers.
_ENDS = {
    Reason.UNCHANGED: Outcome.UNCHANGED,
    Reason.EXCLUDED: Outcome.EXCLUDED,
    Reason.UNMAPPED: Outcome.UNMAPPED,
}

_TAGS = "tags"  # the rule of notes about tags


@dataclass(frozen=True, slots=True)
class Step:
    """An incident as read now, and the snapshot of the revision read before it.

    `because` tells why it is mapped again without having been read: `link` or `mapping`.
    """

    incident: Incident
    old: Snapshot | None
    because: str = ""

    def without_tags(self, tags: Collection[str]) -> "Step":
        """The step as if these custom tags (casefolded) were not there; revision and content stay."""
        if not tags:
            return self
        incident = replace(self.incident, snapshot=untagged(self.incident.snapshot, tags))
        return replace(
            self, incident=incident, old=untagged(self.old, tags) if self.old is not None else None
        )


def untagged(snapshot: Snapshot, tags: Collection[str]) -> Snapshot:
    """The snapshot as if these custom tags (casefolded) were not there."""
    custom = snapshot.get("customTags")
    if not isinstance(custom, list):
        return snapshot
    return {**snapshot, "customTags": [tag for tag in custom if str(tag).casefold() not in tags]}


@dataclass(slots=True)
class Gathered:
    """What is known of a page's incidents under a route, and the rows that its evaluations lead to.

    `facts` are the records that the mapping may look at. `said` are the keys of notes that were stored before; it may
    be left empty where storing a note again is the only harm.
    """

    source: str
    now: datetime
    rows: Mapping[IncidentKey, Wanted]
    links: Mapping[IncidentKey, Link]
    last: Mapping[IncidentKey, Evaluation] = field(default_factory=dict)
    facts: Mapping[IncidentKey, Facts] = field(default_factory=dict)
    said: Mapping[IncidentKey, Collection[tuple[str, str]]] = field(default_factory=dict)
    wanted: dict[IncidentKey, Wanted] = field(default_factory=dict)
    notes: list[NewNote] = field(default_factory=list)
    evaluations: dict[IncidentKey, Evaluation] = field(default_factory=dict)
    entries: list[AuditEntry] = field(default_factory=list)

    def pending(self, key: IncidentKey) -> Wanted | None:
        """The row still waiting for an incident, this page's own included."""
        return self.wanted.get(key) or self.rows.get(key)

    def was_excluded(self, key: IncidentKey) -> bool:
        """Whether the route's last evaluation left the incident out, and with it what was said meanwhile."""
        last = self.last.get(key)
        return last is not None and last.outcome == Reason.EXCLUDED

    def news(self, key: IncidentKey, mapped: Mapped) -> Mapped:
        """What is mapped, without the notes that were stored before; all are new after an exclusion."""
        said, excluded = self.said.get(key, ()), self.was_excluded(key)
        if not (said or excluded):
            return mapped
        notes = (note for note in mapped.notes if (note.stored_rule, note.item) not in said)
        return replace(mapped, notes=tuple(replace(note, fresh=True) if excluded else note for note in notes))


def evaluate(route: Route, step: Step, out: Gathered) -> Decision:
    """Decide on one incident and add the rows that follow to `out`: all of them, or none where this raises."""
    incident, key = step.incident, step.incident.key
    mapped = route.mapping.apply(incident.snapshot, step.old, _facts(step, out))
    mapped = out.news(key, mapped)
    pending = out.pending(key)
    decision = decide(mapped, intended_of(pending.record if pending else None, out.links.get(key)))
    decided = _decided(route, step, mapped, decision, out)
    if decision.record is not None:
        row = _wanted(route, incident, decision.record, out.now)
        notes = list(_notes(route, incident, decision, out.said.get(key, ())))
        if pending is not None and not (pending.told or pending.parked):
            out.entries.append(_coalesced(route, incident, pending, out))
        out.wanted[key] = row
        out.notes.extend(notes)
    out.evaluations[key] = Evaluation(
        incident.revision.ticks, incident.content, route.mapping.hash, str(decision.reason)
    )
    out.entries.append(decided)
    return decision


def _facts(step: Step, out: Gathered) -> Facts:
    facts = out.facts.get(step.incident.key, NO_FACTS)
    return replace(facts, recent=True) if step.because == "link" else facts


def _wanted(route: Route, incident: Incident, record: Record, now: datetime) -> Wanted:
    return Wanted(
        route=route.name,
        key=incident.key,
        target=route.target,
        record=record,
        revision=incident.revision,
        content=incident.content,
        mapping=route.mapping.hash,
        priority=priority_of(incident.snapshot),
        since=now,
        due=now,
        created_hint=str(incident.snapshot.get("createdDateTime") or ""),
    )


def _notes(
    route: Route, incident: Incident, decision: Decision, said: Collection[tuple[str, str]]
) -> Iterator[NewNote]:
    key = incident.key
    for note in (*decision.notes, *_tag_note(incident, decision, said)):
        name = _note_id(key, note)
        yield NewNote(
            route.name, key, note.stored_rule, note.item, name, note_text(note.text, name), note.title
        )


def _tag_note(incident: Incident, decision: Decision, said: Collection[tuple[str, str]]) -> Iterator[Note]:
    """The change of tags as a note, for a target and mapping that keep tags in notes; one for each change."""
    if decision.record is None or decision.record.tags_into != "note":
        return
    changed = [*(f"+ {tag}" for tag in decision.tags_added), *(f"- {tag}" for tag in decision.tags_removed)]
    if changed:
        raw = incident.revision.raw
        items = chain([raw], (f"{raw} {number}" for number in count(2)))
        item = next(item for item in items if (_TAGS, item) not in said)
        yield Note(_TAGS, item, f"Defender XDR tags: {', '.join(changed)}")


def _note_id(key: IncidentKey, note: Note) -> str:
    """The note's or task's name on a record: 32 hexadecimal digits from what identifies it, never from its text.

    Names of routes and targets have no part in it: a note must be known again after a renaming.
    """
    table = "tasks" if note.title else "notes"
    return key.chosen_id(target="", table=table, purpose=f"{note.rule}\x1f{note.item}").hex


def _entry(
    route: Route,
    incident: Incident,
    out: Gathered,
    outcome: Outcome | None,
    *,
    data: Mapping[str, JSON],
    private: Mapping[str, JSON],
) -> AuditEntry:
    return AuditEntry(
        AuditKind.DECIDED,
        at=out.now,
        outcome=outcome,
        source=out.source,
        route=route.name,
        target=route.target,
        tenant=incident.key.tenant,
        incident=incident.key.incident,
        revision=incident.revision.raw,
        content=incident.content,
        mapping=route.mapping.hash,
        data=data,
        private=private,
    )


def _coalesced(route: Route, incident: Incident, pending: Wanted, out: Gathered) -> AuditEntry:
    """The outcome of a revision that a newer one replaced before it had one of its own."""
    into = {"into": incident.revision.raw}
    entry = _entry(route, incident, out, Outcome.COALESCED, data=into, private={})
    return replace(entry, revision=pending.revision.raw, content=pending.content, mapping=pending.mapping)


def _decided(route: Route, step: Step, mapped: Mapped, decision: Decision, out: Gathered) -> AuditEntry:
    data: dict[str, JSON] = {"reason": str(decision.reason)}
    private: dict[str, JSON] = {}
    for change in decision.changes:
        where = private if route.catalogue.personal(change.name) else data
        where[f"field.{change.name}"] = _before_after(change)
    if decision.tags_added or decision.tags_removed:
        private["tags"] = {"added": list(decision.tags_added), "removed": list(decision.tags_removed)}
    data |= {name: value for name, value in _remarks(step, mapped, decision) if value}
    return _entry(route, step.incident, out, _ENDS.get(decision.reason), data=data, private=private)


def _before_after(change: Change) -> JSON:
    after = as_json(change.after)
    return {"after": after} if change.first else {"before": as_json(change.before), "after": after}


def _remarks(step: Step, mapped: Mapped, decision: Decision) -> Iterator[tuple[str, JSON]]:
    yield "because", step.because
    yield "rule", decision.rule
    yield "notes", [f"{note.rule}:{note.item}" for note in decision.notes if not note.title]
    yield "tasks", [f"{note.rule}:{note.item}" for note in decision.notes if note.title]
    yield "unmapped", [f"{each.rule}: {each.name} is {each.value}" for each in mapped.unmapped]
    yield "cut", list(mapped.cut)
    yield "repaired", list(step.incident.repaired)
