"""What a route gives its mapping, read without compiling any mapping: for work on mappings that are not right yet."""

import os
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from connector.config.load import Config, read_document
from connector.config.mappings import read_mapping, shipped_names
from connector.config.outline import Outline, RouteOutline
from connector.config.settings import ConfigFile
from connector.config.withheld import without_secrets
from connector.errors import ConfigError, Problem, unreadable
from connector.http.paths import FOLDER
from connector.mapping import SHIPPED, Bases, CompiledMapping, load_mapping
from connector.targets import catalogues
from connector.yamlsource import load, validate


@dataclass(frozen=True, slots=True)
class Binding:
    """A route's part in a mapping: the vars, the source's name, and who keeps the records (None: not said).

    `links` are the names of other routes' records (None: any). `route` and `target` are their names, `kind` is the
    target's type, `mapping` the file that the route names, as `load_file` takes it; all are "" for a mapping that is
    looked at by itself.
    """

    variables: Mapping[str, Any] = field(default_factory=dict)
    source: str = ""
    microsoft_owned: bool | None = None
    links: frozenset[str] | None = None
    route: str = ""
    target: str = ""
    kind: str = ""
    mapping: str = ""


def bindings(path: Path) -> list[Binding]:
    """What each route of a configuration gives its mapping. Raises ConfigError where the file cannot be read."""
    outline = Outline.of(read_document(path))
    return [_binding(outline, route, path.parent) for route in outline.routes]


def _binding(outline: Outline, route: RouteOutline, folder: Path) -> Binding:
    target = outline.target(route.target)
    return Binding(
        variables=route.variables,
        source=route.source,
        microsoft_owned=target is not None and target.microsoft_owned,
        links=outline.link_names(route, catalogues()),
        route=route.name,
        target=route.target,
        kind=target.type if target is not None else "",
        mapping=route.mapping if route.mapping.startswith(SHIPPED) else str(folder / route.mapping),
    )


def without_mappings(path: Path) -> Config:
    """The configuration without its routes' mappings, which need not be right. Raises ConfigError."""
    return Config(path, validate(read_document(path), ConfigFile, {FOLDER: path.parent}), ())


def read_file(name: str) -> bytes:
    """The text of a mapping file: a path, or `shipped:FILE`. Raises ConfigError where it cannot be read."""
    try:
        return read_mapping(name)
    except (OSError, ValueError) as error:
        remedy = f"name a readable file, or one of: {', '.join(shipped_names())}"
        raise ConfigError([Problem(f"cannot be read: {unreadable(error)}", remedy, file=name)]) from None


def meant(routes: Sequence[Binding], files: Iterable[str]) -> list[Binding]:
    """The routes that these mapping files can be meant for: those that name one, or else lead where the files write."""
    names = [name for name in files if name]
    same = [each for each in routes if any(_is_same(each.mapping, name) for name in names)]
    if same:
        return same
    kinds = [_kind_in(name) for name in names]
    return [each for each in routes if each.kind in kinds]


def _is_same(mapping: str, name: str) -> bool:
    return mapping == name or (
        not name.startswith(SHIPPED)
        and not mapping.startswith(SHIPPED)
        and _resolved(mapping) == _resolved(name)
    )


def _resolved(name: str) -> str:
    return os.path.realpath(name.replace("\0", ""))


def _kind_in(name: str) -> object:
    """What a mapping file names as its target's type, as far as that can be read."""
    try:
        data = load(read_file(name), name).data
    except ConfigError:
        return None
    return data.get("target") if isinstance(data, dict) else None


def load_file(name: str, binding: Binding, bases: Bases, *, run_examples: bool = True) -> CompiledMapping:
    """The mapping in a file, given what a route gives it.

    `bases` is shared by mappings that are loaded together. Without `run_examples` an example that fails is no
    problem. Where nobody says who keeps the records, a mapping that is wrong for records of ours and right for
    Microsoft's is one for these. Raises ConfigError with every problem, without the secrets among the vars.
    """
    text = read_file(name)

    def load(*, microsoft_owned: bool) -> CompiledMapping:
        return load_mapping(
            text,
            name,
            catalogues=catalogues(),
            vars=binding.variables,
            source_name=binding.source,
            routes=binding.links,
            microsoft_owned=microsoft_owned,
            run_examples=run_examples,
            read=bases,
        )

    try:
        return load(microsoft_owned=bool(binding.microsoft_owned))
    except ConfigError as error:
        if binding.microsoft_owned is None:
            with suppress(ConfigError):
                return load(microsoft_owned=True)
        raise ConfigError(without_secrets(error.problems, binding.variables)) from None
