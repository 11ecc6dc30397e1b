"""The parts of a mapping file that hold rules, and what tells the rules of each apart."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

from connector.yamlsource import Part

DROP = "drop"
Identity = tuple[Hashable, ...]
Rule = tuple[Identity, Part]


@dataclass(frozen=True, slots=True)
class Section:
    """Rules at `path`: a list, in which `keys` tell them apart, or else a mapping by name.

    `ordered`: a rule may use those above it, so that what is new stays above the rule that it is for.
    """

    path: tuple[str, ...]
    keys: tuple[str, ...] = ()
    ordered: bool = False

    def rules(self, top: Part) -> list[Rule]:
        """The rules in a file; none where it has no such section."""
        part = found(top, self.path)
        if part is None:
            return []
        if not self.keys:
            return [((name,), value) for name, value in part.items().items()]
        return [(self._identity(entry.data), entry) for entry in part.entries()]

    def with_rules(self, part: Part, rules: Sequence[Rule]) -> Part:
        """The section `part` with these rules instead of its own."""
        if self.keys:
            return part.with_entries(rule for _, rule in rules)
        return part.with_items({name: rule for (name, *_), rule in rules})

    def place(self, rule: Rule) -> tuple[object, ...]:
        """The path of a rule in its file."""
        identity, part = rule
        return (*self.path, part.position if self.keys else identity[0])

    def drops(self, rule: Rule) -> bool:
        """Whether this is no rule, but drops one of a base."""
        data = rule[1].data
        return isinstance(data, Mapping) and DROP in data if self.keys else data == DROP

    def _identity(self, written: object) -> Identity:
        if not isinstance(written, Mapping):
            return ()
        return tuple(None if written.get(key) is None else str(written[key]) for key in self.keys)


SECTIONS = (
    Section(("let",), ordered=True),
    Section(("fields",)),
    Section(("when_record",)),
    Section(("scope",), ("id",)),
    Section(("decisions",), ("id",)),
    Section(("tags", "add"), ("tag", "each")),
    Section(("notes",), ("name",)),
    Section(("tasks",), ("name",)),
)


def found(top: Part, path: Sequence[str]) -> Part | None:
    """What stands at `path`; None where nothing does."""
    part: Part | None = top
    for name in path:
        part = None if part is None else part.items().get(name)
    return part


def put(top: Part, path: Sequence[str], part: Part) -> Part:
    """`top` with `part` at `path`, whose beginning is there already."""
    items = top.items()
    inner = part if len(path) == 1 else put(items[path[0]], path[1:], part)
    return top.with_items({**items, path[0]: inner})
