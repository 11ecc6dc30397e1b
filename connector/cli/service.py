"""`run` and `sync`: the daemon, and one pass of it."""

import asyncio
import json
import os
import signal
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from connector import app as composition
from connector.app import Synced
from connector.cli.exits import Exit, say
from connector.cli.options import DEFAULT_CONFIG, ConfigOption, JsonOption
from connector.config import Config
from connector.telemetry.log import logging_telemetry

ByOption = Annotated[
    str,
    typer.Option(
        "--as", metavar="NAME", help="In whose name edited mappings come into force; default: the user."
    ),
]


def run(config: ConfigOption = DEFAULT_CONFIG, by: ByOption = "") -> None:
    """Poll and deliver until SIGTERM.

    Mapping files that were edited come into force before the next poll, or at once after SIGHUP.

    The first SIGTERM or SIGINT finishes the requests under way, within delivery.drain of the configuration; a
    second one stops at once. Either way nothing is lost.

    Example: xdr-connector run --config config.yaml
    """
    # It would end the process before there is something to look at.
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    loaded = loaded_config(config)
    asyncio.run(_run(loaded, by))


async def _run(config: Config, by: str) -> None:
    settings = config.settings.logging
    emit = logging_telemetry(settings.level, settings.format)
    async with composition.build(config, emit, author=by) as app:
        asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, app.look_now)
        await composition.run(app, stop_on_signals())


def sync(
    config: ConfigOption = DEFAULT_CONFIG,
    rescan: Annotated[
        bool,
        typer.Option("--rescan", help="Read everything again from each source's start and re-evaluate it."),
    ] = False,
    patience: Annotated[
        int, typer.Option(min=0, help="Seconds to wait for rows that have to be tried again.")
    ] = 60,
    by: ByOption = "",
    as_json: JsonOption = False,
) -> None:
    """Poll once and deliver until nothing is due; then exit.

    Exit code 0 when everything is in agreement, 3 when something still waits.

    Example: xdr-connector sync --rescan --json
    """
    loaded = loaded_config(config)
    result = asyncio.run(_sync(loaded, rescan=rescan, patience=timedelta(seconds=patience), by=by))
    if as_json:
        typer.echo(json.dumps(_as_json(result)))
    else:
        _print(result)
    if result.failures or any(result.left.values()):
        raise typer.Exit(Exit.WAITING)


async def _sync(config: Config, *, rescan: bool, patience: timedelta, by: str) -> Synced:
    settings = config.settings.logging
    emit = logging_telemetry(settings.level, settings.format)
    async with composition.build(config, emit, author=by) as app:
        return await composition.sync(app, rescan=rescan, patience=patience, stop=stop_on_signals())


def loaded_config(path: Path) -> Config:
    """The configuration, its notices told."""
    config = composition.load_in_force(path)
    for notice in config.notices:
        say(notice, at=str(path))
    return config


def stop_on_signals() -> asyncio.Event:
    """What the first SIGTERM or SIGINT sets; the second ends the process."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()

    def stopping() -> None:
        if stop.is_set():
            os._exit(128 + signal.SIGTERM)  # the second signal: now; the state is made for it
        stop.set()

    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stopping)
    return stop


def _as_json(result: Synced) -> dict[str, object]:
    return {
        "read": result.read,
        "fresh": result.fresh,
        "decisions": dict(result.reasons),
        "outcomes": dict(result.outcomes),
        "left": result.left,
        "failures": list(result.failures),
    }


def _print(result: Synced) -> None:
    console = Console()
    console.print(f"{result.read} incidents read, {result.fresh} of them new or changed")
    table = Table(show_header=False)
    for title, counts in (
        ("decided", result.reasons),
        ("delivered", result.outcomes),
        ("left for", result.left),
    ):
        for name, count in sorted(counts.items()):
            table.add_row(f"{title}: {name}", str(count))
    console.print(table)
    for failure in result.failures:
        say(failure)
