"""What the rules of a mapping can write, as far as it stands in the file and the vars. Pure.

A mapping that names a group or a close code is right or wrong before any incident comes; this is what there is to ask
an instance for.
"""

from collections.abc import Iterator
from typing import Any

from connector.mapping.document import FieldSpecification, MappingFile, ValueSpec
from connector.mapping.expr import Expr, Scope
from connector.mapping.expressions import compile_template
from connector.mapping.syntax import is_template
from connector.mapping.text import show
from connector.mapping.values import COLUMNS, literal
from connector.model import Catalogue, FieldKind, FieldSpec, FieldValue, Lookup, Writing

_WORDS = frozenset({"leave", "clear"})


def writing_of(file: MappingFile, catalogue: Catalogue, scope: Scope) -> Writing:
    """What a mapping that was compiled without complaint can write."""
    collected = _Collected(catalogue, scope)
    for name, value in _written(file):
        collected.add(catalogue.spec(name), value)
    return Writing(
        mapping=file.name,
        values={name: tuple(found) for name, found in collected.values.items()},
        lookups={name: frozenset(found) for name, found in collected.lookups.items()},
        texts=frozenset(collected.texts),
        tags_into=file.tags.into or "",
        notes=bool(file.notes) or file.tags.into == "note",
        tasks=bool(file.tasks),
    )


def _written(file: MappingFile) -> Iterator[tuple[str, Any]]:
    """Every value that a rule may give a field, as written."""
    for name, rule in file.fields.items():
        for value in _values(rule) if isinstance(rule, FieldSpecification) else [rule]:
            yield name, value
    for decision in file.decisions:
        given = len(decision.given)
        outcomes = [row[given:] for row in decision.rows]
        for outcome in (*outcomes, decision.otherwise or [], decision.else_ or []):
            for name, cell in zip(decision.set_, outcome, strict=False):
                yield name, ValueSpec.model_validate(cell) if isinstance(cell, dict) else cell


def _values(rule: FieldSpecification) -> Iterator[Any]:
    yield from (rule.values or {}).values()
    if rule.template is not None:
        yield ValueSpec(template=rule.template)
    if rule.lookup is not None:
        yield ValueSpec(lookup=rule.lookup)
    yield from (value for value in (rule.otherwise, rule.value, rule.else_) if value is not None)


class _Collected:
    """Values and look-ups by field, without repetition and in order; `texts` are fields of texts not known yet."""

    def __init__(self, catalogue: Catalogue, scope: Scope) -> None:
        self.values: dict[str, dict[FieldValue, None]] = {}
        self.lookups: dict[str, set[tuple[str, tuple[str, ...]]]] = {}
        self.texts: set[str] = set()
        self._scope = scope
        self._catalogue = catalogue

    def add(self, spec: FieldSpec, value: Any) -> None:
        found = self.values.setdefault(spec.name, {})
        if isinstance(value, ValueSpec) and value.lookup is not None:
            self._add_lookup(spec, value)
        elif isinstance(value, ValueSpec) and value.literal is not None:
            found[literal(value.literal, spec)] = None
        else:
            self._add_text(spec, value.template if isinstance(value, ValueSpec) else value)
        for each in found:
            if isinstance(each, Lookup):
                self._add_place(spec, each.table, each.by)

    def _add_text(self, spec: FieldSpec, value: Any) -> None:
        compiled = self._template(value)
        if value == "copy" or not compiled.constant:
            if spec.kind is FieldKind.REFERENCE and spec.table is not None and spec.table in COLUMNS:
                self._add_place(spec, spec.table, COLUMNS[spec.table])
            else:
                self.texts.add(spec.name)
        elif value not in _WORDS and show(compiled.value).strip():
            self.values[spec.name][literal(compiled.value, spec)] = None

    def _add_lookup(self, spec: FieldSpec, value: ValueSpec) -> None:
        wanted = value.lookup
        if wanted is None:
            return
        by = tuple(wanted.by or COLUMNS[wanted.table])
        self._add_place(spec, wanted.table, by)
        compiled = self._template(wanted.value)
        if wanted.value is not None and compiled.constant:
            self.values[spec.name][Lookup(wanted.table, by, show(compiled.value).strip())] = None

    def _add_place(self, spec: FieldSpec, table: str, by: tuple[str, ...]) -> None:
        self.lookups.setdefault(spec.name, set()).add((table, by))

    def _template(self, value: Any) -> Expr:
        if isinstance(value, str) and is_template(value):
            return compile_template(value, self._scope)
        return Expr(lambda view: value, constant=True, value=value)  # noqa: ARG005  # a Run takes a view
