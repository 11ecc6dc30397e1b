"""Rules that write fields: value tables, templates, look-ups, constants; each one is a writer."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from connector.mapping.comparisons import fold_owner, member_of
from connector.mapping.document import FieldSpecification, Scalar, Value, ValueSpec
from connector.mapping.expr import Expr, ExpressionError, Run, Scope, constant
from connector.mapping.expressions import compile_expression
from connector.mapping.report import Report
from connector.mapping.text import show
from connector.mapping.values import LEAVE, Action, Result, action, lookup
from connector.mapping.view import View
from connector.mapping.vocabulary import Kind
from connector.model import Catalogue, FieldSpec, Mode
from connector.yamlsource import Path

Results = tuple[Result, ...]


@dataclass(frozen=True, slots=True)
class Writer:
    """A rule that writes fields: `run` gives one result for each of `fields`, or raises UndecidedError."""

    rule: str
    fields: tuple[str, ...]
    run: Callable[[View], Results]
    mode: Mode
    path: Path


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
            run = self._acting(path, rule, spec)
            return None if run is None else Writer(f"fields.{name}", (name,), run, Mode.FOLLOW, path)
        run = self._way(path, rule, spec)
        when = self._report.attempt((*path, "when"), condition, rule.when, self._scope)
        otherwise = self._acting((*path, "else"), rule.else_, spec)
        if run is None or otherwise is None or len(self._report.problems) > before:
            return None
        return Writer(f"fields.{name}", (name,), guarded(run, when, otherwise), Mode(rule.mode), path)

    def _way(self, path: Path, rule: FieldSpecification, spec: FieldSpec) -> Callable[[View], Results] | None:
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
            return None if act is None else _applied(act, source)
        if rule.value is not None:
            return self._acting((*path, "value"), rule.value, spec, source)
        return None if source is None else self._table(path, rule, spec, source)

    def _acting(
        self, path: Path, value: Value, spec: FieldSpec, source: Expr | None = None
    ) -> Callable[[View], Results] | None:
        act = self._report.attempt(path, action, value, spec, self._scope, source)
        return None if act is None else _applied(act, source)

    def _table(
        self, path: Path, rule: FieldSpecification, spec: FieldSpec, source: Expr
    ) -> Callable[[View], Results] | None:
        normal = self._report.attempt((*path, "from"), key_form, source)
        if normal is None:
            return None
        table: dict[Any, Action] = {}
        for key, value in (rule.values or {}).items():
            place = (*path, "values", key)
            act = self._report.attempt(place, action, value, spec, self._scope, source)
            self._enter(table, place, key, act, source)
        default = None
        if rule.otherwise is not None:
            written = rule.otherwise
            default = self._report.attempt((*path, "otherwise"), action, written, spec, self._scope, source)
        else:
            self._check_total((*path, "values"), table, source)
        return _looked_up(source.run, normal, table, default or _leave)

    def _enter(
        self, table: dict[Any, Action], path: Path, key: Any, act: Action | None, source: Expr
    ) -> None:
        form = self._report.attempt(path, lambda: (table_key(key, source),))
        if form is None:
            return
        if form[0] in table:
            self._report.add(
                path, f"`{show(key)}` means the same as a key before it", "keep one", at_key=True
            )
        table[form[0]] = act or _leave

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


def _leave(view: View, value: Any) -> Result:  # noqa: ARG001  # an Action takes both
    return LEAVE


def _applied(act: Action, source: Expr | None) -> Callable[[View], Results]:
    if source is None:
        return lambda view: (act(view, None),)
    run = source.run
    return lambda view: (act(view, run(view)),)


def _looked_up(
    read: Run, normal: Callable[[Any], Any], table: dict[Any, Action], default: Action
) -> Callable[[View], Results]:
    def run(view: View) -> Results:
        value = read(view)
        return (table.get(normal(value), default)(view, value),)

    return run


def table_key(key: Any, source: Expr) -> Any:
    """A key of a value table in the form in which it is looked up. Raises ExpressionError for a wrong one."""
    if source.kind is Kind.ENUM and source.vocabulary is not None:
        return None if key is None and source.nullable else member_of(source.vocabulary, key)
    if source.kind is Kind.BOOL and not isinstance(key, bool):
        raise ExpressionError((f"`{show(key)}` is not true or false", "use true and false"))
    return key_form(source)(key)


def key_form(source: Expr) -> Callable[[Any], Any]:
    """How a value is brought into the form of a table's keys. Raises ExpressionError where no table can help."""
    match source.kind:
        case Kind.ENUM:
            return lambda value: value
        case Kind.OWNER:
            return fold_owner
        case Kind.BOOL:
            return bool
        case Kind.TEXTS | Kind.COMMENTS | Kind.COMMENT:
            raise ExpressionError(("a list cannot be looked up in a table", "use a decision with {has: ...}"))
    return lambda value: None if value is None else show(value).strip()
