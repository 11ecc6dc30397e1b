"""A mapping ready to be applied: closures only, nothing left to parse, nothing that an incident can break."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from connector.mapping.appended import Noter, Tagger, distinct
from connector.mapping.document import MappingFile
from connector.mapping.expr import Run, Scope
from connector.mapping.literals import writing_of
from connector.mapping.values import LEAVE
from connector.mapping.view import Let, UndecidedError, View
from connector.mapping.writers import Writer
from connector.model import (
    NO_FACTS,
    Catalogue,
    Exclusion,
    Facts,
    FieldValue,
    Mapped,
    Mode,
    Note,
    Record,
    Snapshot,
    Unmapped,
    Writing,
)
from connector.yamlsource import Document


@dataclass(frozen=True, slots=True)
class Exclude:
    """A compiled scope rule."""

    exclusion: Exclusion
    when: Run


@dataclass(frozen=True, slots=True)
class CompiledMapping:
    """A mapping bound to a route's vars.

    `hash` is the SHA-256 of the file's data and the vars, so that wording and comments do not change it.
    `tags_into` says where tags go on a target that has none of its own: a field, or `note`; "" otherwise.
    `joins`: records are found and never created, so that nothing is needed to create one. `reads_records`: what of
    other records the rules look at (`record`, `links`, `mergedInto`); when one comes into being they are asked again.
    `sources`: name and text of the file and of the bases that it extends, nearest first. `written`: all of them as one
    document, in which the paths of the rules lead somewhere.
    """

    name: str
    target: str
    hash: str
    tags_into: str
    catalogue: Catalogue
    document: MappingFile = field(repr=False)
    written: Document = field(repr=False)
    sources: tuple[tuple[str, str], ...] = field(repr=False)
    excludes: tuple[Exclude, ...] = ()
    create_when: Run | None = None
    writers: tuple[Writer, ...] = ()
    taggers: tuple[Tagger, ...] = ()
    noters: tuple[Noter, ...] = ()
    lets: Mapping[str, Let] = field(default_factory=dict)
    joins: bool = False
    reads_records: frozenset[str] = frozenset()
    scope: Scope = field(default_factory=lambda: Scope({}), repr=False, compare=False)

    @property
    def text(self) -> str:
        """The text of the file itself, without what it extends."""
        return self.sources[0][1]

    @property
    def backfills(self) -> bool:
        """Whether a rule is for what is past, so that it says the same again whenever it is asked."""
        file = self.document
        return any(note.backfill for note in file.notes) or any(task.backfill for task in file.tasks)

    def apply(self, snapshot: Snapshot, old: Snapshot | None, facts: Facts = NO_FACTS) -> Mapped:
        """What the target should hold for the incident, given the previous revision read (None at first sight).

        Never raises, whatever the snapshot holds; equal arguments give equal results, byte for byte.
        """
        return _Application(self, snapshot, old, facts).mapped()

    def writing(self) -> Writing:
        """What the rules can write, as far as it stands in the file and the vars."""
        return writing_of(self.document, self.catalogue, self.scope)

    def wants_creation(self, snapshot: Snapshot) -> bool:
        """Whether `create_when` holds, whatever the record then lacks; false when that cannot be decided."""
        return _Application(self, snapshot, None, NO_FACTS).may_create()

    def missing(self, record: Record) -> list[str]:
        """The fields without which the target cannot create this record."""
        needed = () if self.joins else self.catalogue.required
        return sorted(name for name in needed if record.fields.get(name) is None)


class _Application:
    """One incident under one mapping: what the rules said, and what they could not decide."""

    def __init__(
        self, mapping: CompiledMapping, snapshot: Snapshot, old: Snapshot | None, facts: Facts
    ) -> None:
        self._mapping = mapping
        self._view = View(snapshot, old, mapping.lets, facts=facts)
        self._unmapped: dict[Unmapped, None] = {}
        self._undecided_fields: set[str] = set()

    def mapped(self) -> Mapped:
        decided, excluded = self._excluded()
        if excluded is not None:
            # Nothing is wanted of an incident that the route is not about, not even that its tags go.
            return Mapped(Record(keep_tags=True), may_create=False, excluded=excluded)
        record = self._record()
        # What could not be decided may leave a record without a field that it needs to be created.
        may_create = self.may_create() and decided and not self._mapping.missing(record)
        notes = self._notes() if self._mapping.noters else ()
        cut = tuple(dict.fromkeys(self._view.cut))
        return Mapped(record, notes, may_create, None, tuple(self._unmapped), cut)

    def _excluded(self) -> tuple[bool, Exclusion | None]:
        """Whether every scope rule could be decided, and the first that excludes the incident."""
        decided = True
        for rule in self._mapping.excludes:
            try:
                if rule.when(self._view):
                    return True, rule.exclusion
            except UndecidedError as error:
                self._note_undecided(f"scope.{rule.exclusion.id}", error)
                decided = False
        return decided, None

    def may_create(self) -> bool:
        when = self._mapping.create_when
        try:
            return when is None or bool(when(self._view))
        except UndecidedError as error:
            self._note_undecided("create_when", error)
            return False

    def _record(self) -> Record:
        fields: dict[str, FieldValue] = {}
        modes: dict[str, Mode] = {}
        view, follow = self._view, Mode.FOLLOW
        for writer in self._mapping.writers:
            try:
                results = writer.run(view)
            except UndecidedError as error:
                self._note_undecided(writer.rule, error)
                self._undecided_fields.update(writer.fields)
                continue
            for place, name in enumerate(writer.fields):
                result = results[place]
                if result is not LEAVE:
                    fields[name] = result
                    if writer.mode is not follow:
                        modes[name] = writer.mode
        if self._undecided_fields:
            self._leave_incomplete_groups(fields, modes)
        tags, kept = self._tags()
        into, wishes = self._mapping.tags_into, self._mapping.document.when_record
        return Record(fields, tags, modes, kept, into, when_record=wishes)

    def _leave_incomplete_groups(self, fields: dict[str, FieldValue], modes: dict[str, Mode]) -> None:
        """Leave the partners of undecided fields where without them the target would refuse the rest.

        A state that says Closed without the verdict that could not be decided moves nothing but an error message.
        """
        if not self._mapping.catalogue.joint(fields):
            return
        for name in self._undecided_fields:
            for partner in self._mapping.catalogue.group(name):
                fields.pop(partner, None)
                modes.pop(partner, None)

    def _tags(self) -> tuple[tuple[str, ...], bool]:
        tags: list[str] = []
        kept = False
        for tagger in self._mapping.taggers:
            try:
                tags += tagger.run(self._view)
            except UndecidedError as error:
                self._note_undecided(tagger.rule, error)
                kept = True
        return distinct(tags), kept

    def _notes(self) -> tuple[Note, ...]:
        speaking = self._view.speaking()
        notes: list[Note] = []
        for noter in self._mapping.noters:
            try:
                notes.extend(noter.run(speaking))
            except UndecidedError as error:
                self._note_undecided(noter.rule, error)
        return tuple(notes)

    def _note_undecided(self, rule: str, error: UndecidedError) -> None:
        self._unmapped[Unmapped(rule, error.name, error.value)] = None
