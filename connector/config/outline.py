"""What can be read of a configuration even where its shape is wrong: names, and what refers to what.

A mistyped key in one place must not hide the other mistakes of a file, so references are checked, and mappings are
compiled, from this outline and not from the validated models. An entry that has no usable value is passed over here:
its shape has been complained about already.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from connector.errors import Problem
from connector.model import link_name
from connector.yamlsource import Document


@dataclass(frozen=True, slots=True)
class RouteOutline:
    """A route as written; what is missing or no text is ""."""

    index: int
    name: str
    source: str
    target: str
    mapping: str
    variables: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class TargetOutline:
    """A target's name and type as written, and whether Microsoft's own connector writes its records."""

    name: str
    type: str
    microsoft_owned: bool


@dataclass(frozen=True, slots=True)
class Outline:
    """A document as far as it can be read."""

    document: Document
    sources: tuple[str, ...]
    targets: tuple[TargetOutline, ...]
    routes: tuple[RouteOutline, ...]

    @classmethod
    def of(cls, document: Document) -> "Outline":
        """The outline of a configuration."""
        sources = tuple(_text(entry, "name") for _, entry in _entries(document, "sources"))
        targets = tuple(
            TargetOutline(_text(entry, "name"), _text(entry, "type"), entry.get("incidents") == "microsoft")
            for _, entry in _entries(document, "targets")
        )
        return cls(document, sources, targets, tuple(_route(*each) for each in _entries(document, "routes")))

    def target(self, name: str) -> TargetOutline | None:
        """The target of this name."""
        return next((target for target in self.targets if target.name == name), None)

    def link_names(self, route: RouteOutline, types: Iterable[str]) -> frozenset[str]:
        """The names under which the route's mapping may speak of records that other routes keep of its incidents.

        These are the source's other routes, their targets, and the `types` of targets: a mapping may say what it does
        with a ticket before any route leads to a ticket system.
        """
        others = [each for each in self.routes if each.source == route.source and each.index != route.index]
        names = (*(each.name for each in others), *(each.target for each in others), *types)
        return frozenset(link_name(name) for name in names if name)

    def problems(self) -> Iterator[Problem]:
        """Names given twice, routes that lead nowhere, and routes that would keep the very same records."""
        targets = [target.name for target in self.targets]
        routes = [route.name for route in self.routes]
        for section, names in (("sources", list(self.sources)), ("targets", targets), ("routes", routes)):
            yield from self._twice(section, names)
        yield from self._dangling({"source": list(self.sources), "target": targets})
        yield from self._same_records()

    def _twice(self, section: str, names: list[str]) -> Iterator[Problem]:
        for index, name in enumerate(names):
            if name and name in names[:index]:
                what = f"the name {name!r} is taken by an earlier entry"
                yield self.document.problem((section, index, "name"), what, "give each entry its own name")

    def _dangling(self, there: Mapping[str, list[str]]) -> Iterator[Problem]:
        for route in self.routes:
            for end, name in (("source", route.source), ("target", route.target)):
                if name and name not in there[end]:
                    remedy = f"name one of: {', '.join(filter(None, there[end])) or 'none is there yet'}"
                    what = f"there is no {end} {name!r}"
                    yield self.document.problem(("routes", route.index, end), what, remedy)

    def _same_records(self) -> Iterator[Problem]:
        """Two mappings cannot both have their way with one record."""
        ends = [(route.source, route.target) for route in self.routes]
        for number, (source, target) in enumerate(ends):
            if source and target and (source, target) in ends[:number]:
                what = f"an earlier route leads from {source!r} to {target!r} already"
                remedy = "put both into one mapping, or give this route another target"
                yield self.document.problem(("routes", self.routes[number].index, "target"), what, remedy)


def _entries(document: Document, section: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    entries = document.data.get(section) if isinstance(document.data, dict) else None
    for index, entry in enumerate(entries if isinstance(entries, list) else ()):
        yield index, entry if isinstance(entry, dict) else {}


def _text(entry: Mapping[str, Any], key: str) -> str:
    value = entry.get(key)
    return value if isinstance(value, str) else ""


def _route(index: int, entry: Mapping[str, Any]) -> RouteOutline:
    source, target, variables = _text(entry, "source"), _text(entry, "target"), entry.get("vars")
    name = _text(entry, "name") or (f"{source}-{target}" if source and target else "")
    mapping = _text(entry, "mapping")
    return RouteOutline(
        index, name, source, target, mapping, variables if isinstance(variables, dict) else {}
    )
