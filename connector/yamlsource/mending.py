"""Reading on after a mistake: what is wrong is replaced, renamed or taken out, and the place is remembered.

A file with one mistake may have ten, and whoever mends it wants to know them all. So what cannot be used is put out
of the way with a mark in its node (`StandIn`), which stays with it wherever the part is put; nobody who meets the
mark takes what stands there for something that was written.
"""

import types
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from connector.yamlsource.parts import Dropped, Part, StandIn
from connector.yamlsource.scalars import value_of

Place = tuple[object, ...]
# Ends the place of what was taken out of a mapping: it has no name that anything could be called by.
GONE: Final = object()


@dataclass(frozen=True, slots=True)
class Put:
    """Puts `data` in the place of what is wrong, or of what is missing."""

    data: Any


@dataclass(frozen=True, slots=True)
class Rename:
    """Gives a value the key that it should have."""

    key: str


@dataclass(frozen=True, slots=True)
class Drop:
    """Takes a key out."""


@dataclass(frozen=True, slots=True)
class Read:
    """Reads what is written as `data`, the way its author meant it: a number as text, one value as a list of one."""

    data: Any


Edit = Put | Rename | Drop | Read


@dataclass(slots=True)
class _Branch:
    """What is to be done to a part, and to what is below it."""

    edit: Edit | None = None
    below: dict[object, "_Branch"] = field(default_factory=dict)


def mended(part: Part, edits: Mapping[Place, Edit]) -> Part:
    """The part after the edits, in one pass; what is edited as a whole is not edited further down."""
    top = _Branch()
    for place, edit in edits.items():
        branch = top
        for name in place:
            branch = branch.below.setdefault(name, _Branch())
        branch.edit = edit
    return _mended(part, top)


def _mended(part: Part, branch: _Branch) -> Part:
    if isinstance(branch.edit, Put):
        return Part(branch.edit.data, StandIn(part.node), part.key, part.position)
    if isinstance(branch.edit, Read):
        listed = isinstance(branch.edit.data, list)
        node = SequenceNode(part.node.tag, [part.node], part.node.start_mark) if listed else part.node
        return Part(branch.edit.data, node, part.key, part.position)
    if isinstance(part.node, SequenceNode):
        entries = part.entries()
        return part.with_entries(
            _mended(entry, branch.below[index]) if index in branch.below else entry
            for index, entry in enumerate(entries)
        )
    return _mapping(part, branch) if isinstance(part.node, MappingNode) else part


def _mapping(part: Part, branch: _Branch) -> Part:
    items, renamed = part.items(), []
    for name, inner in branch.below.items():
        match inner.edit:
            case Drop():
                items[name] = Part(None, Dropped(items[name].node), items[name].key)
            case Rename(key):
                key_node = items[name].key
                renamed.append((name, key, _key(key, key_node or part.node)))
            case Put(data) if name not in items:
                items[name] = Part(data, StandIn(part.node), _key(str(name), part.node))
        if name in items and not isinstance(inner.edit, Drop):
            items[name] = _mended(items[name], inner)
    for name, key, node in renamed:
        moved = items.pop(name)
        items[key] = Part(moved.data, moved.node, node)
    return _rebuilt(part, items)


def _rebuilt(part: Part, items: Mapping[Any, Part]) -> Part:
    """The mapping with these values; those that are dropped leave nothing but their mark, as did earlier ones."""
    whole = part.with_items(items)
    marks = [pair for pair in part.node.value if isinstance(pair[1], Dropped)]
    node = MappingNode(whole.node.tag, [*whole.node.value, *marks], part.node.start_mark, part.node.end_mark)
    data = {name: item.data for name, item in items.items() if not isinstance(item.node, Dropped)}
    return Part(data, node, part.key, part.position)


def _key(name: str, at: Node) -> Node:
    return ScalarNode("tag:yaml.org,2002:str", name, at.start_mark, at.end_mark)


def holes(node: Node, place: Place = ()) -> Iterator[Place]:
    """The place of everything that stands in for something wrong; of what was taken out, one that ends in `GONE`."""
    if isinstance(node, StandIn):
        yield place
    elif isinstance(node, SequenceNode):
        for index, child in enumerate(node.value):
            yield from holes(child, (*place, index))
    elif isinstance(node, MappingNode):
        for key, child in node.value:
            if isinstance(child, Dropped):
                yield (*place, GONE)
            elif isinstance(key, ScalarNode):
                yield from holes(child, (*place, value_of(key)))


def stand_in(annotations: Sequence[Any]) -> Any:
    """A value of the first of these types: nothing that was ever written, but of the right shape."""
    return _stand_in(annotations[0]) if annotations else None


_PLAIN: Mapping[Any, Any] = types.MappingProxyType({str: "unknown", int: 1, bool: True})


def _stand_in(annotation: Any) -> Any:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _stand_in(arguments[0])
    if origin in (Union, types.UnionType):
        return _stand_in(min((each for each in arguments if each is not types.NoneType), key=_is_model))
    if origin is Literal:
        return arguments[0]
    if origin is list:
        return [_stand_in(arguments[0])]
    if _is_model(annotation):
        fields = annotation.model_fields.items()
        return {
            known.alias or name: _stand_in(known.annotation) for name, known in fields if known.is_required()
        }
    return {} if origin is dict else _PLAIN.get(annotation)


def _is_model(annotation: Any) -> bool:
    if get_origin(annotation) is Annotated:
        return _is_model(get_args(annotation)[0])
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)
