"""Expressions and templates: Jinja2's syntax, read by Jinja2's parser, and an evaluator of our own.

Jinja2's sandbox keeps a template from the file system, not from the memory: `{{ 'x' * 300000000 }}` renders. So
only the parser is used. Each node of its tree is compiled to a closure if it is on the list in `_Compiler`, and
refused otherwise; nothing that can loop, multiply or call is on the list. Compiled closures run several times
faster than a rendered Jinja2 template, too.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from jinja2 import nodes

from connector.mapping.comparisons import compare
from connector.mapping.expr import BROKEN, Expr, ExpressionError, Run, Scope, constant
from connector.mapping.filters import FILTERS
from connector.mapping.futile import check_comparison
from connector.mapping.names import Names
from connector.mapping.syntax import MAX_NUMBER, check_braces, is_template, parse
from connector.mapping.text import MAX_TEXT, show
from connector.mapping.view import UndecidedError, View
from connector.mapping.vocabulary import Kind
from connector.yamlsource import nearest

_PLAIN = frozenset({Kind.BOOL, Kind.TEXT, Kind.NUMBER, Kind.TIME})


def compile_expression(source: str, scope: Scope) -> Expr:
    """The expression as a closure. Raises ExpressionError with everything that is wrong with it."""
    body = [] if is_template(source) else parse("{{ " + source + " }}")
    if len(body) != 1 or isinstance(body[0], nodes.TemplateData):
        raise ExpressionError(("this is not one expression", "write it without `{{` and `}}`"))
    compiler = _Compiler(scope)
    compiled = compiler.expression(body[0])
    compiler.raise_complaints()
    return compiled


def compile_template(source: str, scope: Scope) -> Expr:
    """The template as a closure that gives a text. Raises ExpressionError with everything that is wrong with it."""
    compiler = _Compiler(scope)
    parts = compiler.template(parse(source))
    compiler.raise_complaints()
    reads = frozenset[str]().union(*(part.reads for part in parts))
    if all(part.constant for part in parts):
        return constant("".join(show(part.value) for part in parts)[:MAX_TEXT])
    return Expr(_printer(*_pieces(parts)), Kind.TEXT, reads=reads)


def _pieces(parts: list[Expr]) -> tuple[list[tuple[str, Run]], str]:
    """What changes from incident to incident, each with the text before it, and the text after the last."""
    pieces: list[tuple[str, Run]] = []
    before = ""
    for part in parts:
        if part.constant:
            before += show(part.value)
        else:
            pieces.append((before, part.run))
            before = ""
    return pieces, before


def _printer(pieces: list[tuple[str, Run]], after: str) -> Run:
    def run(view: View) -> str:
        text = ""
        for before, piece in pieces:
            text += before
            if len(text) > MAX_TEXT:
                break
            try:
                value = piece(view)
            except UndecidedError as error:
                if not view.lenient:
                    raise
                value = error.value
            text += value if isinstance(value, str) else show(value)
            if len(text) > MAX_TEXT:
                break
        else:
            text += after
        return text[:MAX_TEXT]

    return run


class _Compiler:
    """Compiles nodes, collecting complaints, so that one look shows everything wrong with an expression."""

    def __init__(self, scope: Scope) -> None:
        self._names = Names(scope)
        self._complaints: dict[tuple[str, str], None] = {}
        self._broken = False
        self._handlers: dict[type[nodes.Node], Callable[[Any], Expr]] = {
            nodes.TemplateData: lambda node: constant(node.data),
            nodes.Const: self._const,
            nodes.Name: lambda node: self._names.name(node.name),
            nodes.Getattr: self._attribute,
            nodes.List: self._list,
            nodes.Tuple: self._list,
            nodes.Compare: self._compare,
            nodes.And: self._and,
            nodes.Or: self._or,
            nodes.Not: self._not,
            nodes.Neg: self._negative,
            nodes.Filter: self._filter,
        }

    def raise_complaints(self) -> None:
        """Raise ExpressionError if anything was wrong."""
        if self._broken:
            raise ExpressionError(*self._complaints)

    def template(self, body: Sequence[nodes.Node]) -> list[Expr]:
        """The closures for the parts of a template."""
        parts = [self.expression(node) for node in body]
        try:
            check_braces("".join(node.data for node in body if isinstance(node, nodes.TemplateData)))
        except ExpressionError as error:
            self._note(error)
        return parts

    def _note(self, error: ExpressionError) -> Expr:
        self._complaints.update(dict.fromkeys(error.complaints))
        self._broken = True
        return BROKEN

    def expression(self, node: nodes.Node) -> Expr:
        """The closure for a node; BROKEN after a complaint, and where a part of it is."""
        kind: type[nodes.Node] = type(node)
        handler = self._handlers.get(kind)
        if handler is None:
            handler = self._refused
        try:
            found = handler(node)
        except ExpressionError as error:
            found = self._note(error)
        self._broken = self._broken or found is BROKEN
        return found

    def _complain(self, what: str, remedy: str) -> Expr:
        raise ExpressionError((what, remedy))

    def _refused(self, node: nodes.Node) -> Expr:
        if not isinstance(node, nodes.Call | nodes.Dict):
            for child in node.iter_child_nodes():
                self.expression(child)
        word, remedy = _REFUSED.get(type(node), ("this", "see the reference for what is"))
        return self._complain(f"{word} is not part of the language", remedy)

    def _const(self, node: nodes.Const) -> Expr:
        if isinstance(node.value, float):
            return self._complain(f"{node.value} is not a whole number", "use whole numbers")
        if isinstance(node.value, int) and abs(node.value) > MAX_NUMBER:
            return self._complain("the number is too large", f"use at most {MAX_NUMBER}")
        return constant(node.value)

    def _attribute(self, node: nodes.Getattr) -> Expr:
        path = _dotted(node)
        if path is None:
            return self._complain(f"`.{node.attr}` needs a name before it", "write it as `vars.name`")
        return self._names.part(path)

    def _list(self, node: nodes.List | nodes.Tuple) -> Expr:
        items = [self.expression(item) for item in node.items]
        if BROKEN in items:
            return BROKEN
        if not all(item.constant for item in items):
            return self._complain("a list may hold only literals and vars", "compare with `or`")
        listed = constant([item.value for item in items])
        return replace(listed, reads=frozenset[str]().union(*(item.reads for item in items)))

    def _compare(self, node: nodes.Compare) -> Expr:
        sides = [self.expression(node.expr), *(self.expression(operand.expr) for operand in node.ops)]
        if BROKEN in sides:
            return BROKEN
        reads = frozenset[str]().union(*(side.reads for side in sides))
        written = [_literal(side) for side in (node.expr, *(operand.expr for operand in node.ops))]
        runs = []
        for place, operand in enumerate(node.ops):
            left, right = sides[place : place + 2]
            runs.append(compare(operand.op, left, right))
            check_comparison(operand.op, left, right, literals=written[place : place + 2])
        if len(runs) == 1:
            return Expr(runs[0], Kind.BOOL, reads=reads)
        return Expr(lambda view: all(run(view) for run in runs), Kind.BOOL, reads=reads)

    def _and(self, node: nodes.And) -> Expr:
        return self._both(node, decisive=False)

    def _or(self, node: nodes.Or) -> Expr:
        return self._both(node, decisive=True)

    def _both(self, node: nodes.And | nodes.Or, *, decisive: bool) -> Expr:
        left, right = self.expression(node.left), self.expression(node.right)
        if BROKEN in (left, right):
            return BROKEN
        kind = left.kind if left.kind is right.kind and left.kind in _PLAIN else Kind.ANY
        return Expr(_logic(left.run, right.run, decisive=decisive), kind, reads=left.reads | right.reads)

    def _not(self, node: nodes.Not) -> Expr:
        inner = self.expression(node.node)
        if inner is BROKEN:
            return BROKEN
        return Expr(lambda view: not inner.run(view), Kind.BOOL, reads=inner.reads)

    def _negative(self, node: nodes.Neg) -> Expr:
        inner = self.expression(node.node)
        if inner is BROKEN:
            return BROKEN
        if not inner.constant or inner.kind is not Kind.NUMBER:
            return self._complain("arithmetic is not part of the language", "write the number")
        return constant(-inner.value)

    def _filter(self, node: nodes.Filter) -> Expr:
        subject = constant(None) if node.node is None else self.expression(node.node)
        arguments = [self.expression(argument) for argument in node.args]
        known = FILTERS.get(node.name)
        if known is None:
            return self._complain(f"unknown filter `{node.name}`", nearest(node.name, FILTERS))
        if node.kwargs or node.dyn_args or node.dyn_kwargs:
            return self._complain(f"`{node.name}` takes no named arguments", "give them in order")
        if not known.least <= len(arguments) <= known.most:
            remedy = f"write it as `{known.example or node.name}`"
            return self._complain(f"`{node.name}` takes {known.takes}, not {len(arguments)}", remedy)
        # What is wrong with one of them is told whatever the others are.
        built = known.build(subject, arguments)
        return BROKEN if BROKEN in (subject, *arguments) else built


def _literal(node: nodes.Node) -> bool:
    """Whether a value stands in the text itself: vars may be others on another route."""
    if isinstance(node, nodes.List | nodes.Tuple):
        return all(_literal(item) for item in node.items)
    if isinstance(node, nodes.Neg):
        return _literal(node.node)
    return isinstance(node, nodes.Const) or (isinstance(node, nodes.Name) and node.name == "null")


_ARITHMETIC = ("arithmetic", "write the result, or use the filter `plus` for times")
_REFUSED: Mapping[type[nodes.Node], tuple[str, str]] = MappingProxyType(
    {
        nodes.Call: ("a call", "use a filter, as in `devices | count`"),
        nodes.CondExpr: ("`... if ... else ...`", "use a table of values, `or`, or two rules with `when`"),
        nodes.Getitem: ("`[...]`", "write it with a dot, or use the filter `first`"),
        nodes.Test: ("`is`", "compare with `==`"),
        nodes.Concat: ("`~`", "write a template with two parts"),
        nodes.Dict: ("`{...}`", "use a table of values"),
        **dict.fromkeys(
            (nodes.Add, nodes.Sub, nodes.Mul, nodes.Div, nodes.FloorDiv, nodes.Mod, nodes.Pow, nodes.Pos),
            _ARITHMETIC,
        ),
    }
)


def _dotted(node: nodes.Node) -> list[str] | None:
    if isinstance(node, nodes.Name):
        return [node.name]
    if isinstance(node, nodes.Getattr):
        before = _dotted(node.node)
        return None if before is None else [*before, node.attr]
    return None


def _logic(left: Run, right: Run, *, decisive: bool) -> Run:
    """`or` (decisive: true) and `and` (decisive: false): a side that decides alone makes up for an undecided one."""

    def run(view: View) -> Any:
        try:
            first = left(view)
        except UndecidedError:
            second = right(view)
            if bool(second) is decisive:
                return second
            raise
        return first if bool(first) is decisive else right(view)

    return run
