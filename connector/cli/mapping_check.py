"""`mapping check`: every mistake of mapping files at once."""

import json
from collections.abc import Sequence
from typing import Annotated

import typer

from connector.cli.exits import Exit, say
from connector.cli.mapping_files import (
    MaybeConfigOption,
    MicrosoftOption,
    RouteOption,
    SourceOption,
    VarsOption,
    binding_of,
    problem_as_json,
)
from connector.cli.options import JsonOption
from connector.cli.screen import Screen
from connector.config.bindings import load_file
from connector.config.mappings import read_mapping
from connector.errors import ConfigError, Problem
from connector.mapping import Bases, CompiledMapping

FilesArgument = Annotated[list[str], typer.Argument(help="Mapping files; shipped:NAME for a shipped one.")]


def check(
    file: FilesArgument,
    *,
    variables: VarsOption = None,
    source: SourceOption = "",
    microsoft: MicrosoftOption = False,
    config: MaybeConfigOption = None,
    route: RouteOption = None,
    as_json: JsonOption = False,
) -> None:
    """Check mapping files: every problem of every file at once, each with its place and what to do.

    Exit code 0: nothing is wrong. 2: something is.

    Example: xdr-connector mapping check mappings/*.yaml --vars pci_group=SOC-PCI
    """
    binding = binding_of(variables, source, microsoft, config, route, file)
    bases = Bases(read_mapping)
    found: list[tuple[str, CompiledMapping]] = []
    problems: list[Problem] = []
    for each in dict.fromkeys(file):
        try:
            found.append((each, load_file(each, binding, bases)))
        except ConfigError as error:
            problems += error.problems
    problems = list(dict.fromkeys(problems))
    if as_json:
        typer.echo(json.dumps(_as_json(found, problems)))
    else:
        _print(found, problems)
    if problems:
        raise typer.Exit(Exit.USAGE)


def _as_json(found: Sequence[tuple[str, CompiledMapping]], problems: Sequence[Problem]) -> dict[str, object]:
    files = [
        {"file": name, "name": mapping.name, "hash": mapping.hash, **counts(mapping)}
        for name, mapping in found
    ]
    return {
        "ok": not problems,
        "files": files,
        "problems": [problem_as_json(problem) for problem in problems],
    }


def counts(mapping: CompiledMapping) -> dict[str, int]:
    """How much there is in a mapping, its bases included."""
    document = mapping.document
    return {
        "fields": sum(len(writer.fields) for writer in mapping.writers),
        "decisions": len(document.decisions),
        "examples": len(document.examples),
    }


def _print(found: Sequence[tuple[str, CompiledMapping]], problems: Sequence[Problem]) -> None:
    screen = Screen()
    for name, mapping in found:
        told = ", ".join(_many(count, what) for what, count in counts(mapping).items())
        screen.line(f"{name}: {told} passed")
    for problem in problems:
        say(problem.sentence, at=problem.where)
    if problems:
        say(f"{_many(len(problems), 'problems')} found")


def _many(count: int, what: str) -> str:
    return f"{count} {what.removesuffix('s') if count == 1 else what}"
