"""Mapping files as the commands under `mapping` take them: by themselves, or with what a route gives them."""

import re
from collections.abc import Iterable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated, Any

import typer

from connector.config.bindings import Binding, bindings, meant
from connector.errors import Problem, unreadable
from connector.model import JSON
from connector.yamlsource import load as load_document

VarsOption = Annotated[
    list[str] | None,
    typer.Option("--vars", metavar="FILE|KEY=VALUE", help="What the mapping reads as vars.KEY; repeatable."),
]
SourceOption = Annotated[str, typer.Option("--source-name", help="What the mapping reads as source.name.")]
MicrosoftOption = Annotated[
    bool, typer.Option("--microsoft", help="The incidents are those that Microsoft's own connector keeps.")
]
MaybeConfigOption = Annotated[
    Path | None, typer.Option("--config", "-c", help="Take all that from a route of this configuration.")
]
RouteOption = Annotated[
    str | None, typer.Option("--route", help="Which route; needed if several can be meant.")
]

_PAIR = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)=(.*)", re.DOTALL)


def binding_of(
    variables: list[str] | None,
    source: str = "",
    microsoft: bool = False,
    config: Path | None = None,
    route: str | None = None,
    files: Iterable[str] = (),
) -> Binding:
    """What the options give a mapping: a route's part, and over it what is said by hand.

    Where no route is named, the one that the mapping `files` can be meant for is taken.

    Raises ConfigError for files that cannot be read, and BadParameter where a route has to be chosen.
    """
    if config is None and route is not None:
        raise typer.BadParameter("a route is one of a configuration: add --config", param_hint="--route")
    base = Binding() if config is None else _chosen(bindings(config), route, files)
    return replace(
        base,
        variables={**base.variables, **_variables(variables or [])},
        source=source or base.source,
        microsoft_owned=True if microsoft else base.microsoft_owned,
    )


def _chosen(routes: list[Binding], name: str | None, files: Iterable[str]) -> Binding:
    """The route of this name, or the only one that can be meant. Raises BadParameter."""
    found = [each for each in routes if name in (None, each.route)]
    if name is None and len(found) > 1:
        found = meant(found, files)
    if len(found) == 1:
        return found[0]
    known = ", ".join(each.route for each in routes)
    raise typer.BadParameter(
        f"there is none named {name!r}; known: {known}" if name else f"name one of: {known}",
        param_hint="--route",
    )


def _variables(given: list[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for each in given:
        pair = _PAIR.fullmatch(each)
        found |= {pair[1]: _value(pair[2])} if pair else _from_file(each)
    return found


def _value(text: str) -> Any:
    """A value as YAML reads it in a configuration: 42 is a number, yes a text."""
    return load_document(text, "--vars").data if text.strip() else text


def _from_file(name: str) -> dict[str, Any]:
    try:
        document = load_document(Path(name).read_bytes(), name)
    except (OSError, ValueError) as error:
        raise typer.BadParameter(f"{name} cannot be read: {unreadable(error)}", param_hint="--vars") from None
    if not isinstance(document.data, dict):
        raise typer.BadParameter(f"{name} holds no `key: value`", param_hint="--vars")
    return document.data


def problem_as_json(problem: Problem) -> dict[str, JSON]:
    """A complaint for programs."""
    members = asdict(problem)
    return {name: members[name] for name in ("file", "line", "column", "key", "what", "remedy")}
