"""The rules under `fields`: value tables, templates, look-ups, constants; each one makes a writer."""

import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from connector.mapping.comparisons import fold_owner, member_of
from connector.mapping.document import FieldSpecification, LookupSpec, Value, ValueSpec
from connector.mapping.expr import BROKEN, Expr, ExpressionError, Run, Scope
from connector.mapping.expressions import compile_expression
from connector.mapping.report import Report
from connector.mapping.strict import Scalar
from connector.mapping.text import show
from connector.mapping.values import LEAVE, Action, Always, action, lookup
from connector.mapping.view import View
from connector.mapping.vocabulary import Kind
from connector.mapping.writers import (
    Results,
    Where,
    Writer,
    always_at,
    applied,
    check_keys,
    condition,
    guarded,
    guarded_where,
)
from connector.model import FieldSpec, Mode
from connector.yamlsource import Path


@dataclass(frozen=True, slots=True)
class _Way:
    """How a field gets its value, and what of the rule gave it."""

    run: Callable[[View], Results]
    where: Where


class FieldCompiler:
    """Compiles the rules under `fields`."""

    def __init__(self, scope: Scope, report: Report) -> None:
        self._scope = scope
        self._report = report

    def compile(self, name: str, rule: FieldSpecification | Scalar, spec: FieldSpec) -> Writer | None:
        """The writer of the field `spec`, whose rule stands under `name`; None after a complaint."""
        path = ("fields", name)
        before = len(self._report.wrong)
        if not isinstance(rule, FieldSpecification):
            way = self._acting(path, rule, spec)
            if way is None:
                return None
            return Writer(f"fields.{name}", (spec.name,), way.run, Mode.FOLLOW, path, way.where)
        check_keys(path, rule, self._report)
        way = self._way(path, rule, spec)
        when = self._report.attempt((*path, "when"), condition, rule.when, self._scope)
        otherwise = self._acting((*path, "else"), rule.else_, spec)
        if way is None or otherwise is None or self._report.fell_since(before, path):
            return None
        run = guarded(way.run, when, otherwise.run)
        where = guarded_where(way.where, when, path, has_else="else_" in rule.model_fields_set)
        return Writer(f"fields.{name}", (spec.name,), run, Mode(rule.mode), path, where)

    def _way(self, path: Path, rule: FieldSpecification, spec: FieldSpec) -> _Way | None:
        """The way to the value. A rule with more than one is wrong, and all of them are judged."""
        source = None
        if rule.from_ is not None:
            written = rule.from_
            source = self._report.attempt((*path, "from"), compile_expression, written, self._scope) or BROKEN
        ways: list[_Way | None] = []
        if rule.template is not None:
            ways.append(self._acting((*path, "template"), ValueSpec(template=rule.template), spec))
        if rule.lookup is not None:
            ways.append(self._looking((*path, "lookup"), rule.lookup, spec, source))
        if rule.value is not None:
            ways.append(self._acting((*path, "value"), rule.value, spec, source))
        if rule.has_table:
            ways.append(self._table(path, rule, spec, source or BROKEN))
        return ways[0] if ways else None

    def _looking(self, path: Path, wanted: LookupSpec, spec: FieldSpec, source: Expr | None) -> _Way | None:
        act = self._report.attempt(path, lookup, wanted, spec, self._scope, source)
        return None if act is None else _Way(_applied(act, source), always_at(path))

    def _acting(self, path: Path, value: Value, spec: FieldSpec, source: Expr | None = None) -> _Way | None:
        act = self._report.attempt(path, action, value, spec, self._scope, source)
        return None if act is None else _Way(_applied(act, source), always_at(path))

    def _table(self, path: Path, rule: FieldSpecification, spec: FieldSpec, source: Expr) -> _Way | None:
        normal = self._report.attempt((*path, "from"), key_form, source)
        source = BROKEN if normal is None else source
        table: dict[Any, Action] = {}
        places: dict[Any, Path] = {}
        judged = _Keys(source, self._report)
        for key, value in (rule.values or {}).items():
            place = (*path, "values", key)
            act = self._report.attempt(place, action, value, spec, self._scope, source)
            form = judged.form(place, key)
            table[form] = act or Always(LEAVE)
            places.setdefault(form, place)
        default = None
        if rule.otherwise is not None:
            written = rule.otherwise
            default = self._report.attempt((*path, "otherwise"), action, written, spec, self._scope, source)
        else:
            judged.check_total((*path, "values"))
        if normal is None:
            return None
        run = _looked_up(source, normal, table, default or Always(LEAVE))
        return _Way(run, _found_at(source.run, normal, places, (*path, "otherwise")))


class _Keys:
    """The keys of one value table, as they are met."""

    def __init__(self, source: Expr, report: Report) -> None:
        self._source = source
        self._report = report
        self._met: set[Any] = set()
        self._sure = source is not BROKEN

    def form(self, path: Path, key: Any) -> Any:
        """The key as it is looked up; None after a complaint."""
        if self._source is BROKEN:
            return None
        try:
            form = table_key(key, self._source)
        except ExpressionError as error:
            for what, remedy in error.complaints:
                self._report.add(path, what, remedy)
            self._suppose(key)
            return None
        if form in self._met:
            what = f"`{show(key)}` means the same as a key before it"
            self._report.add(path, what, "keep one", at_key=True)
        self._met.add(form)
        return form

    def _suppose(self, key: Any) -> None:
        """Take a wrong key for the word that was meant, so that nobody is told that this one is missing."""
        vocabulary = self._source.vocabulary
        folded = {word.casefold(): word for word in vocabulary.members} if vocabulary else {}
        near = difflib.get_close_matches(show(key).casefold(), folded, n=1)
        self._met.update(folded[word] for word in near)
        self._sure = self._sure and bool(near)

    def check_total(self, path: Path) -> None:
        """Complain about words that have no value."""
        source = self._source
        if not self._sure:
            return
        if source.kind is Kind.ENUM and source.vocabulary is not None:
            missing = [member for member in source.vocabulary.members if member not in self._met]
            if missing:
                remedy = "give each a value, or add `otherwise`"
                self._report.add(path, f"no value for {', '.join(missing)}", remedy, at_key=True)
        elif source.kind is not Kind.BOOL or not {True, False} <= self._met:
            what = (
                "not every value can be listed"
                if source.kind is not Kind.BOOL
                else "no value for true or false"
            )
            self._report.add(path, what, "add `otherwise`", at_key=True)


def _applied(act: Action, source: Expr | None) -> Callable[[View], Results]:
    if source is None:
        return applied((act,))
    run = source.run
    return lambda view: (act(view, run(view)),)


def _looked_up(
    source: Expr, normal: Callable[[Any], Any], table: dict[Any, Action], default: Action
) -> Callable[[View], Results]:
    if isinstance(default, Always) and all(isinstance(act, Always) for act in table.values()):
        results = {key: (act.result,) for key, act in table.items() if isinstance(act, Always)}
        return _result_of(source, normal, results, (default.result,))

    read = source.run

    def run(view: View) -> Results:
        value = read(view)
        return (table.get(normal(value), default)(view, value),)

    return run


def _result_of(
    source: Expr, normal: Callable[[Any], Any], results: Mapping[Any, Results], default: Results
) -> Callable[[View], Results]:
    read, name = source.run, source.name
    if normal is not _as_it_is:
        return lambda view: results.get(normal(read(view)), default)
    if name:
        return lambda view: results.get(view.values[name], default)
    return lambda view: results.get(read(view), default)


def _found_at(read: Run, normal: Callable[[Any], Any], places: dict[Any, Path], default: Path) -> Where:
    return lambda view: places.get(normal(read(view)), default)


def table_key(key: Any, source: Expr) -> Any:
    """A key of a value table in the form in which it is looked up. Raises ExpressionError for a wrong one."""
    if source.kind is Kind.ENUM and source.vocabulary is not None:
        return None if key is None and source.nullable else member_of(source.vocabulary, key)
    if source.kind is Kind.BOOL and not isinstance(key, bool):
        raise ExpressionError((f"`{show(key)}` is not true or false", "use true and false"))
    return key_form(source)(key)


def _as_it_is(value: Any) -> Any:
    return value


def key_form(source: Expr) -> Callable[[Any], Any]:
    """How a value is brought into the form of a table's keys. Raises ExpressionError where no table can help."""
    match source.kind:
        case Kind.ENUM:
            return _as_it_is
        case Kind.OWNER:
            return fold_owner
        case Kind.BOOL:
            return bool
        case Kind.TEXTS | Kind.COMMENTS | Kind.COMMENT:
            raise ExpressionError(("a list cannot be looked up in a table", "use a decision with {has: ...}"))
    return lambda value: None if value is None else show(value).strip()
