"""The mapping that a route names, compiled for the route's target."""

from pathlib import Path

from connector.config.outline import Outline, RouteOutline, TargetOutline
from connector.config.withheld import without_secrets
from connector.errors import ConfigError, Problem
from connector.mapping import CompiledMapping, load_mapping
from connector.targets import catalogues
from connector.yamlsource import load as load_document

_SHIPPED = "shipped:"


def shipped_mappings() -> Path:
    """The folder of the mappings that come with the program, in a wheel or in a checkout."""
    package = Path(__file__).parent.parent
    installed = package / "_shipped" / "mappings"
    return installed if installed.is_dir() else package.parent / "mappings"


def compiled(outline: Outline, route: RouteOutline, folder: Path) -> CompiledMapping | None:
    """The route's mapping; None where the route names none, or no target to compile it for.

    `folder` is where relative paths begin. Raises ConfigError with every problem of the mapping.
    """
    target = outline.target(route.target)
    if target is None or not route.mapping or target.type not in catalogues():
        return None
    file = _file(folder, route.mapping)
    try:
        text = file.read_bytes()
    except OSError as error:
        what = f"the mapping {route.mapping!r} cannot be read: {error.strerror or type(error).__name__}"
        remedy = f"paths are relative to this file; shipped are: {', '.join(_shipped_names())}"
        raise ConfigError([_at(outline, route, what, remedy)]) from None
    mapping = _load(text, file, route, target)
    if mapping.target != target.type:
        what = f"the mapping {mapping.name!r} is for {mapping.target}, but {target.name!r} is {target.type}"
        raise ConfigError([_at(outline, route, what, "choose another mapping or target")])
    return mapping


def _load(text: bytes, file: Path, route: RouteOutline, target: TargetOutline) -> CompiledMapping:
    load_document(text, str(file))  # refuses what is not text before it is decoded
    try:
        return load_mapping(
            text.decode(),
            str(file),
            catalogues=catalogues(),
            vars=route.variables,
            source_name=route.source,
            microsoft_owned=target.microsoft_owned,
        )
    except ConfigError as error:
        raise ConfigError(without_secrets(error.problems, route.variables)) from None


def _at(outline: Outline, route: RouteOutline, what: str, remedy: str) -> Problem:
    return outline.document.problem(("routes", route.index, "mapping"), what, remedy)


def _file(folder: Path, mapping: str) -> Path:
    if mapping.startswith(_SHIPPED):
        return shipped_mappings() / Path(mapping.removeprefix(_SHIPPED)).name
    return folder / mapping


def _shipped_names() -> list[str]:
    return [f"{_SHIPPED}{file.name}" for file in sorted(shipped_mappings().glob("*.yaml"))]
