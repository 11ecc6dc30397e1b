"""Names: what an expression may call things, and what each name gives."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from connector.mapping.expr import BROKEN, Expr, ExpressionError, Scope, constant
from connector.mapping.view import View, reader
from connector.mapping.vocabulary import COMMENT, ENUMS, LATER, PROPERTIES, Kind, Property
from connector.model import Facts, RecordFacts
from connector.yamlsource import nearest

# Names that are no values themselves, with an example of a part of each.
_PARTS = MappingProxyType(
    {
        "vars": "vars.name",
        "old": "old.status",
        "source": "source.name",
        "record": "record.number",
        "links": "links.servicenow.number",
        "mergedInto": "mergedInto.number",
    }
)
ROOTS = frozenset(_PARTS)
# What is known of a record.
_OF_RECORD: Mapping[str, Callable[[RecordFacts], str]] = MappingProxyType(
    {"number": lambda known: known.number, "url": lambda known: known.url}
)
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
        root, *parts = path
        readers: dict[str, Callable[[list[str]], Expr | None]] = {
            "vars": self._var,
            "old": lambda parts: self._old(parts[0]) if len(parts) == 1 else None,
            "source": self._source,
            "item": self._member,
            "record": lambda parts: self._record(path, parts, lambda facts: facts.record),
            "mergedInto": self._merged,
            "links": self._link,
        }
        found = readers[root](parts) if root in readers else None
        if found is not None:
            return found
        if root in PROPERTIES or root in self._scope.lets:
            raise ExpressionError((f"`{root}` has no parts", f"write `{root}`"))
        if root in _PARTS:
            raise ExpressionError((f"unknown name `{'.'.join(path)}`", f"write it as `{_PARTS[root]}`"))
        raise self._unknown(root)

    def _source(self, parts: list[str]) -> Expr | None:
        return (
            replace(constant(self._scope.source_name), reads=frozenset({"source"}))
            if parts == ["name"]
            else None
        )

    def _member(self, parts: list[str]) -> Expr | None:
        item = self._scope.item
        return None if item is None or len(parts) != 1 else _member(item, parts[0])

    def _merged(self, parts: list[str]) -> Expr | None:
        if parts == ["id"]:
            return property_expr("redirectIncidentId", PROPERTIES["redirectIncidentId"])
        return self._record(["mergedInto"], parts, lambda facts: facts.merged)

    def _link(self, parts: list[str]) -> Expr | None:
        if len(parts) != 2:
            return None
        name, known = parts[0], self._scope.routes
        if known is not None and name not in known:
            remedy = (
                nearest(name, known) if known else "there is no other route for these incidents; remove it"
            )
            raise ExpressionError((f"no other route or target is called `{name}`", remedy))
        return self._record(["links"], parts[1:], lambda facts: facts.links.get(name))

    def _record(
        self, path: list[str], parts: list[str], of: Callable[[Facts], RecordFacts | None]
    ) -> Expr | None:
        """What is known of a record; null while there is none."""
        if len(parts) != 1:
            return None
        if parts[0] not in _OF_RECORD:
            raise ExpressionError(
                (f"a record has no `{parts[0]}` here", nearest(parts[0], _OF_RECORD) or "use number or url")
            )
        self._scope.records.add(path[0])
        read = _OF_RECORD[parts[0]]

        def run(view: View) -> str | None:
            known = of(view.facts)
            return None if known is None else read(known) or None

        return Expr(run, Kind.TEXT, nullable=True, reads=frozenset({path[0]}))

    def _unknown(self, name: str) -> ExpressionError:
        if name in LATER:
            what = f"`{name}` is not available: no source reads managed-response actions yet"
            return ExpressionError((what, "remove it"))
        if name in _PARTS:
            remedy = f"name a part of it, as in `{_PARTS[name]}`"
            return ExpressionError((f"`{name}` alone is not a value", remedy))
        if name == "item":
            return ExpressionError(("`item` exists only beside `each`", "name a property"))
        if any(vocabulary.member(name) for vocabulary in ENUMS.values()):
            return ExpressionError((f"`{name}` is a word, not a name", f"write it in quotes: '{name}'"))
        return self._undefined(name)

    def _undefined(self, name: str) -> ExpressionError:
        if name in self._scope.later:
            return ExpressionError((f"`{name}` is defined later", "move it above"))
        if self._scope.partial:
            return ExpressionError()
        known = [*PROPERTIES, *self._scope.lets, *_PARTS]
        return ExpressionError((f"unknown name `{name}`", nearest(name, known) or _REFERENCE))

    def _let(self, name: str) -> Expr:
        let = self._scope.lets[name]
        if let.constant or let is BROKEN:
            return let
        return Expr(
            lambda view: view.let(name),
            let.kind,
            let.vocabulary,
            nullable=let.nullable,
            reads=let.reads,
            worded=let.worded,
        )

    def _var(self, path: list[str]) -> Expr:
        value: Any = self._scope.vars
        for part in path:
            known = list(value) if isinstance(value, dict) else []
            if part not in known:
                remedy = nearest(part, known) if known else f"give the route `vars: {{{path[0]}: ...}}`"
                raise ExpressionError((f"the route has no var `{'.'.join(path)}`", remedy))
            value = value[part]
        return replace(constant(value), reads=frozenset({"vars"}))

    def _old(self, name: str) -> Expr:
        if name not in PROPERTIES:
            raise self._unknown(name)
        now = property_expr(name, PROPERTIES[name])
        run = now.run
        return Expr(
            lambda view: None if (old := view.old) is None else run(old),
            now.kind,
            now.vocabulary,
            nullable=True,
            reads=now.reads,
        )


def _member(item: Expr, name: str) -> Expr:
    if item is BROKEN:
        return BROKEN
    if item.kind is not Kind.COMMENT:
        raise ExpressionError((f"an item here has no `{name}`", "write `item`"))
    if name not in COMMENT:
        raise ExpressionError((f"a comment has no `{name}`", nearest(name, COMMENT)))
    return Expr(lambda view: view.item[name], COMMENT[name].kind, reads=item.reads)


def property_expr(name: str, known: Property) -> Expr:
    """The expression that reads one incident property."""
    return Expr(reader(name), known.kind, known.vocabulary, reads=frozenset({name}), name=name)
