"""Names: what an expression may call things, and what each name gives."""

from types import MappingProxyType
from typing import Any

from connector.mapping.expr import Expr, ExpressionError, Scope, constant
from connector.mapping.view import reader
from connector.mapping.vocabulary import COMMENT, LATER, PROPERTIES, Kind, Property
from connector.yamlsource import nearest

# Names that are no values themselves, with an example of a part of each.
_PARTS = MappingProxyType({"vars": "vars.name", "old": "old.status", "source": "source.name"})
_REFERENCE = "see the reference for the names of an incident"


class Names:
    """The names of one scope. Every method raises ExpressionError for a name that is not there."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def name(self, name: str) -> Expr:
        """What a name without a dot gives."""
        if name == "null":
            return constant(None)
        if name in self._scope.lets:
            return self._let(name)
        if name == "item" and self._scope.item is not None:
            return self._scope.item
        if name in PROPERTIES:
            return property_expr(name, PROPERTIES[name])
        raise self._unknown(name)

    def part(self, path: list[str]) -> Expr:
        """What a name with dots gives."""
        match path:
            case ["vars", *parts]:
                return self._var(parts)
            case ["old", name]:
                return self._old(name)
            case ["source", "name"]:
                return constant(self._scope.source_name)
            case ["item", name] if self._scope.item is not None:
                return _member(self._scope.item, name)
            case [root, *_] if root in PROPERTIES or root in self._scope.lets:
                raise ExpressionError((f"`{root}` has no parts", f"write `{root}`"))
            case [root, *_] if root in _PARTS:
                raise ExpressionError((f"unknown name `{'.'.join(path)}`", f"write it as `{_PARTS[root]}`"))
        raise self._unknown(path[0])

    def _unknown(self, name: str) -> ExpressionError:
        if name in LATER:
            return ExpressionError((f"`{name}` is not available in this version", "remove it"))
        if name in _PARTS:
            remedy = f"name a part of it, as in `{_PARTS[name]}`"
            return ExpressionError((f"`{name}` alone is not a value", remedy))
        if name == "item":
            return ExpressionError(("`item` exists only beside `each`", "name a property"))
        known = [*PROPERTIES, *self._scope.lets, *_PARTS]
        return ExpressionError((f"unknown name `{name}`", nearest(name, known) or _REFERENCE))

    def _let(self, name: str) -> Expr:
        let = self._scope.lets[name]
        if let.constant:
            return let
        return Expr(
            lambda view: view.let(name), let.kind, let.vocabulary, nullable=let.nullable, reads=let.reads
        )

    def _var(self, path: list[str]) -> Expr:
        value: Any = self._scope.vars
        for part in path:
            known = list(value) if isinstance(value, dict) else []
            if part not in known:
                remedy = nearest(part, known) if known else f"give the route `vars: {{{path[0]}: ...}}`"
                raise ExpressionError((f"the route has no var `{'.'.join(path)}`", remedy))
            value = value[part]
        return constant(value)

    def _old(self, name: str) -> Expr:
        if name not in PROPERTIES:
            raise self._unknown(name)
        now = property_expr(name, PROPERTIES[name])
        run = now.run
        return Expr(
            lambda view: None if view.old is None else run(view.old),
            now.kind,
            now.vocabulary,
            nullable=True,
            reads=now.reads,
        )


def _member(item: Expr, name: str) -> Expr:
    if item.kind is not Kind.COMMENT:
        raise ExpressionError((f"an item here has no `{name}`", "write `item`"))
    if name not in COMMENT:
        raise ExpressionError((f"a comment has no `{name}`", nearest(name, COMMENT)))
    return Expr(lambda view: view.item[name], COMMENT[name].kind, reads=item.reads)


def property_expr(name: str, known: Property) -> Expr:
    """The expression that reads one incident property."""
    return Expr(reader(name, known), known.kind, known.vocabulary, reads=frozenset({name}))
