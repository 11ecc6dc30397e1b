"""Rules for tags and notes: what is added for an incident, once or for each item of a list."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from connector.mapping.comparisons import fold, fold_owner
from connector.mapping.document import NoteRule, TagRule
from connector.mapping.expr import BROKEN, Expr, Run, Scope
from connector.mapping.expressions import compile_template
from connector.mapping.names import property_expr
from connector.mapping.report import Report
from connector.mapping.text import as_json, cut, show
from connector.mapping.view import UndecidedError, View, text_of
from connector.mapping.vocabulary import PROPERTIES, Kind
from connector.mapping.writers import check_keys, condition
from connector.model import MARKER, Note, digest
from connector.yamlsource import Path, nearest

# Room for the mark that every note carries at its end.
MARK_ROOM = 100


@dataclass(frozen=True, slots=True)
class Tagger:
    """A rule that gives tags; `run` raises UndecidedError."""

    rule: str
    run: Callable[[View], list[str]]
    path: Path
    reads: frozenset[str]


@dataclass(frozen=True, slots=True)
class Noter:
    """A rule that gives notes; `run` raises UndecidedError when its condition cannot be decided."""

    rule: str
    run: Callable[[View], Iterator[Note]]
    path: Path
    reads: frozenset[str]


def compile_tag(rule: TagRule, index: int, scope: Scope, report: Report) -> Tagger | None:
    """The compiled tag rule; None after a complaint."""
    path = ("tags", "add", index)
    before = len(report.wrong)
    each, inner = list_named(rule.each, (*path, "each"), scope, report)
    text = report.attempt((*path, "tag"), compile_template, rule.tag, inner)
    when = report.attempt((*path, "when"), condition, rule.when, inner)
    if text is None or report.fell_since(before, path):
        return None
    reads = text.reads if each is None else text.reads | each.reads
    return Tagger(f"tags.add[{index}]", _tags(each, text.run, when), path, reads)


def _tags(each: Expr | None, text: Run, when: Run | None) -> Callable[[View], list[str]]:
    def run(view: View) -> list[str]:
        tags = []
        for item in [None] if each is None else each.run(view):
            view.item = item
            if when is None or when(view):
                tags.append(" ".join(show(text(view)).split()))
        return tags

    return run


def distinct(tags: list[str]) -> tuple[str, ...]:
    """Tags in order, none empty, none twice in whatever case."""
    found: dict[str, str] = {}
    for tag in tags:
        if tag:
            found.setdefault(tag.casefold(), tag)
    return tuple(found.values())


def compile_note(rule: NoteRule, index: int, scope: Scope, report: Report, limit: int) -> Noter | None:
    """The compiled note rule; None after a complaint."""
    path = ("notes", index)
    before = len(report.wrong)
    check_keys(path, rule, report)
    if rule.each is None and rule.changed is None:
        scope = replace(scope, item=BROKEN)  # what is missing may be `each`
    each, inner = list_named(rule.each, (*path, "each"), scope, report)
    for position, name in enumerate(rule.changed or ()):
        if name not in PROPERTIES:
            remedy = nearest(name, PROPERTIES) or "name a property of the incident"
            report.add((*path, "changed", position), f"unknown name `{name}`", remedy)
    text = report.attempt((*path, "text"), compile_template, rule.text, inner)
    when = report.attempt((*path, "when"), condition, rule.when, inner)
    if text is None or report.fell_since(before, path):
        return None
    say = _Speaker(rule, text.run, when, limit - MARK_ROOM)
    if each is None:
        readers = [property_expr(name, PROPERTIES[name]) for name in rule.changed or ()]
        return Noter(f"notes.{rule.name}", lambda view: say.change(view, readers), path, text.reads)
    return Noter(f"notes.{rule.name}", lambda view: say.items(view, each), path, text.reads | each.reads)


def list_named(name: str | None, path: Path, scope: Scope, report: Report) -> tuple[Expr | None, Scope]:
    """The list that an `each` names, and the scope in which `item` is one of its items; None: no list."""
    if name is None:
        return None, replace(scope, item=BROKEN) if report.lacks_key(path[:-1]) else scope
    known = PROPERTIES.get(name)
    if known is None or known.kind not in {Kind.TEXTS, Kind.COMMENTS}:
        lists = [each for each, known in PROPERTIES.items() if known.kind in {Kind.TEXTS, Kind.COMMENTS}]
        report.add(path, f"`{name}` is not a list", nearest(name, lists))
        return None, replace(scope, item=BROKEN)
    each = property_expr(name, known)
    kind = Kind.COMMENT if known.kind is Kind.COMMENTS else Kind.TEXT
    item = Expr(lambda view: view.item, kind, known.vocabulary, reads=each.reads)
    return each, replace(scope, item=item)


class _Speaker:
    """Makes the notes of one rule."""

    def __init__(self, rule: NoteRule, text: Run, when: Run | None, limit: int) -> None:
        self._rule = rule
        self._text = text
        self._when = when
        self._limit = limit

    def items(self, view: View, each: Expr) -> Iterator[Note]:
        """A note for each item; one that the previous revision had is not fresh."""
        items = each.run(view)
        identities = identities_of(items)
        known = _known(items, identities, [] if view.old is None else each.run(view.old))
        for identity, item in zip(identities, items, strict=True):
            if identity is not None:
                view.item = item
                note = self._note(view, identity, fresh=identity not in known)
                if note is not None:
                    yield note

    def change(self, view: View, readers: list[Expr]) -> Iterator[Note]:
        """A note for this revision if one of the properties differs from the previous revision."""
        old = view.old
        if old is not None and any(_differs(reader, old, view) for reader in readers):
            note = self._note(view, show(text_of(view.snapshot.get("lastUpdateDateTime"))), fresh=True)
            if note is not None:
                yield note

    def _note(self, view: View, item: str, *, fresh: bool) -> Note | None:
        if self._when is not None and not self._when(view):
            return None
        text = show(self._text(view))
        if not text.strip():
            return None
        if len(text) > self._limit:
            view.cut.append(f"notes.{self._rule.name}")
            text = cut(text, self._limit)
        return Note(self._rule.name, item, text, fresh=fresh, backfill=self._rule.backfill)


def _known(items: list[Any], identities: list[str | None], before: list[Any]) -> set[str | None]:
    """The identities of the items that were there before; mostly those now begin with them."""
    begun = items[: len(before)] == before
    return set(identities[: len(before)] if begun else identities_of(before))


def identities_of(items: list[Any]) -> list[str | None]:
    """What tells each item apart, a digest of what it says; equal ones get a running number, so that none is lost.

    Comments that are copies of our own notes are no items: None.
    """
    found: list[str | None] = []
    counts: dict[str, int] = {}
    for item in items:
        if isinstance(item, dict) and MARKER.search(item["comment"] or ""):
            found.append(None)
            continue
        identity = _identity(item)
        counts[identity] = counts.get(identity, 0) + 1
        found.append(identity if counts[identity] == 1 else f"{identity}-{counts[identity]}")
    return found


def _identity(item: Any) -> str:
    said = item
    if isinstance(item, dict):
        said = [item["createdByDisplayName"], item["createdDateTime"], item["comment"]]
    try:
        return digest(said)[:16]
    except UnicodeEncodeError:  # half a character, which no encoding has
        return digest(_storable(said))[:16]


def _storable(said: Any) -> Any:
    if isinstance(said, list):
        return [_storable(part) for part in said]
    return said.encode("utf-8", "replace").decode() if isinstance(said, str) else said


def _differs(reader: Expr, old: View, new: View) -> bool:
    try:
        before, after = reader.run(old), reader.run(new)
    except UndecidedError:
        return _state(reader, old) != _state(reader, new)
    if before == after or reader.kind is not Kind.OWNER:
        return bool(before != after)
    return fold_owner(before) != fold_owner(after)


def _state(reader: Expr, view: View) -> str | None:
    try:
        value = reader.run(view)
    except UndecidedError as error:
        return fold(error.value)
    return fold_owner(value) if reader.kind is Kind.OWNER else as_json(value)
