"""`check`: is the configuration usable, and, on request, do the peers answer?"""

import asyncio
import json
from dataclasses import asdict, dataclass
from typing import Annotated

import typer
from rich.console import Console

from connector.cli.exits import Exit, say
from connector.cli.options import DEFAULT_CONFIG, ConfigOption, JsonOption
from connector.config import Config, load
from connector.errors import ConfigError, ConnectorError
from connector.http import Runtime
from connector.model import Source, Target


@dataclass(frozen=True, slots=True)
class Answer:
    """What one peer said to a probe; `problem` is empty when all is well."""

    peer: str
    problem: str


def check(
    config: ConfigOption = DEFAULT_CONFIG,
    connect: Annotated[
        bool, typer.Option("--connect", help="Also ask each source and target whether it lets us in.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Check the configuration and every mapping it names, with their examples.

    Exit code 0: usable. 2: every problem is printed with its place and its remedy. 3: a peer does not answer.

    Example: xdr-connector check --config config.yaml --connect
    """
    try:
        loaded = load(config)
    except ConfigError as error:
        if as_json:
            typer.echo(json.dumps({"ok": False, "problems": [asdict(problem) for problem in error.problems]}))
            raise typer.Exit(Exit.USAGE) from None
        raise
    answers = asyncio.run(_probe(loaded)) if connect else []
    failed = any(answer.problem for answer in answers)
    if as_json:
        typer.echo(
            json.dumps({**_summary(loaded), "ok": not failed, "peers": [asdict(each) for each in answers]})
        )
    else:
        _print(loaded, answers)
    if failed:
        raise typer.Exit(Exit.WAITING)


async def _probe(config: Config) -> list[Answer]:
    peers: list[tuple[str, Source | Target]] = [
        *((f"source {settings.name}", settings.build(Runtime())) for settings in config.settings.sources),
        *((f"target {settings.name}", settings.build()) for settings in config.settings.targets),
    ]
    answers = []
    for name, peer in peers:
        try:
            await peer.probe()
            answers.append(Answer(name, ""))
        except ConnectorError as error:
            answers.append(Answer(name, str(error)))
        finally:
            await peer.close()
    return answers


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


def _print(config: Config, answers: list[Answer]) -> None:
    console = Console(highlight=False, soft_wrap=True)
    for route in config.routes:
        examples = len(route.mapping.document.examples)
        console.print(
            f"route {route.name}: {route.source} -> {route.target}, mapping {route.mapping.name}, "
            f"{examples} example{'s' if examples != 1 else ''} passed",
            markup=False,
        )
    for notice in config.notices:
        say(f"{config.path}: {notice}")
    for answer in answers:
        if answer.problem:
            say(f"{answer.peer}: {answer.problem}")
        else:
            console.print(f"{answer.peer}: lets us in", markup=False)
    console.print(f"{config.path}: no problems found", markup=False)
