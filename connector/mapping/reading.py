"""What a rule looks at, read off its text: for explanations, so that applying a mapping need not keep count."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from jinja2 import Environment, TemplateSyntaxError, nodes

from connector.mapping.expr import ExpressionError, Scope
from connector.mapping.names import Names
from connector.mapping.syntax import is_template
from connector.mapping.view import UndecidedError, View
from connector.model import JSON

# Values come from the configuration and may be secrets; the items of a list are shown as the list.
_SILENT = frozenset({"vars", "source", "item"})


@dataclass(frozen=True, slots=True)
class Looked:
    """A name that a rule looks at, and what the incident holds there; `unknown`: a word that is in no vocabulary."""

    name: str
    value: JSON
    unknown: bool = False


def looked_at(texts: Iterable[str], lets: Mapping[str, Any], view: View) -> tuple[Looked, ...]:
    """Every name in some expressions and templates with its value; a `let` name is followed by what it looks at."""
    names: dict[str, None] = {}
    for text in texts:
        names.update(dict.fromkeys(_names(text, lets, frozenset())))
    found = (_look(name, lets, view) for name in names)
    return tuple(looked for looked in found if looked is not None)


def _names(text: str, lets: Mapping[str, Any], above: frozenset[str]) -> Iterator[str]:
    for name in names_in(text):
        yield name
        behind = lets.get(name)
        if isinstance(behind, str) and name not in above:
            yield from _names(behind, lets, above | {name})


def names_in(text: str) -> list[str]:
    """The names in an expression or a template, with their parts: `status`, `old.status`."""
    try:
        tree = Environment(autoescape=False).parse(text if is_template(text) else "{{ " + text + " }}")  # noqa: S701  # nothing is rendered
    except TemplateSyntaxError:
        return []
    return list(dict.fromkeys(_dotted(tree)))


def _dotted(node: nodes.Node) -> Iterator[str]:
    parts: list[str] = []
    root = node
    while isinstance(root, nodes.Getattr):
        parts.insert(0, root.attr)
        root = root.node
    if isinstance(root, nodes.Name):
        yield ".".join([root.name, *parts])
        return
    for child in node.iter_child_nodes():
        yield from _dotted(child)


def _look(name: str, lets: Mapping[str, Any], view: View) -> Looked | None:
    root, *parts = name.split(".")
    if root in _SILENT:
        return None
    try:
        if root in lets:
            return Looked(name, view.let(root))
        names = Names(Scope({}))
        known = names.part([root, *parts]) if parts else names.name(root)
        return None if known.constant else Looked(name, known.run(view))
    except UndecidedError as error:
        return Looked(name, error.value, unknown=True)
    except ExpressionError:
        return None
