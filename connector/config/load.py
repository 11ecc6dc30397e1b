"""Read a configuration and the mappings it names.

Problems are gathered across all files before anything is refused: whoever mends a configuration wants the whole
list, not the next item of it.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from connector.config.mappings import Recipe, read_mapping
from connector.config.outline import Outline
from connector.config.settings import ConfigFile
from connector.config.shared import told_once
from connector.errors import ConfigError, Problem, unreadable
from connector.http.paths import FOLDER
from connector.mapping import Bases, CompiledMapping
from connector.yamlsource import Document, validate
from connector.yamlsource import load as load_document


@dataclass(frozen=True, slots=True)
class Route:
    """A configured route with its compiled mapping; the `recipe` compiles another one for it."""

    name: str
    source: str
    target: str
    mapping: CompiledMapping
    recipe: Recipe | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Config:
    """A configuration in which everything named exists. `notices` are worth a person's attention, no errors.

    `broken`: what is wrong with mapping files, by route, where another mapping was taken instead.
    """

    path: Path
    settings: ConfigFile
    routes: tuple[Route, ...]
    notices: tuple[str, ...] = ()
    broken: Mapping[str, tuple[Problem, ...]] = field(default_factory=dict)


# The mapping for a route whose file is wrong; None if there is none.
Instead = Callable[[Recipe], CompiledMapping | None]


def load(path: Path, *, instead: Instead = lambda _: None) -> Config:
    """Read the configuration at `path`. `instead` gives a mapping for a route whose file is wrong.

    Raises ConfigError with every problem of the file itself and of each mapping it names.
    """
    document = read_document(path)
    outline = Outline.of(document)
    routes, problems, broken = _routes(outline, path.parent, instead)
    try:
        settings = validate(document, ConfigFile, {FOLDER: path.parent})
    except ConfigError as error:
        raise _all([*error.problems, *outline.problems(), *problems]) from None
    problems = [*outline.problems(), *_same_ends(document, settings), *problems]
    if problems:
        raise _all(problems)
    return Config(path, settings, tuple(routes), tuple(_notices(settings)), broken)


def read_document(path: Path) -> Document:
    """The configuration at `path` as written. Raises ConfigError where it cannot be read."""
    return load_document(_read(path), str(path))


def _all(problems: list[Problem]) -> ConfigError:
    return ConfigError(list(dict.fromkeys(problems)))


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        remedy = "name a readable file with --config, or copy config.example.yaml"
        raise ConfigError([Problem(f"cannot be read: {unreadable(error)}", remedy, file=str(path))]) from None


def _routes(
    outline: Outline, folder: Path, instead: Instead
) -> tuple[list[Route], list[Problem], dict[str, tuple[Problem, ...]]]:
    """The routes that have a mapping, the problems of the others, and those of files that another one stands in for."""
    routes: list[Route] = []
    met: dict[str, tuple[Problem, ...]] = {}
    broken: dict[str, tuple[Problem, ...]] = {}
    bases = Bases(read_mapping)
    recipes = (Recipe.of(outline, route, folder) for route in outline.routes)
    for recipe in filter(None, recipes):
        route = recipe.route
        try:
            mapping = recipe.from_file(bases)
        except ConfigError as error:
            other = instead(recipe)
            if other is None:
                met[route.name] = (*met.get(route.name, ()), *error.problems)
                continue
            mapping, broken[route.name] = other, error.problems
        routes.append(Route(route.name, route.source, route.target, mapping, recipe))
    files = {route.name: frozenset(name for name, _ in route.mapping.sources) for route in routes}
    return routes, told_once(met, files), broken


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
