"""Why a mapping says what it says of one incident: every outcome with what was looked at and the place that decided.

What is explained is what `apply` gives; the rules are only asked where they stand.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from connector.mapping.compiled import CompiledMapping
from connector.mapping.outcome import written
from connector.mapping.places import Place, place_of, written_at
from connector.mapping.reading import Looked, looked_at
from connector.mapping.values import Left
from connector.mapping.view import UndecidedError, View
from connector.mapping.writers import Writer
from connector.model import NO_FACTS, Facts, FieldValue, Mapped, Mode, Note, Snapshot, Unmapped
from connector.yamlsource import Path


@dataclass(frozen=True, slots=True)
class FieldReason:
    """Why a field gets its value, or is left alone.

    `outcome` is the value in words, `leave` or `clear`; `rule` is where the field's rule stands and `decided` the
    part of it that decided. `unknown` is the word because of which the rule could not be decided, and `partner` the
    undecided field with which this one is left, because the target takes them only together.
    """

    field: str
    outcome: str
    value: FieldValue
    mode: Mode
    rule: Place
    decided: Place
    looked: tuple[Looked, ...] = ()
    cut: bool = False
    unknown: str = ""
    partner: str = ""


@dataclass(frozen=True, slots=True)
class TagReason:
    """A tag of the record, and the rule that gave it."""

    tag: str
    rule: Place
    looked: tuple[Looked, ...]


@dataclass(frozen=True, slots=True)
class NoteReason:
    """A note or a task, and the rule that gave it.

    `later`: it tells of a change, and the route is not known to have a record of the incident: whoever sees an incident
    for the first time posts no such note.
    """

    note: Note
    rule: Place
    cut: bool
    later: bool = False


@dataclass(frozen=True, slots=True)
class ScopeReason:
    """A scope rule, and whether it excludes the incident; None: it could not be decided."""

    id: str
    reason: str
    excludes: bool | None
    rule: Place
    looked: tuple[Looked, ...]


@dataclass(frozen=True, slots=True)
class CreateReason:
    """Whether a record may be created: what `create_when` looked at, and what the record lacks."""

    may: bool
    rule: Place | None
    looked: tuple[Looked, ...]
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Undecided:
    """A rule that could not be decided, and the word that it does not know."""

    unmapped: Unmapped
    rule: Place


@dataclass(frozen=True, slots=True)
class Explanation:
    """Everything that a mapping says of an incident, with reasons. An excluded incident has only `scope`."""

    mapped: Mapped
    fields: tuple[FieldReason, ...]
    tags: tuple[TagReason, ...]
    notes: tuple[NoteReason, ...]
    create: CreateReason
    scope: tuple[ScopeReason, ...]
    undecided: tuple[Undecided, ...]


def explain(
    mapping: CompiledMapping, snapshot: Snapshot, old: Snapshot | None, facts: Facts = NO_FACTS
) -> Explanation:
    """What the mapping says of the incident, and why. Never raises, whatever the snapshot holds."""
    return _Explainer(mapping, snapshot, old, facts).explanation()


class _Explainer:
    """One incident under one mapping."""

    def __init__(
        self, mapping: CompiledMapping, snapshot: Snapshot, old: Snapshot | None, facts: Facts
    ) -> None:
        self._mapping = mapping
        self._file = mapping.document
        self._mapped = mapping.apply(snapshot, old, facts)
        self._is_known = facts.record is not None
        self._view = View(snapshot, old, mapping.lets, facts=facts)

    def explanation(self) -> Explanation:
        excluded = self._mapped.excluded is not None
        return Explanation(
            self._mapped,
            () if excluded else tuple(self._fields()),
            () if excluded else tuple(self._tags()),
            tuple(self._notes()),
            self._create(),
            tuple(self._scope()),
            tuple(Undecided(each, self._rule_place(each.rule)) for each in self._mapped.unmapped),
        )

    def _at(self, path: Path) -> Place:
        return place_of(self._mapping, path)

    def _look(self, *texts: Any) -> tuple[Looked, ...]:
        return looked_at((text for text in texts if isinstance(text, str)), self._file.let, self._view)

    def _fields(self) -> Iterator[FieldReason]:
        for writer in self._mapping.writers:
            unknown = next((each for each in self._mapped.unmapped if each.rule == writer.rule), None)
            decided = self._decided(writer)
            for place, name in enumerate(writer.fields):
                record = self._mapped.record
                looked = self._look(*self._texts(writer), *self._value_texts(writer, decided, place))
                yield FieldReason(
                    name,
                    written(record.fields, name),
                    record.fields.get(name),
                    writer.mode,
                    self._at(writer.path),
                    self._at(decided),
                    looked,
                    cut=name in self._mapped.cut,
                    unknown=f"{unknown.name} {unknown.value}" if unknown else "",
                    partner="" if unknown else self._partner(writer, place, name),
                )

    def _decided(self, writer: Writer) -> Path:
        try:
            return writer.where(self._view)
        except UndecidedError:
            return writer.path

    def _partner(self, writer: Writer, place: int, name: str) -> str:
        """The undecided field because of which a value that the rule did give is left out."""
        if name in self._mapped.record.fields:
            return ""
        try:
            if isinstance(writer.run(self._view)[place], Left):
                return ""
        except UndecidedError:
            return ""
        rules = {each.rule for each in self._mapped.unmapped}
        lost = {field for each in self._mapping.writers if each.rule in rules for field in each.fields}
        return ", ".join(sorted(lost & self._mapping.catalogue.group(name)))

    def _texts(self, writer: Writer) -> Iterable[Any]:
        """The expressions that a field's rule evaluates, whatever they give."""
        section, which, *_ = writer.path
        if section == "decisions" and isinstance(which, int):
            decision = self._file.decisions[which]
            return decision.when, *decision.given
        rule = self._file.fields[str(which)]
        return getattr(rule, "when", None), getattr(rule, "from_", None)

    def _value_texts(self, writer: Writer, decided: Path, place: int) -> Iterator[Any]:
        """The templates of the value that was decided on."""
        value = written_at(self._mapping, decided)
        if decided and decided[-1] == "when":
            return
        if isinstance(value, list):
            value = value[len(value) - len(writer.fields) + place]
        if isinstance(value, dict):
            yield value.get("template")
            lookup = value.get("lookup") or value
            value = lookup.get("value") if isinstance(lookup, dict) else None
        if isinstance(value, str) and "{{" in value:
            yield value

    def _tags(self) -> Iterator[TagReason]:
        told: set[str] = set()
        for tagger, rule in zip(self._mapping.taggers, self._file.tags.add, strict=True):
            try:
                tags = tagger.run(self._view)
            except UndecidedError:
                continue
            for tag in tags:
                if tag in self._mapped.record.tags and tag not in told:
                    told.add(tag)
                    looked = self._look(rule.when, rule.each, rule.tag if "{{" in rule.tag else None)
                    yield TagReason(tag, self._at(tagger.path), looked)

    def _notes(self) -> Iterator[NoteReason]:
        told = (
            set() if self._is_known else {rule.name for rule in self._file.notes if rule.changed is not None}
        )
        for note in self._mapped.notes:
            rule = f"{'tasks' if note.title else 'notes'}.{note.rule}"
            later = not note.title and note.rule in told
            yield NoteReason(note, self._rule_place(rule), rule in self._mapped.cut, later)

    def _create(self) -> CreateReason:
        written_rule = "create_when" in self._file.model_fields_set
        missing = [] if self._mapped.excluded else self._mapping.missing(self._mapped.record)
        return CreateReason(
            self._mapped.may_create,
            self._at(("create_when",)) if written_rule else None,
            self._look(self._file.create_when),
            tuple(missing),
        )

    def _scope(self) -> Iterator[ScopeReason]:
        for index, (exclude, rule) in enumerate(zip(self._mapping.excludes, self._file.scope, strict=True)):
            excludes: bool | None
            try:
                excludes = bool(exclude.when(self._view))
            except UndecidedError:
                excludes = None
            place = self._at(("scope", index))
            yield ScopeReason(rule.id, rule.reason, excludes, place, self._look(rule.exclude_when))

    def _rule_place(self, rule: str) -> Place:
        """Where the rule stands that the audit knows by this name."""
        paths: dict[str, Path] = {part.rule: part.path for part in self._mapping.writers}
        paths |= {tagger.rule: tagger.path for tagger in self._mapping.taggers}
        paths |= {noter.rule: noter.path for noter in self._mapping.noters}
        paths |= {f"scope.{each.id}": ("scope", index) for index, each in enumerate(self._file.scope)}
        return self._at(paths.get(rule, (rule,)))
