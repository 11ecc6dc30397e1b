"""Values: from what a mapping says (`copy`, `leave`, `clear`, a literal, a template, a look-up) to what a field holds.

Literals are turned into the target's form while the mapping is compiled, so a wrong one is a complaint with a place;
what only an incident can tell is turned when it is there, and then a value that the field cannot take is left out
and reported like an unknown word.
"""

import enum
import re
from collections.abc import Callable
from types import MappingProxyType
from typing import Any, TypeAlias

from connector.mapping import text as texts
from connector.mapping.document import LookupSpec, Scalar, ValueSpec
from connector.mapping.expr import Expr, ExpressionError, Scope
from connector.mapping.expressions import compile_template, is_template
from connector.mapping.view import UndecidedError, View
from connector.model import FieldKind, FieldSpec, FieldValue, Lookup
from connector.yamlsource import nearest


class Left(enum.Enum):
    """The answer of a rule that does not touch its field."""

    LEAVE = "leave"


LEAVE = Left.LEAVE
Result: TypeAlias = FieldValue | Left
# An action gets the view and the value that its table looked at.
Action = Callable[[View, Any], Result]

# The tables that this version looks things up in, and the columns that tell their rows apart.
LOOKUP_TABLES = MappingProxyType({"sys_user": ("user_name", "email"), "sys_user_group": ("name",)})
_ROW_ID = re.compile(r"[0-9a-fA-F]{32}")
_NUMBER = re.compile(r"[-+]?\d{1,15}")


def action(value: Scalar | ValueSpec, spec: FieldSpec, scope: Scope, source: Expr | None = None) -> Action:
    """What a value in a mapping does to a field. Raises ExpressionError where it cannot."""
    if isinstance(value, ValueSpec):
        return _special(value, spec, scope, source)
    match value:
        case "leave":
            return _always(LEAVE)
        case "clear":
            return _always(_cleared(spec))
        case "copy":
            return _copied(spec, source)
    if isinstance(value, str) and is_template(value):
        return _templated(value, spec, scope)
    return _always(literal(value, spec))


def _special(value: ValueSpec, spec: FieldSpec, scope: Scope, source: Expr | None) -> Action:
    if value.lookup is not None:
        return lookup(value.lookup, spec, scope, source)
    if value.template is not None:
        return _templated(value.template, spec, scope)
    return _always(literal(value.literal, spec))


def _always(result: Result) -> Action:
    return lambda view, value: result  # noqa: ARG005  # an Action takes both


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
        return _always(literal(compiled.value, spec))
    emit, run = emitter(spec), compiled.run
    return lambda view, value: emit(view, run(view))  # noqa: ARG005  # an Action takes both


def lookup(wanted: LookupSpec, spec: FieldSpec, scope: Scope, source: Expr | None) -> Action:
    """An action that hands the target something to look up. Raises ExpressionError where it cannot."""
    if wanted.table not in LOOKUP_TABLES:
        known = ", ".join(LOOKUP_TABLES)
        what = f"look-ups in `{wanted.table}` are not available in this version"
        raise ExpressionError((what, f"{nearest(wanted.table, LOOKUP_TABLES) or f'use one of {known}'}"))
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
        return Lookup(wanted.table, tuple(wanted.by), found, missing, many) if found else _empty(spec)

    return act


def literal(value: Scalar | None, spec: FieldSpec) -> FieldValue:
    """A literal in the target's form. Raises ExpressionError where the field cannot hold it."""
    written = texts.show(value)
    if spec.choices and written not in {str(choice) for choice in spec.choices}:
        known = [str(choice) for choice in spec.choices]
        raise ExpressionError((f"`{written}` is not a choice of {spec.name}", nearest(written, known)))
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
        FieldKind.REFERENCE: "give it the sys_id of a row; names are only looked up in sys_user and sys_user_group",
    }
)


def emitter(spec: FieldSpec) -> Callable[[View, Any], Result]:
    """A function that turns a value found in an incident into what the field holds."""
    name, limit, empty = spec.name, spec.limit, _empty(spec)
    plain = spec.kind is FieldKind.TEXT and not spec.choices

    def emit(view: View, value: Any) -> Result:
        written = texts.show(value).strip()
        if limit is not None and len(written) > limit:
            view.cut.append(name)
            written = texts.cut(written, limit)
        if not plain:
            return _convert(written, spec)
        return written or empty

    return emit


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
    if spec.table is None or spec.table not in LOOKUP_TABLES:
        raise UndecidedError(spec.name, bare)
    return Lookup(spec.table, LOOKUP_TABLES[spec.table], bare)
