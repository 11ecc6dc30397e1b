"""One file of a mapping that extends others, and how such files are laid over one another.

What has a name or an id takes the place of its namesake in the base; what is new comes after what the base has.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from connector.errors import ConfigError, Problem
from connector.mapping.sections import DROP, SECTIONS, Identity, Rule, Section, found, put
from connector.mapping.shape import Fitted, fit
from connector.yamlsource import Document, Part, nearest
from connector.yamlsource.mending import GONE

# What a base has for itself.
_OWN = frozenset({"version", "name", "target", "extends", "examples"})
Drops = Mapping[tuple[Section, Identity], Rule]


@dataclass(frozen=True, slots=True)
class Layer:
    """One file: what of it fits, what is wrong with its shape, and which rules of its bases it drops.

    `unsure`: it is not known which rules its author wants, because it drops none in a way that it can.
    """

    name: str
    text: str
    document: Document = field(repr=False)
    fitted: Fitted = field(repr=False)
    problems: tuple[Problem, ...]
    drops: Drops
    unsure: bool = False

    @property
    def target(self) -> str | None:
        """The type of target it is for; None: it does not say."""
        return None if ("target",) in self.fitted.holes else self.fitted.file.target

    @property
    def extends(self) -> str | None:
        """What its base is called in it."""
        return None if self.lacks_base else self.fitted.file.extends

    @property
    def lacks_base(self) -> bool:
        """Whether it extends a file and does not say which."""
        return ("extends",) in self.fitted.holes

    @property
    def is_torn(self) -> bool:
        """Whether a part that holds rules could not be read, so that it is not known which rules there are."""
        parts = {section.path[:length] for section in SECTIONS for length in range(3)}
        lost = {place[:-1] if place[-1] is GONE else place for place in self.fitted.holes}
        return not parts.isdisjoint(lost)


def layer_of(document: Document, text: str, wrong: Sequence[Problem] = ()) -> Layer:
    """The file in `document`, of which `wrong` is told already. Raises ConfigError where nothing of it can be read."""
    rest, drops = _split(document.part)
    fitted, problems = fit(Document(document.file, rest.data, rest.node))
    if fitted is None:
        raise ConfigError([*wrong, *problems])
    amiss = _wrong_drops(document, drops)
    if fitted.file.extends is None:
        amiss += [_no_base(document, section, rule) for (section, _), rule in drops.items()]
    told = (*wrong, *problems, *amiss)
    return Layer(document.file, text, document, fitted, told, drops, unsure=bool(amiss))


def _no_base(document: Document, section: Section, rule: Rule) -> Problem:
    text = f"remove it, or write {{value: {DROP}}} for the text"
    remedy = text if section.path == ("fields",) else "remove it"
    return document.problem(section.place(rule), "there is no base to drop it from", remedy)


def _split(top: Part) -> tuple[Part, Drops]:
    """A file's rules, and beside them what it drops."""
    drops: dict[tuple[Section, Identity], Rule] = {}
    for section in SECTIONS:
        rules, part = section.rules(top), found(top, section.path)
        dropped = {(section, rule[0]): rule for rule in rules if section.drops(rule)}
        if part is not None and dropped:
            kept = [rule for rule in rules if not section.drops(rule)]
            top = put(top, section.path, section.with_rules(part, kept))
            drops |= dropped
    return top, drops


def _wrong_drops(document: Document, drops: Drops) -> list[Problem]:
    """Complaints about `drop` in a rule that has more to say."""
    wrong = [
        (section, rule)
        for (section, identity), rule in drops.items()
        if section.keys and not _is_drop(section, identity, rule[1].data)
    ]
    return [
        document.problem(
            (*section.place(rule), DROP),
            "this drops no rule of a base",
            f"write {{{section.keys[0]}: ..., {DROP}: true}} and nothing else",
            at_key=True,
        )
        for section, rule in wrong
    ]


def _is_drop(section: Section, identity: Identity, written: Mapping[str, object]) -> bool:
    return written[DROP] is True and identity[0] is not None and written.keys() <= {*section.keys, DROP}


class Merger:
    """Lays files over one another; `layers` begins with the nearest."""

    def __init__(self, layers: Sequence[Layer]) -> None:
        self.problems: list[Problem] = []
        self._layers = layers

    def document(self) -> Document:
        """All the files as one document, named after the nearest."""
        *others, farthest = self._layers
        merged = farthest.fitted.document.part
        for layer in reversed(others):
            merged = self._over(layer, merged)
        without = {name: part for name, part in merged.items().items() if name != "extends"}
        merged = merged.with_items(without)
        return Document(self._layers[0].name, merged.data, merged.node)

    def _over(self, layer: Layer, base: Part) -> Part:
        near = layer.fitted.document.part
        mine, theirs = near.items(), base.items()
        items = {name: part for name, part in theirs.items() if name not in _OWN} | mine
        if "tags" in mine and "tags" in theirs:
            items["tags"] = mine["tags"].with_items(theirs["tags"].items() | mine["tags"].items())
        merged = near.with_items(items)
        for section in SECTIONS:
            part = found(near, section.path) or found(base, section.path)
            if part is not None:
                rules = _over(section, section.rules(near), self._kept(layer, section, base))
                merged = put(merged, section.path, section.with_rules(part, rules))
        return merged

    def _kept(self, layer: Layer, section: Section, base: Part) -> list[Rule]:
        """The base's rules that the layer does not drop."""
        rules = section.rules(base)
        known = {identity for identity, _ in rules}
        dropped = {identity: rule for (where, identity), rule in layer.drops.items() if where == section}
        # Where part of a file could not be read, it is not known what there is to drop.
        if not any(each.is_torn or each.lacks_base or each.unsure for each in self._layers):
            for identity in dropped.keys() - known:
                self._complain(layer, section, dropped[identity], known)
        return [rule for rule in rules if rule[0] not in dropped]

    def _complain(self, layer: Layer, section: Section, rule: Rule, known: set[Identity]) -> None:
        remedy = nearest(str(rule[0][0]), [str(identity[0]) for identity in known]) or "remove it"
        place = section.place(rule)
        self.problems.append(layer.document.problem(place, "no base has it to drop", remedy, at_key=True))


def _over(section: Section, near: Sequence[Rule], far: Sequence[Rule]) -> list[Rule]:
    """The base's rules, each replaced by its namesakes, and what is new behind them."""
    known = {identity for identity, _ in far}
    instead: dict[Identity, list[Rule]] = {}
    new: list[Rule] = []
    for rule in near:
        if rule[0] not in known:
            new.append(rule)
            continue
        instead.setdefault(rule[0], []).extend([*new, rule] if section.ordered else [rule])
        new = [] if section.ordered else new
    replaced = set(instead)
    kept = [each for rule in far for each in (instead.pop(rule[0], []) if rule[0] in replaced else [rule])]
    return [*kept, *new]
