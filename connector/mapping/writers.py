"""Rules that write fields: value tables, templates, look-ups, constants; each one is a writer."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from connector.mapping.comparisons import fold_owner, member_of
from connector.mapping.document import FieldSpecification, Value, ValueSpec
from connector.mapping.expr import Expr, ExpressionError, Run, Scope, constant
from connector.mapping.expressions import compile_expression
from connector.mapping.report import Report
from connector.mapping.strict import Scalar
from connector.mapping.text import show
from connector.mapping.values import LEAVE, Action, Always, Result, action, lookup
from connector.mapping.view import View
from connector.mapping.vocabulary import Kind
from connector.model import Catalogue, FieldSpec, Mode
from connector.yamlsource import Path

Results = tuple[Result, ...]
Where = Callable[[View], Path]


@dataclass(frozen=True, slots=True)
class Writer:
    """A rule that writes fields: `run` gives one result for each of `fields`, or raises UndecidedError.

    `where` gives the place of what decides for an incident: a key of a table, a row, `otherwise`, `else`, or the
    condition that does not hold. It is worked out beside `run`, for explanations only, and raises like it.
    """

    rule: str
    fields: tuple[str, ...]
    run: Callable[[View], Results]
    mode: Mode
    path: Path
    where: Where


@dataclass(frozen=True, slots=True)
class _Way:
    """How a field gets its value, and what of the rule gave it."""

    run: Callable[[View], Results]
    where: Where


def condition(when: str | bool | None, scope: Scope) -> Run | None:
    """The closure of a condition; None: always. Raises ExpressionError."""
    if when is None or when is True:
        return None
    compiled = constant(when) if isinstance(when, bool) else compile_expression(when, scope)
    return compiled.run


def guarded(
    run: Callable[[View], Results], when: Run | None, otherwise: Callable[[View], Results]
) -> Callable[[View], Results]:
    """`run` where `when` holds, and `otherwise` where it does not."""
    if when is None:
        return run
    return lambda view: run(view) if when(view) else otherwise(view)


def guarded_where(where: Where, when: Run | None, path: Path, *, has_else: bool) -> Where:
    """What decides in a rule at `path` with a condition: `else`, or the condition itself, where it does not hold."""
    if when is None:
        return where
    instead = (*path, "else" if has_else else "when")
    return lambda view: where(view) if when(view) else instead


def always_at(path: Path) -> Where:
    """The place of a rule that says the same of every incident."""
    return lambda view: path  # noqa: ARG005  # a Where takes a view


class FieldCompiler:
    """Compiles the rules under `fields`."""

    def __init__(self, catalogue: Catalogue, scope: Scope, report: Report) -> None:
        self._catalogue = catalogue
        self._scope = scope
        self._report = report

    def compile(self, name: str, rule: FieldSpecification | Scalar) -> Writer | None:
        """The writer of one field; None after a complaint."""
        path = ("fields", name)
        spec = self._catalogue.spec(name)
        before = len(self._report.problems)
        if not isinstance(rule, FieldSpecification):
            way = self._acting(path, rule, spec)
            if way is None:
                return None
            return Writer(f"fields.{name}", (name,), way.run, Mode.FOLLOW, path, way.where)
        way = self._way(path, rule, spec)
        when = self._report.attempt((*path, "when"), condition, rule.when, self._scope)
        otherwise = self._acting((*path, "else"), rule.else_, spec)
        if way is None or otherwise is None or len(self._report.problems) > before:
            return None
        run = guarded(way.run, when, otherwise.run)
        where = guarded_where(way.where, when, path, has_else="else_" in rule.model_fields_set)
        return Writer(f"fields.{name}", (name,), run, Mode(rule.mode), path, where)

    def _way(self, path: Path, rule: FieldSpecification, spec: FieldSpec) -> _Way | None:
        source = None
        if rule.from_ is not None:
            written = rule.from_
            source = self._report.attempt((*path, "from"), compile_expression, written, self._scope)
            if source is None:
                return None
        if rule.template is not None:
            return self._acting((*path, "template"), ValueSpec(template=rule.template), spec)
        if rule.lookup is not None:
            wanted = rule.lookup
            act = self._report.attempt((*path, "lookup"), lookup, wanted, spec, self._scope, source)
            return None if act is None else _Way(_applied(act, source), always_at((*path, "lookup")))
        if rule.value is not None:
            return self._acting((*path, "value"), rule.value, spec, source)
        return None if source is None else self._table(path, rule, spec, source)

    def _acting(self, path: Path, value: Value, spec: FieldSpec, source: Expr | None = None) -> _Way | None:
        act = self._report.attempt(path, action, value, spec, self._scope, source)
        return None if act is None else _Way(_applied(act, source), always_at(path))

    def _table(self, path: Path, rule: FieldSpecification, spec: FieldSpec, source: Expr) -> _Way | None:
        normal = self._report.attempt((*path, "from"), key_form, source)
        if normal is None:
            return None
        table: dict[Any, Action] = {}
        places: dict[Any, Path] = {}
        for key, value in (rule.values or {}).items():
            place = (*path, "values", key)
            act = self._report.attempt(place, action, value, spec, self._scope, source)
            form = self._enter(table, place, key, act, source)
            places.setdefault(form, place)
        default = None
        if rule.otherwise is not None:
            written = rule.otherwise
            default = self._report.attempt((*path, "otherwise"), action, written, spec, self._scope, source)
        else:
            self._check_total((*path, "values"), table, source)
        run = _looked_up(source, normal, table, default or Always(LEAVE))
        return _Way(run, _found_at(source.run, normal, places, (*path, "otherwise")))

    def _enter(self, table: dict[Any, Action], path: Path, key: Any, act: Action | None, source: Expr) -> Any:
        """The form of the key under which the action now stands in the table."""
        form = self._report.attempt(path, lambda: (table_key(key, source),))
        if form is None:
            return None
        if form[0] in table:
            self._report.add(
                path, f"`{show(key)}` means the same as a key before it", "keep one", at_key=True
            )
        table[form[0]] = act or Always(LEAVE)
        return form[0]

    def _check_total(self, path: Path, table: dict[Any, Action], source: Expr) -> None:
        if source.kind is Kind.ENUM and source.vocabulary is not None:
            missing = [member for member in source.vocabulary.members if member not in table]
            if missing:
                remedy = "give each a value, or add `otherwise`"
                self._report.add(path, f"no value for {', '.join(missing)}", remedy, at_key=True)
        elif source.kind is not Kind.BOOL or not {True, False} <= table.keys():
            what = (
                "not every value can be listed"
                if source.kind is not Kind.BOOL
                else "no value for true or false"
            )
            self._report.add(path, what, "add `otherwise`", at_key=True)


def applied(actions: Sequence[Action]) -> Callable[[View], Results]:
    """All actions of a rule that looks at no value; worked out beforehand if they are the same for every incident."""
    if all(isinstance(act, Always) for act in actions):
        results = tuple(act.result for act in actions if isinstance(act, Always))
        return lambda view: results  # noqa: ARG005  # it is asked with a view
    if len(actions) == 1:
        (act,) = actions
        return lambda view: (act(view, None),)
    return lambda view: tuple([act(view, None) for act in actions])


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
