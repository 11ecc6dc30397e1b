"""`mapping test`: the examples of mapping files, and new ones made from stored incidents."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from connector.cli.exits import Exit
from connector.cli.mapping_check import FilesArgument
from connector.cli.mapping_draft import add_example
from connector.cli.mapping_files import (
    MaybeConfigOption,
    MicrosoftOption,
    RouteOption,
    SourceOption,
    VarsOption,
    binding_of,
)
from connector.cli.options import JsonOption
from connector.cli.screen import Screen
from connector.config.bindings import load_file
from connector.config.mappings import read_mapping
from connector.mapping import Bases, CompiledMapping, Difference, ExampleResult, run_examples
from connector.mapping.places import Place, place_of
from connector.model import JSON


@dataclass(frozen=True, slots=True)
class _Tested:
    """A file and how its examples came out."""

    mapping: CompiledMapping
    file: str
    results: Sequence[ExampleResult]

    @property
    def failures(self) -> list[tuple[int, ExampleResult]]:
        return [(index, result) for index, result in enumerate(self.results) if not result.passed]

    def place(self, difference: Difference) -> Place:
        return place_of(self.mapping, difference.path)


def run(
    file: FilesArgument,
    *,
    from_incident: Annotated[
        str | None, typer.Option(metavar="ID", help="Make an example from this stored incident instead.")
    ] = None,
    write: Annotated[
        bool, typer.Option("--write", help="With --from-incident: append it to the file, else it is printed.")
    ] = False,
    variables: VarsOption = None,
    source: SourceOption = "",
    microsoft: MicrosoftOption = False,
    config: MaybeConfigOption = None,
    route: RouteOption = None,
    as_json: JsonOption = False,
) -> None:
    """Run the examples in mapping files; what comes out differently is shown field by field.

    --from-incident prints an example made from an incident's latest stored revision and the one before it, with
    names, addresses, devices and free texts masked, and what the mapping gives now as the expectation.
    Exit code 0: every example passes. 1: one fails, or the incident was never read. 2: a file is wrong.

    Example: xdr-connector mapping test mappings/*.yaml
    """
    binding = binding_of(variables, source, microsoft, config, route, file)
    if from_incident is not None:
        add_example(_only(file), from_incident, binding, _needed(config), write=write)
        return
    if write:
        raise typer.BadParameter("is for --from-incident", param_hint="--write")
    bases, tested = Bases(read_mapping), []
    for name in dict.fromkeys(file):
        mapping = load_file(name, binding, bases, run_examples=False)
        tested.append(_Tested(mapping, name, run_examples(mapping)))
    if as_json:
        typer.echo(json.dumps(_as_json(tested)))
    else:
        _print(tested, Screen())
    if any(each.failures for each in tested):
        raise typer.Exit(Exit.FAILED)


def _only(files: Sequence[str]) -> str:
    if len(files) != 1:
        raise typer.BadParameter("an example is made for one file", param_hint="--from-incident")
    return files[0]


def _needed(config: Path | None) -> Path:
    if config is None:
        raise typer.BadParameter("incidents are stored where --config says", param_hint="--from-incident")
    return config


def _as_json(tested: Sequence[_Tested]) -> dict[str, JSON]:
    return {
        "ok": not any(each.failures for each in tested),
        "files": [
            {
                "file": each.file,
                "examples": [
                    {
                        "name": result.name,
                        "passed": result.passed,
                        "differences": [_difference(each, difference) for difference in result.differences],
                    }
                    for result in each.results
                ],
            }
            for each in tested
        ],
    }


def _difference(tested: _Tested, difference: Difference) -> dict[str, JSON]:
    place = tested.place(difference)
    return {
        "what": difference.what,
        "expected": difference.expected,
        "found": difference.found,
        "file": place.file,
        "line": place.line,
        "column": place.column,
    }


def _print(tested: Sequence[_Tested], screen: Screen) -> None:
    for each in tested:
        for index, result in each.failures:
            place = place_of(each.mapping, ("examples", index))
            screen.line(f"{place} example `{result.name}`", "bold")
            for difference in result.differences:
                _print_difference(difference, each.place(difference), screen)
        passed = len(each.results) - len(each.failures)
        screen.line(f"{each.file}: {passed} of {len(each.results)} examples passed")


def _print_difference(difference: Difference, place: Place, screen: Screen) -> None:
    """What was expected above what was found, so that the eye finds where they part."""
    screen.line(f"  {difference.what}  ({place})")
    screen.line(f"    expected  {difference.expected}", "green")
    screen.line(f"    found     {difference.found}", "red")
