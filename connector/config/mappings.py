"""The mapping that a route names, compiled for the route's target."""

from pathlib import Path

from connector.config.outline import Outline, RouteOutline
from connector.config.withheld import without_secrets
from connector.errors import ConfigError, Problem
from connector.mapping import SHIPPED, Bases, CompiledMapping, load_mapping
from connector.targets import catalogues
from connector.yamlsource import MAX_BYTES


def shipped_mappings() -> Path:
    """The folder of the mappings that come with the program, in a wheel or in a checkout."""
    package = Path(__file__).parent.parent
    installed = package / "_shipped" / "mappings"
    return installed if installed.is_dir() else package.parent / "mappings"


def read_mapping(name: str) -> bytes:
    """The text of a mapping file: a path, or `shipped:FILE`; no more of it than shows that it is too large.

    Raises OSError, and ValueError for what cannot be a file's name.
    """
    file = Path(name)
    if name.startswith(SHIPPED):
        file = shipped_mappings() / Path(name.removeprefix(SHIPPED)).name
    with file.open("rb") as opened:
        return opened.read(MAX_BYTES + 1)


def compiled(outline: Outline, route: RouteOutline, folder: Path, bases: Bases) -> CompiledMapping | None:
    """The route's mapping; None where the route names none, or no target to compile it for.

    `folder` is where relative paths begin. Raises ConfigError with every problem of the mapping.
    """
    target = outline.target(route.target)
    if target is None or not route.mapping or target.type not in catalogues():
        return None
    file = route.mapping if route.mapping.startswith(SHIPPED) else str(folder / route.mapping)
    try:
        text = read_mapping(file)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or type(error).__name__
        what = f"the mapping {route.mapping!r} cannot be read: {reason}"
        remedy = f"paths are relative to this file; shipped are: {', '.join(shipped_names())}"
        raise ConfigError([_at(outline, route, what, remedy)]) from None
    try:
        mapping = load_mapping(
            text,
            file,
            catalogues=catalogues(),
            vars=route.variables,
            source_name=route.source,
            routes=outline.link_names(route, catalogues()),
            microsoft_owned=target.microsoft_owned,
            read=bases,
        )
    except ConfigError as error:
        raise ConfigError(without_secrets(error.problems, route.variables)) from None
    if mapping.target != target.type:
        what = f"the mapping {mapping.name!r} is for {mapping.target}, but {target.name!r} is {target.type}"
        raise ConfigError([_at(outline, route, what, "choose another mapping or target")])
    return mapping


def _at(outline: Outline, route: RouteOutline, what: str, remedy: str) -> Problem:
    return outline.document.problem(("routes", route.index, "mapping"), what, remedy)


def shipped_names() -> list[str]:
    """What the mappings that come with the program are called in a configuration."""
    return [f"{SHIPPED}{file.name}" for file in sorted(shipped_mappings().glob("*.yaml"))]
