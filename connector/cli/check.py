"""`check`: is the configuration usable, and, on request, do the peers answer and have what the mappings write?"""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Annotated

import typer
from rich.console import Console

from connector.cli import connect as connecting
from connector.cli import status_mappings
from connector.cli.exits import Exit, say
from connector.cli.options import DEFAULT_CONFIG, ConfigOption, JsonOption
from connector.config import Config, load
from connector.errors import ConfigError
from connector.model import Level


def check(
    config: ConfigOption = DEFAULT_CONFIG,
    connect: Annotated[
        bool,
        typer.Option("--connect", help="Also ask each source and target for what the routes need."),
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Check the configuration and every mapping it names, with their examples.

    Where another mapping is in force than a file holds, that is said, too.

    With --connect each source and target is asked, by reads alone: credentials, rights, and whether it has the fields,
    choices, users and groups that the mappings name. One line each, with the remedy.

    Exit code 0: usable. 2: every problem is printed with its place and its remedy. 3: a peer does not answer, or lacks
    what the mappings need; warnings alone are no reason.

    Example: xdr-connector check --config config.yaml --connect
    """
    try:
        loaded = load(config)
    except ConfigError as error:
        if as_json:
            typer.echo(json.dumps({"ok": False, "problems": [asdict(problem) for problem in error.problems]}))
            raise typer.Exit(Exit.USAGE) from None
        raise
    others = status_mappings.others(loaded, asyncio.run(status_mappings.in_force(loaded)))
    loaded = replace(loaded, notices=(*loaded.notices, *others))
    inspected = asyncio.run(connecting.connect(loaded)) if connect else []
    failed = any(each.problems for each in inspected)
    if as_json:
        peers = [connecting.as_json(each) for each in inspected]
        typer.echo(json.dumps({**_summary(loaded), "ok": not failed, "peers": peers}))
    else:
        _print(loaded, inspected, failed=failed)
    if failed:
        raise typer.Exit(Exit.WAITING)


def _summary(config: Config) -> dict[str, object]:
    routes = [
        {
            "name": route.name,
            "source": route.source,
            "target": route.target,
            "mapping": route.mapping.name,
            "mapping_hash": route.mapping.hash,
            "examples": len(route.mapping.document.examples),
        }
        for route in config.routes
    ]
    return {"routes": routes, "notices": list(config.notices), "problems": []}


def _print(config: Config, inspected: Sequence[connecting.Inspected], *, failed: bool) -> None:
    console = Console(highlight=False, soft_wrap=True)
    for route in config.routes:
        examples = len(route.mapping.document.examples)
        console.print(
            f"route {route.name}: {route.source} -> {route.target}, mapping {route.mapping.name}, "
            f"{examples} example{'s' if examples != 1 else ''} passed",
            markup=False,
        )
    for notice in config.notices:
        say(notice, at=str(config.path))
    for each in inspected:
        for finding in each.findings:
            text = connecting.line(each, finding)
            if finding.level is Level.OK:
                console.print(text, markup=False)
            else:
                say(text)
    if failed:
        count = sum(len(each.problems) for each in inspected)
        say(f"{count} problem{'s' if count != 1 else ''} found")
    else:
        console.print(f"{config.path}: no problems found", markup=False)
