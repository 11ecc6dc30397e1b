"""Read a configuration and the mappings it names.

Problems are gathered across all files before anything is refused: whoever mends a configuration wants the whole
list, not the next item of it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from connector.config.settings import ConfigFile, RouteSettings
from connector.config.withheld import without_secrets
from connector.errors import ConfigError, Problem
from connector.http.paths import FOLDER
from connector.mapping import CompiledMapping, load_mapping
from connector.targets import AnyTarget, catalogues
from connector.yamlsource import Document, validate
from connector.yamlsource import load as load_document

_SHIPPED = "shipped:"


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


def shipped_mappings() -> Path:
    """The folder of the mappings that come with the program, in a wheel or in a checkout."""
    package = Path(__file__).parent.parent
    installed = package / "_shipped" / "mappings"
    return installed if installed.is_dir() else package.parent / "mappings"


def load(path: Path) -> Config:
    """Read the configuration at `path`.

    Raises ConfigError with every problem of the file itself and of each mapping it names.
    """
    document = load_document(_read(path), str(path))
    settings = validate(document, ConfigFile, {FOLDER: path.parent})
    problems = [
        *_twice(document, settings),
        *_dangling(document, settings),
        *_same_records(document, settings),
        *_same_ends(document, settings),
    ]
    routes: list[Route] = []
    for index, route in enumerate(settings.routes):
        try:
            routes.extend(_route(document, settings, path, index, route))
        except ConfigError as error:
            problems.extend(error.problems)
    if problems:
        raise ConfigError(list(dict.fromkeys(problems)))
    return Config(path, settings, tuple(routes), tuple(_notices(settings)))


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        reason = error.strerror or type(error).__name__
        remedy = "name a readable file with --config, or copy config.example.yaml"
        raise ConfigError([Problem(f"cannot be read: {reason}", remedy, file=str(path))]) from None


def _twice(document: Document, settings: ConfigFile) -> Iterator[Problem]:
    """Names that are given to two things of a kind."""
    named: dict[str, Sequence[str]] = {
        "sources": [source.name for source in settings.sources],
        "targets": [target.name for target in settings.targets],
        "routes": [route_name(route) for route in settings.routes],
    }
    for section, names in named.items():
        for index, name in enumerate(names):
            if name in names[:index]:
                what = f"the name {name!r} is taken by an earlier entry"
                yield document.problem((section, index, "name"), what, "give each entry its own name")


def _dangling(document: Document, settings: ConfigFile) -> Iterator[Problem]:
    """Routes that name a source or target that is not there."""
    there = {"source": [s.name for s in settings.sources], "target": [t.name for t in settings.targets]}
    for index, route in enumerate(settings.routes):
        for end, name in (("source", route.source), ("target", route.target)):
            if name not in there[end]:
                remedy = f"name one of: {', '.join(there[end])}"
                yield document.problem(("routes", index, end), f"there is no {end} {name!r}", remedy)


def route_name(route: RouteSettings) -> str:
    """The route's own name, or SOURCE-TARGET."""
    return route.name or f"{route.source}-{route.target}"


def _same_records(document: Document, settings: ConfigFile) -> Iterator[Problem]:
    """Routes that would keep the very same records: two mappings cannot both have their way with one."""
    ends = [(route.source, route.target) for route in settings.routes]
    for index, (source, target) in enumerate(ends):
        if (source, target) in ends[:index]:
            what = f"an earlier route leads from {source!r} to {target!r} already"
            remedy = "put both into one mapping, or give this route another target"
            yield document.problem(("routes", index, "target"), what, remedy)


def _same_ends(document: Document, settings: ConfigFile) -> Iterator[Problem]:
    """Sources of one tenant, and targets of one far side: they would share what is remembered of an incident."""
    tenants = [source.tenant_id.lower() for source in settings.sources]
    far_sides = [target.far_side for target in settings.targets]
    for section, key, ends in (("sources", "tenant_id", tenants), ("targets", "type", far_sides)):
        for index, end in enumerate(ends):
            if end in ends[:index]:
                name = getattr(settings, section)[ends.index(end)].name
                what = f"leads to the same place as {name!r}"
                yield document.problem(
                    (section, index, key), what, "keep one of the two; routes may share it"
                )


def _route(
    document: Document, settings: ConfigFile, path: Path, index: int, route: RouteSettings
) -> Iterator[Route]:
    target = next((target for target in settings.targets if target.name == route.target), None)
    if target is None:
        return  # told by _dangling
    file = _mapping_file(path, route.mapping)
    try:
        text = file.read_bytes()
    except OSError as error:
        what = f"the mapping {str(route.mapping)!r} cannot be read: {error.strerror or type(error).__name__}"
        remedy = f"paths are relative to this file; shipped are: {', '.join(_shipped_names())}"
        raise ConfigError([document.problem(("routes", index, "mapping"), what, remedy)]) from None
    mapping = _mapping(text, file, route, target)
    if mapping.target != target.type:
        what = f"the mapping {mapping.name!r} is for {mapping.target}, but {target.name!r} is {target.type}"
        raise ConfigError(
            [document.problem(("routes", index, "mapping"), what, "choose another mapping or target")]
        )
    yield Route(route_name(route), route.source, route.target, mapping)


def _mapping(text: bytes, file: Path, route: RouteSettings, target: AnyTarget) -> CompiledMapping:
    load_document(text, str(file))  # refuses what is not text before it is decoded
    try:
        return load_mapping(
            text.decode(),
            str(file),
            catalogues=catalogues(),
            vars=route.vars,
            source_name=route.source,
            microsoft_owned=_microsoft_owned(target),
        )
    except ConfigError as error:
        raise ConfigError(without_secrets(error.problems, route.vars)) from None


def _mapping_file(path: Path, mapping: Path) -> Path:
    name = str(mapping)
    if name.startswith(_SHIPPED):
        return shipped_mappings() / name.removeprefix(_SHIPPED)
    return path.parent / mapping


def _shipped_names() -> list[str]:
    return [f"{_SHIPPED}{file.name}" for file in sorted(shipped_mappings().glob("*.yaml"))]


def _notices(settings: ConfigFile) -> Iterator[str]:
    if settings.brakes.creates_per_hour or settings.brakes.closes_per_hour:
        yield "brakes are configured, but this version does not hold anything back yet"
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


def _microsoft_owned(target: AnyTarget) -> bool:
    """Whether Microsoft's own connector writes the records that the target's routes add to."""
    return getattr(target, "incidents", None) == "microsoft"
