"""`mapping coverage`: what becomes of every state that an incident can be in."""

import csv
import json
import re
import sys
from collections.abc import Iterator
from typing import Annotated

import typer
from rich.table import Table

from connector.cli.mapping_files import (
    MaybeConfigOption,
    MicrosoftOption,
    RouteOption,
    SourceOption,
    VarsOption,
    binding_of,
)
from connector.cli.options import JsonOption
from connector.cli.screen import Screen, add, table
from connector.config.bindings import load_file
from connector.config.mappings import read_mapping
from connector.mapping import Bases
from connector.mapping.coverage import Block, Coverage, outcomes_of
from connector.mapping.coverage import coverage as survey
from connector.model import JSON
from connector.telemetry import escape
from connector.yamlsource import nearest

_FORMULA = re.compile(r"\A[=+\-@\t\r]")


def coverage(
    file: Annotated[str, typer.Argument(help="A mapping file; shipped:NAME for a shipped one.")],
    *,
    fields: Annotated[
        str | None, typer.Option("--fields", help="Only these columns, with commas: state,close_code,tags.")
    ] = None,
    as_csv: Annotated[bool, typer.Option("--csv", help="Every state as a line for spreadsheets.")] = False,
    variables: VarsOption = None,
    source: SourceOption = "",
    microsoft: MicrosoftOption = False,
    config: MaybeConfigOption = None,
    route: RouteOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show what becomes of every status, classification, determination and kind of owner.

    Columns that depend on the same things are shown together, and equal outcomes once. The incident is otherwise
    bare, of severity medium. --csv and --json have every state by itself.

    Example: xdr-connector mapping coverage shipped:sentinel.yaml --fields status,classification
    """
    if as_csv and as_json:
        raise typer.BadParameter("choose --csv or --json")
    binding = binding_of(variables, source, microsoft, config, route, [file])
    mapping = load_file(file, binding, Bases(read_mapping))
    names = _names(fields, outcomes_of(mapping))
    found = survey(mapping, names)
    if as_json:
        typer.echo(json.dumps(_as_json(found)))
    elif as_csv:
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerows([_cell(text) for text in row] for row in _lines(found))
    else:
        _print(found, Screen())


def _names(fields: str | None, known: tuple[str, ...]) -> list[str] | None:
    names = None if fields is None else [name.strip() for name in fields.split(",") if name.strip()]
    for name in names or []:
        if name not in known:
            remedy = nearest(name, known) or f"known: {', '.join(known)}"
            raise typer.BadParameter(f"the mapping does not write {name!r}; {remedy}", param_hint="--fields")
    return names


def _as_json(found: Coverage) -> dict[str, JSON]:
    return {
        "states": [
            {
                **dict(zip(found.dimensions, state, strict=True)),
                "outcome": dict(zip(found.columns, outcome, strict=True)),
            }
            for state, outcome in found.states
        ],
        "left": found.left,
    }


def _lines(found: Coverage) -> Iterator[tuple[str, ...]]:
    yield (*found.dimensions, *found.columns)
    for state, outcome in found.states:
        yield (*state, *outcome)


def _cell(text: str) -> str:
    """A cell that no spreadsheet takes for a formula, on one line."""
    shown = escape(text)
    return f"'{shown}" if _FORMULA.match(text) else shown


def _print(found: Coverage, screen: Screen) -> None:
    for block in found.blocks():
        screen.show(_table(block))
        screen.line("")
    if found.constant:
        shown = table("The same in every state", "column", "value")
        for name, value in found.constant.items():
            add(shown, name, value or "(none)")
        screen.show(shown)
        screen.line("")
    left = {name: count for name, count in found.left.items() if count}
    total = len(found.states)
    for name, count in left.items():
        screen.line(f"{name} is left alone in {count} of {total} states")
    if not left:
        screen.line(f"no field is left alone in any of {total} states")


def _table(block: Block) -> Table:
    heads = [*block.columns, "when"]
    shown = table(f"By {' and '.join(block.dimensions)}", *heads)
    for row in block.rows:
        add(shown, *(outcome or "-" for outcome in row.outcomes), row.described)
    return shown
