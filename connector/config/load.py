"""Read a configuration and the mappings it names.

Problems are gathered across all files before anything is refused: whoever mends a configuration wants the whole
list, not the next item of it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from connector.config.mappings import compiled, read_mapping
from connector.config.outline import Outline
from connector.config.settings import ConfigFile
from connector.config.shared import told_once
from connector.errors import ConfigError, Problem
from connector.http.paths import FOLDER
from connector.mapping import Bases, CompiledMapping
from connector.yamlsource import Document, validate
from connector.yamlsource import load as load_document


@dataclass(frozen=True, slots=True)
class Route:
    """A configured route with its compiled mapping."""

    name: str
    source: str
    target: str
    mapping: CompiledMapping


@dataclass(frozen=True, slots=True)
class Config:
    """A configuration in which everything named exists. `notices` are worth a person's attention, no errors."""

    path: Path
    settings: ConfigFile
    routes: tuple[Route, ...]
    notices: tuple[str, ...] = ()


def load(path: Path) -> Config:
    """Read the configuration at `path`.

    Raises ConfigError with every problem of the file itself and of each mapping it names.
    """
    document = read_document(path)
    outline = Outline.of(document)
    routes, problems = _routes(outline, path.parent)
    try:
        settings = validate(document, ConfigFile, {FOLDER: path.parent})
    except ConfigError as error:
        raise _all([*error.problems, *outline.problems(), *problems]) from None
    problems = [*outline.problems(), *_same_ends(document, settings), *problems]
    if problems:
        raise _all(problems)
    return Config(path, settings, tuple(routes), tuple(_notices(settings)))


def read_document(path: Path) -> Document:
    """The configuration at `path` as written. Raises ConfigError where it cannot be read."""
    return load_document(_read(path), str(path))


def _all(problems: list[Problem]) -> ConfigError:
    return ConfigError(list(dict.fromkeys(problems)))


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        reason = error.strerror or type(error).__name__
        remedy = "name a readable file with --config, or copy config.example.yaml"
        raise ConfigError([Problem(f"cannot be read: {reason}", remedy, file=str(path))]) from None


def _routes(outline: Outline, folder: Path) -> tuple[list[Route], list[Problem]]:
    """The routes whose mappings could be compiled, and the problems of the others."""
    routes: list[Route] = []
    met: dict[str, tuple[Problem, ...]] = {}
    bases = Bases(read_mapping)
    for route in outline.routes:
        try:
            mapping = compiled(outline, route, folder, bases)
        except ConfigError as error:
            met[route.name] = (*met.get(route.name, ()), *error.problems)
            continue
        if mapping is not None:
            routes.append(Route(route.name, route.source, route.target, mapping))
    files = {route.name: frozenset(name for name, _ in route.mapping.sources) for route in routes}
    return routes, told_once(met, files)


def _same_ends(document: Document, settings: ConfigFile) -> Iterator[Problem]:
    """Sources of one tenant, and targets of one far side: they would share what is remembered of an incident."""
    tenants = [source.tenant_id.lower() for source in settings.sources]
    far_sides = [target.far_side for target in settings.targets]
    for section, key, ends in (("sources", "tenant_id", tenants), ("targets", "type", far_sides)):
        for index, end in enumerate(ends):
            if end in ends[:index]:
                name = getattr(settings, section)[ends.index(end)].name
                what = f"leads to the same place as {name!r}"
                remedy = "keep one of the two; routes may share it"
                yield document.problem((section, index, key), what, remedy)


def _notices(settings: ConfigFile) -> Iterator[str]:
    used: Mapping[str, set[str]] = {
        "source": {route.source for route in settings.routes},
        "target": {route.target for route in settings.routes},
    }
    for source in settings.sources:
        if source.name not in used["source"]:
            yield f"source {source.name!r} is in no route: nothing is read from it"
    for target in settings.targets:
        if target.name not in used["target"]:
            yield f"target {target.name!r} is in no route: nothing is written to it"
