"""From a mapping's text to something that can be applied, or to every reason why not.

The order is: the shape of the file, the meaning of each rule, the rules against the target's catalogue, and last what
the rules do together and the examples. One run tells everything that can be told: what is wrong is put aside, what is
around it is judged, and nothing is said that may only follow from another mistake (`doubts`).
"""

import difflib
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from connector.errors import ConfigError, Problem
from connector.mapping.appended import Noter, Tagger, compile_note, compile_tag
from connector.mapping.check import check_fields, check_ids, check_ownership, check_when_record, meant
from connector.mapping.compiled import CompiledMapping, Exclude
from connector.mapping.compose import Bases, Composition, Read, compose
from connector.mapping.decisions import DecisionCompiler
from connector.mapping.document import MappingFile
from connector.mapping.doubts import doubts_of
from connector.mapping.example_check import check_examples
from connector.mapping.expr import BROKEN, Expr, Scope, constant
from connector.mapping.expressions import compile_expression, compile_template
from connector.mapping.fields import FieldCompiler
from connector.mapping.joint import check_joint
from connector.mapping.names import ROOTS
from connector.mapping.report import Report
from connector.mapping.syntax import is_template
from connector.mapping.tasks import compile_task
from connector.mapping.vocabulary import LATER, PROPERTIES
from connector.mapping.writers import Writer, condition
from connector.model import JSON, Catalogue, Exclusion, FieldSpec, digest
from connector.yamlsource import nearest

_OPERATORS = frozenset({"and", "or", "not", "in", "is", "if", "else", "true", "false", "none"})
_OPERATORS |= {word.capitalize() for word in ("true", "false", "none")}
# Stands for a target that is not known: nothing that is written for it is wrong because of it.
_ANYTHING = Catalogue("", {}, custom=re.compile(".*", re.DOTALL))
_RESERVED = frozenset({"item", "null", *ROOTS, *LATER, *PROPERTIES})


def load_mapping(
    text: str | bytes,
    file: str,
    *,
    catalogues: Mapping[str, Catalogue],
    vars: Mapping[str, JSON],  # noqa: A002  # the word of the language and of the configuration
    source_name: str = "",
    routes: Collection[str] | None = None,
    microsoft_owned: bool = False,
    run_examples: bool = True,
    read: Read | Bases | None = None,
) -> CompiledMapping:
    """The mapping in `text`, bound to a route's vars; `file` is the name that complaints give it.

    `catalogues` are those of the known target types, by name. `routes` are the names of the other routes for the same
    incidents and of their targets, as `links` has them; None: whatever the mapping names. `microsoft_owned` says that
    the target's records are created and kept by Microsoft's own connector, and that the mapping only adds to them.
    Without `run_examples` an example that fails is no problem here. `read` gives the text of a base by its name (see
    `Bases`; hand in the same for all mappings that are loaded together); None: the mapping can extend nothing.

    Raises ConfigError with every problem found.
    """
    composed = compose(text, file, Bases(read) if callable(read) else read)
    shape, files = composed.file, [name for name, _ in composed.sources]
    report = Report(composed.document, files, composed.problems)
    catalogue = _catalogue(shape, catalogues, report)
    known = {name: _without_floats(value) for name, value in vars.items()}
    partial = composed.partial or not report.is_written(("let",))
    scope = Scope(known, source_name, routes=None if routes is None else frozenset(routes), partial=partial)
    compiled = _MappingCompiler(composed, catalogue, scope, report).compile(known, joins=microsoft_owned)
    if microsoft_owned and not shape.accepts_flow_back:
        check_ownership(shape, catalogue, (compiled.taggers, compiled.noters), report)
    doubts = doubts_of(
        shape,
        report.wrong,
        lambda name: meant(name, shape, catalogue),
        everything=composed.unsure or catalogue is _ANYTHING,
    )
    check_joint(compiled, report, doubts)
    check_examples(compiled, report, doubts, run=run_examples)
    if report.problems:
        raise ConfigError(sorted(dict.fromkeys(report.problems), key=lambda each: _order(each, files)))
    return compiled


def _order(problem: Problem, files: Sequence[str]) -> tuple[int, int, int]:
    place = files.index(problem.file) if problem.file in files else len(files)
    return place, problem.line, problem.column


def _catalogue(shape: MappingFile, catalogues: Mapping[str, Catalogue], report: Report) -> Catalogue:
    """The target's; of an unknown one the one that was probably meant, or else one that takes everything."""
    found = catalogues.get(shape.target)
    if found is not None:
        return found
    report.add(("target",), f"unknown target `{shape.target}`", nearest(shape.target, catalogues))
    near = difflib.get_close_matches(shape.target, catalogues, n=1)
    return catalogues[near[0]] if near and report.is_written(("target",)) else _ANYTHING


def _without_floats(value: JSON) -> JSON:
    """The value with fractions as text: digests have no place for them, and no field of a target holds one."""
    if isinstance(value, Mapping):
        return {_key(key): _without_floats(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_without_floats(part) for part in value]
    return str(value) if isinstance(value, float) else value


def _key(key: object) -> str:
    return "null" if key is None else str(key)


class _MappingCompiler:
    """Compiles the parts of a file, each with the names that it may use."""

    def __init__(self, composed: Composition, catalogue: Catalogue, scope: Scope, report: Report) -> None:
        self._composed = composed
        self._file = composed.file
        self._catalogue = catalogue
        self._report = report
        self._scope = scope

    def compile(self, known: Mapping[str, JSON], *, joins: bool) -> CompiledMapping:
        """The compiled mapping; parts with complaints are missing from it. `known`: the vars, for its hash."""
        file, report = self._file, self._report
        check_ids(file, report)
        check_fields(file, self._catalogue, report)
        check_when_record(file, self._catalogue, report)
        self._scope = self._with_lets()
        compiled = CompiledMapping(
            name=file.name,
            target=file.target,
            sources=self._composed.sources,
            hash=digest({"document": _without_floats(self._composed.document.data), "vars": known}),
            tags_into=file.tags.into or "",
            catalogue=self._catalogue,
            document=file,
            written=self._composed.document,
            excludes=tuple(self._excludes()),
            create_when=report.attempt(("create_when",), condition, file.create_when, self._scope),
            writers=tuple(self._writers()),
            taggers=tuple(self._taggers()),
            noters=(*self._noters(), *self._taskers()),
            lets={name: let.run for name, let in self._scope.lets.items()},
            joins=joins,
        )
        return replace(compiled, reads_records=frozenset(self._scope.records), scope=self._scope)

    def _with_lets(self) -> Scope:
        """The scope with the `let` names; each may use those before it, so none can go in circles."""
        scope, names = self._scope, list(self._file.let)
        lets: dict[str, Expr] = {}
        for place, (name, written) in enumerate(self._file.let.items()):
            path = ("let", name)
            if name in _RESERVED:
                self._report.add(path, f"`{name}` is already a name", "choose another", at_key=True)
                continue
            if not name.isidentifier() or name in _OPERATORS:
                remedy = "use letters, digits and `_`, and a letter first; not a word of the language"
                self._report.add(path, f"`{name}` cannot stand in an expression", remedy, at_key=True)
                continue
            inner = replace(scope, lets=dict(lets), later=frozenset(names[place + 1 :]))
            lets[name] = self._report.attempt(path, _let, written, inner) or BROKEN
        return replace(scope, lets=lets)

    def _excludes(self) -> list[Exclude]:
        found = []
        for index, rule in enumerate(self._file.scope):
            path = ("scope", index, "exclude_when")
            before = len(self._report.wrong)
            when = self._report.attempt(path, condition, rule.exclude_when, self._scope)
            if not self._report.fell_since(before, path[:2]):
                found.append(Exclude(Exclusion(rule.id, rule.reason), when or constant(True).run))
        return found

    def _writers(self) -> list[Writer]:
        fields = FieldCompiler(self._scope, self._report)
        written = [fields.compile(name, rule, self._spec(name)) for name, rule in self._file.fields.items()]
        written += [
            DecisionCompiler(
                rule, index, list(map(self._spec, rule.set_)), self._scope, self._report
            ).compile()
            for index, rule in enumerate(self._file.decisions)
        ]
        knows = self._catalogue.knows
        return [each for each in written if each is not None and all(map(knows, each.fields))]

    def _spec(self, name: str) -> FieldSpec:
        """The field that a name stands for; one that is not known takes anything."""
        return self._catalogue.spec(meant(name, self._file, self._catalogue) or name)

    def _taggers(self) -> list[Tagger]:
        rules = enumerate(self._file.tags.add)
        found = [compile_tag(rule, index, self._scope, self._report) for index, rule in rules]
        return [tagger for tagger in found if tagger is not None]

    def _noters(self) -> list[Noter]:
        rules, limit = enumerate(self._file.notes), self._catalogue.note_limit
        found = [compile_note(rule, index, self._scope, self._report, limit) for index, rule in rules]
        return [noter for noter in found if noter is not None]

    def _taskers(self) -> list[Noter]:
        rules = enumerate(self._file.tasks)
        found = [
            compile_task(rule, index, self._scope, self._report, self._catalogue) for index, rule in rules
        ]
        return [tasker for tasker in found if tasker is not None]


def _let(written: Any, scope: Scope) -> Expr:
    if not isinstance(written, str):
        return constant(written)
    return compile_template(written, scope) if is_template(written) else compile_expression(written, scope)
