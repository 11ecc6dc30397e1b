"""Parts of documents, from which other documents are put together.

Each part keeps its nodes, and a node knows the file it was read from, so that a complaint about what several files
say together is placed where the offending text stands.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from connector.yamlsource.scalars import value_of


class Gathered(SequenceNode):
    """A list whose items stood elsewhere before; `own` has the position of each in the list that it came from."""

    def __init__(self, at: Node, items: list[Node], own: tuple[int, ...]) -> None:
        super().__init__(at.tag, items, at.start_mark, at.end_mark)
        self.own = own


class StandIn(Node):
    """Stands where something is wrong, so that the rest can be read; nothing below it stands anywhere."""

    def __init__(self, at: Node) -> None:
        super().__init__(at.tag, None, at.start_mark, at.end_mark)


class Dropped(StandIn):
    """Stands in a mapping for a key that was taken out of its data."""


@dataclass(frozen=True, slots=True)
class Part:
    """A value of a document: plain data, its node, and its key's node or its position in a list."""

    data: Any
    node: Node = field(repr=False)
    key: Node | None = field(default=None, repr=False)
    position: int = 0

    def items(self) -> dict[Any, "Part"]:
        """The values of a mapping by key; empty for anything else."""
        if not isinstance(self.data, Mapping) or not isinstance(self.node, MappingNode):
            return {}
        nodes = {
            value_of(key): (key, node)
            for key, node in self.node.value
            if isinstance(key, ScalarNode) and not isinstance(node, Dropped)
        }
        return {
            name: Part(value, nodes[name][1], nodes[name][0])
            for name, value in self.data.items()
            if name in nodes
        }

    def entries(self) -> list["Part"]:
        """The items of a list; empty for anything else."""
        if not isinstance(self.data, list) or not isinstance(self.node, SequenceNode):
            return []
        own = self.node.own if isinstance(self.node, Gathered) else range(len(self.data))
        placed = zip(self.data, self.node.value, own, strict=True)
        return [Part(value, node, None, position) for value, node, position in placed]

    def with_items(self, items: Mapping[Any, "Part"]) -> "Part":
        """A mapping of these values, at this part's place."""
        pairs = [(part.key, part.node) for part in items.values()]
        node = MappingNode(self.node.tag, pairs, self.node.start_mark, self.node.end_mark)
        return Part({name: part.data for name, part in items.items()}, node, self.key, self.position)

    def with_entries(self, entries: Iterable["Part"]) -> "Part":
        """A list of these items, at this part's place."""
        parts = list(entries)
        own = tuple(part.position for part in parts)
        node = Gathered(self.node, [part.node for part in parts], own)
        return Part([part.data for part in parts], node, self.key, self.position)
