"""Values: from what a mapping says (`copy`, `leave`, `clear`, a literal, a template, a look-up) to what a field holds.

Literals are turned into the target's form while the mapping is compiled, so a wrong one is a complaint with a place;
what only an incident can tell is turned when it is there, and then a value that the field cannot take is left out
and reported like an unknown word.
"""

import difflib
import enum
import re
from collections.abc import Callable
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final, TypeAlias

from connector.mapping import text as texts
from connector.mapping.document import LookupSpec, ValueSpec
from connector.mapping.expr import Expr, ExpressionError, Scope
from connector.mapping.expressions import compile_template
from connector.mapping.strict import Scalar
from connector.mapping.syntax import check_braces, is_template
from connector.mapping.view import UndecidedError, View
from connector.model import FieldKind, FieldSpec, FieldValue, Lookup
from connector.yamlsource import nearest


class Left(enum.Enum):
    """The answer of a rule that does not touch its field."""

    LEAVE = "leave"


LEAVE: Final = Left.LEAVE
Result: TypeAlias = FieldValue | Left
# An action gets the view and the value that its table looked at.
Action = Callable[[View, Any], Result]

# Tables that every instance has, and the columns that tell their rows apart.
COLUMNS = MappingProxyType(
    {
        "sys_user": ("user_name", "email"),
        "sys_user_group": ("name",),
        **dict.fromkeys(("cmdb_ci", "cmdb_ci_service", "service_offering"), ("name",)),
        **dict.fromkeys(("core_company", "cmn_location"), ("name",)),
        **dict.fromkeys(("task", "incident", "problem", "change_request", "sn_si_incident"), ("number",)),
    }
)
_NAME = re.compile(r"[a-z][a-z0-9_]{0,79}")
_ROW_ID = re.compile(r"[0-9a-fA-F]{32}")
_NUMBER = re.compile(r"[-+]?\d{1,15}")


def action(value: Scalar | ValueSpec, spec: FieldSpec, scope: Scope, source: Expr | None = None) -> Action:
    """What a value in a mapping does to a field. Raises ExpressionError where it cannot."""
    if isinstance(value, ValueSpec):
        return _special(value, spec, scope, source)
    match value:
        case "leave":
            return Always(LEAVE)
        case "clear":
            return Always(_cleared(spec))
        case "copy":
            return _copied(spec, source)
    if isinstance(value, str) and is_template(value):
        return _templated(value, spec, scope)
    if isinstance(value, str):
        check_braces(value)
    return Always(literal(value, spec))


def _special(value: ValueSpec, spec: FieldSpec, scope: Scope, source: Expr | None) -> Action:
    if value.lookup is not None:
        return lookup(value.lookup, spec, scope, source)
    if value.template is not None:
        return _templated(value.template, spec, scope)
    return Always(literal(value.literal, spec))


@dataclass(frozen=True, slots=True)
class Always:
    """An action with the same result for every incident."""

    result: Result

    def __call__(self, view: View, value: Any) -> Result:  # noqa: ARG002  # an Action takes both
        """The result."""
        return self.result


def _cleared(spec: FieldSpec) -> Result:
    if not spec.clearable:
        raise ExpressionError((f"{spec.name} cannot be empty on the target", "use `leave`, or a value"))
    return None


def _copied(spec: FieldSpec, source: Expr | None) -> Action:
    if source is None:
        raise ExpressionError(("there is nothing to copy here", "use `copy` in a table with `from`"))
    if spec.choices and source.vocabulary is not None:
        raise ExpressionError((f"{spec.name} has choices of its own", "give each word its value"))
    return emitter(spec)


def _templated(template: str, spec: FieldSpec, scope: Scope) -> Action:
    compiled = compile_template(template, scope)
    if compiled.constant:
        return Always(literal(compiled.value, spec))
    run, empty = compiled.run, _empty(spec)
    if _takes_any_text(spec) and spec.limit is None:
        return lambda view, value: run(view).strip() or empty  # noqa: ARG005  # an Action takes both
    emit = emitter(spec)
    return lambda view, value: emit(view, run(view))  # noqa: ARG005  # an Action takes both


def lookup(wanted: LookupSpec, spec: FieldSpec, scope: Scope, source: Expr | None) -> Action:
    """An action that hands the target something to look up. Raises ExpressionError where it cannot."""
    by = _columns(wanted)
    if spec.table is None and not spec.custom:
        raise ExpressionError((f"{spec.name} refers to no table", "give it a value or a template"))
    if spec.table not in {None, wanted.table}:
        raise ExpressionError((f"{spec.name} refers to `{spec.table}`", f"look it up in `{spec.table}`"))
    if wanted.value is None and source is None:
        raise ExpressionError(
            ("the look-up has no value", "give it `value`, or use it in a table with `from`")
        )
    given = None if wanted.value is None else compile_template(texts.show(wanted.value), scope).run
    missing, many = wanted.on_missing, wanted.on_many

    def act(view: View, value: Any) -> Result:
        found = texts.show(value if given is None else given(view)).strip()
        return Lookup(wanted.table, by, found, missing, many) if found else _empty(spec)

    return act


def _columns(wanted: LookupSpec) -> tuple[str, ...]:
    """The columns in which the value is looked for. Raises ExpressionError for names that can be none."""
    for name in (wanted.table, *(wanted.by or ())):
        if _NAME.fullmatch(name) is None:
            what = f"`{name}` is no name of a table or column"
            raise ExpressionError((what, "write it as the instance does, e.g. cmdb_ci"))
    if wanted.by:
        return tuple(wanted.by)
    if wanted.table not in COLUMNS:
        what = f"what tells the rows of `{wanted.table}` apart is not known"
        raise ExpressionError((what, "name the columns, e.g. `by: [name]`"))
    return COLUMNS[wanted.table]


def literal(value: Scalar | None, spec: FieldSpec) -> FieldValue:
    """A literal in the target's form. Raises ExpressionError where the field cannot hold it."""
    written = texts.show(value)
    if spec.choices and written not in {str(choice) for choice in spec.choices}:
        known = [str(choice) for choice in spec.choices]
        word = difflib.get_close_matches(written, ("leave", "clear"), n=1)
        remedy = nearest(written, word or known)
        raise ExpressionError((f"`{written}` is not a choice of {spec.name}", remedy))
    if spec.limit is not None and len(written) > spec.limit:
        raise ExpressionError((f"longer than the {spec.limit} characters of {spec.name}", "shorten it"))
    try:
        result = _convert(written, spec)
    except UndecidedError as error:
        raise ExpressionError((f"{spec.name} cannot hold `{written}`", _WANTED[spec.kind])) from error
    if result is LEAVE:
        raise ExpressionError((f"{spec.name} cannot be empty on the target", "use `leave`, or a value"))
    return result


_WANTED = MappingProxyType(
    {
        FieldKind.NUMBER: "give it a whole number",
        FieldKind.BOOLEAN: "give it true or false",
        FieldKind.REFERENCE: "give it the sys_id of a row, or a `lookup` that says in which columns to look",
    }
)


def emitter(spec: FieldSpec) -> Callable[[View, Any], Result]:
    """A function that turns a value found in an incident into what the field holds."""
    name, limit, empty = spec.name, spec.limit, _empty(spec)
    plain = _takes_any_text(spec)

    def emit(view: View, value: Any) -> Result:
        written = (value if isinstance(value, str) else texts.show(value)).strip()
        if limit is not None and len(written) > limit:
            view.cut.append(name)
            written = texts.cut(written, limit)
        if not plain:
            return _convert(written, spec)
        return written or empty

    return emit


def _takes_any_text(spec: FieldSpec) -> bool:
    return spec.kind is FieldKind.TEXT and not spec.choices


def _empty(spec: FieldSpec) -> Result:
    return None if spec.clearable else LEAVE


def _convert(written: str, spec: FieldSpec) -> Result:
    bare = written.strip()
    if not bare:
        return _empty(spec)
    if spec.choices:
        return _choice(bare, spec)
    match spec.kind:
        case FieldKind.NUMBER if _NUMBER.fullmatch(bare):
            return int(bare)
        case FieldKind.BOOLEAN if bare.casefold() in {"true", "false"}:
            return bare.casefold() == "true"
        case FieldKind.REFERENCE:
            return _reference(bare, spec)
        case FieldKind.NUMBER | FieldKind.BOOLEAN:
            raise UndecidedError(spec.name, bare)
    return bare


def _choice(bare: str, spec: FieldSpec) -> FieldValue:
    for choice in spec.choices:
        if str(choice) == bare:
            return choice
    raise UndecidedError(spec.name, bare)


def _reference(bare: str, spec: FieldSpec) -> FieldValue:
    if _ROW_ID.fullmatch(bare):
        return bare.lower()
    if spec.table is None or spec.table not in COLUMNS:
        raise UndecidedError(spec.name, bare)
    return Lookup(spec.table, COLUMNS[spec.table], bare)
