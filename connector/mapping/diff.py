"""What another mapping would change: two mappings' words about the same incident, and such changes counted.

Incidents are many and changes are of few kinds, so that only kinds are kept: for each a count and some incidents.
Texts differ from incident to incident; where a field has more kinds of change than a person reads, the rest is one.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from connector.mapping.compiled import CompiledMapping
from connector.mapping.outcome import LEAVE_WORD, written
from connector.mapping.text import cut
from connector.model import NO_FACTS, Facts, Mapped, Mode, Note, Snapshot

OTHER = "(another value)"
_MOST_KINDS = 25  # of one field, of tags, of notes
_MOST_INCIDENTS = 5
_LONGEST = 80


@dataclass(frozen=True, slots=True, order=True)
class Kind:
    """A kind of change. `what`: field, mode, tag, create, scope, note or task; `name`: the field, or the rule.

    `before` and `after` are in the words of examples; a tag or a note that comes or goes has only one of them.
    """

    what: str
    name: str
    before: str
    after: str


def changes(before: Mapped, after: Mapped, default: Mode = Mode.FOLLOW) -> Iterator[Kind]:
    """Every change from what one mapping says of an incident to what another one says of it."""
    old, new = before.record, after.record
    for name in dict.fromkeys([*old.fields, *new.fields]):
        if name not in old.fields or name not in new.fields or old.fields[name] != new.fields[name]:
            yield Kind("field", name, written(old.fields, name), written(new.fields, name))
        elif old.modes.get(name, default) is not new.modes.get(name, default):
            yield Kind("mode", name, old.modes.get(name, default), new.modes.get(name, default))
    yield from _tags(old.tags, new.tags)
    if old.tags_into != new.tags_into:
        yield Kind("tag", "into", old.tags_into, new.tags_into)
    if before.may_create is not after.may_create:
        yield Kind("create", "", _yes(before.may_create), _yes(after.may_create))
    gone, come = (each.excluded.id if each.excluded else "" for each in (before, after))
    if gone != come:
        yield Kind("scope", "", gone, come)
    yield from _notes(before, after)


def _tags(old: tuple[str, ...], new: tuple[str, ...]) -> Iterator[Kind]:
    had, has = {tag.casefold() for tag in old}, {tag.casefold() for tag in new}
    yield from (Kind("tag", "", tag, "") for tag in old if tag.casefold() not in has)
    yield from (Kind("tag", "", "", tag) for tag in new if tag.casefold() not in had)


def _notes(before: Mapped, after: Mapped) -> Iterator[Kind]:
    """Rules that make a note or a task in one mapping only: what is there already is never said in other words."""
    old, new = (
        {(_sort(note), note.rule, note.item) for note in each.notes if note.fresh or note.backfill}
        for each in (before, after)
    )
    gone, come = ({each[:2] for each in rules} for rules in (old - new, new - old))
    yield from (Kind(what, rule, "said", "") for what, rule in sorted(gone))
    yield from (Kind(what, rule, "", "said") for what, rule in sorted(come))


def _sort(note: Note) -> str:
    return "task" if note.title else "note"


def _yes(wanted: bool) -> str:
    return "yes" if wanted else "no"


@dataclass(slots=True)
class Group:
    """One kind of change: how many incidents it would meet, and the first of them."""

    count: int = 0
    incidents: list[str] = field(default_factory=list)

    def add(self, incident: str) -> None:
        """Count an incident."""
        self.count += 1
        if len(self.incidents) < _MOST_INCIDENTS:
            self.incidents.append(incident)


@dataclass(slots=True)
class Differences:
    """The changes of many incidents by kind, in memory that does not grow with them.

    `excluded` counts the incidents that neither mapping is about, `recordless` those among `changed` of which the route
    keeps no record, so that little or nothing is written for them.
    """

    old: CompiledMapping
    new: CompiledMapping
    incidents: int = 0
    changed: int = 0
    excluded: int = 0
    recordless: int = 0
    groups: dict[Kind, Group] = field(default_factory=dict)
    _kinds: Counter[tuple[str, str]] = field(default_factory=Counter)

    def add(
        self,
        incident: str,
        snapshot: Snapshot,
        before: Snapshot | None,
        facts: Facts = NO_FACTS,
        *,
        recorded: bool = True,
    ) -> None:
        """Compare what the two mappings say of an incident, given the revision before it.

        `recorded` says whether the route keeps a record of it, or is about to.
        """
        was, would = (mapping.apply(snapshot, before, facts) for mapping in (self.old, self.new))
        kinds = dict.fromkeys(self._kept(kind) for kind in changes(was, would))
        self.incidents += 1
        self.changed += bool(kinds)
        self.excluded += was.excluded is not None and would.excluded is not None
        self.recordless += bool(kinds) and not recorded
        for kind in kinds:
            self.groups.setdefault(kind, Group()).add(incident)

    def ordered(self) -> list[tuple[Kind, Group]]:
        """The kinds, those of one field together, those that meet most first."""
        order = ("create", "scope", "field", "mode", "tag", "note", "task")
        return sorted(
            self.groups.items(), key=lambda each: (order.index(each[0].what), each[0].name, -each[1].count)
        )

    def _kept(self, kind: Kind) -> Kind:
        """The kind under which a change is counted: itself, or with others of its field once these are many."""
        short = Kind(kind.what, kind.name, cut(kind.before, _LONGEST), cut(kind.after, _LONGEST))
        if short in self.groups:
            return short
        of = kind.what, kind.name
        if self._kinds[of] < _MOST_KINDS:
            self._kinds[of] += 1
            return short
        return Kind(kind.what, kind.name, _other(kind.before), _other(kind.after))


def _other(value: str) -> str:
    return value if value in {"", LEAVE_WORD} else OTHER
