"""`mock`: serve the stand-ins for Entra, Defender XDR, Sentinel and ServiceNow until SIGTERM."""

import asyncio
import json
import signal
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from connector.cli.mock_folder import mock_folder, write_config
from connector.cli.options import JsonOption
from connector.errors import ConfigError, Problem
from connector.mocks.player import Player
from connector.mocks.scenario import Journey, JourneyError, read_journey, read_journeys
from connector.mocks.server import Addresses, serving
from connector.mocks.world import World, WorldSettings

ALL = "all"


def mock(
    scenario: Annotated[
        list[str] | None,
        typer.Option(
            "--scenario",
            metavar="NAME|FILE",
            help="A journey to load: the name of a shipped one, `all`, or a YAML file. May be repeated."
            " Default: all shipped ones, or none with --incidents.",
        ),
    ] = None,
    incidents: Annotated[
        int, typer.Option(min=0, help="Begin with a seeded, varied population of so many incidents.")
    ] = 0,
    seed: Annotated[int, typer.Option(help="Seed of the population and of every identifier.")] = 0,
    latency: Annotated[
        int, typer.Option(min=0, metavar="MS", help="Milliseconds that every answer takes longer.")
    ] = 0,
    tls: Annotated[
        bool, typer.Option("--tls", help="Serve https, with a certificate authority made for this run.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Serve the mock services until SIGTERM: Entra, Defender XDR, Sentinel, ServiceNow and their control.

    They listen on free loopback ports. A configuration that fits them is written to a temporary folder,
    which is removed at the end. docs/mocks.md describes the control API.

    Example: xdr-connector mock --scenario reopened --latency 50
    """
    world = World(WorldSettings(seed=seed, incidents=incidents, latency=latency / 1000))
    load_journeys(world, scenario if scenario is not None else [] if incidents else [ALL])
    asyncio.run(_serve(world, tls=tls, as_json=as_json))


def load_journeys(world: World, names: Sequence[str]) -> None:
    """Begin journeys by name or file, without playing a step; raise ConfigError for one that cannot be."""
    known = {journey.name: journey for journey in read_journeys(world.settings.journeys)}
    wanted = [journey for name in names for journey in _journeys(name, known)]
    known |= {journey.name: journey for journey in wanted}
    world.player = Player(world.clock, world.graph.portal, known.values())
    for name in dict.fromkeys(journey.name for journey in wanted):
        world.player.start(name)


def _journeys(name: str, known: dict[str, Journey]) -> list[Journey]:
    if name == ALL:
        return list(known.values())
    if name in known:
        return [known[name]]
    if not Path(name).exists():
        remedy = f"name a YAML file, {ALL}, or one of: {', '.join(known)}"
        raise ConfigError([Problem(f"there is no journey and no file {name!r}", remedy, key="--scenario")])
    try:
        return [read_journey(Path(name))]
    except JourneyError as error:
        raise ConfigError(
            [Problem(str(error), "see the format in docs/mocks.md", key="--scenario")]
        ) from None


async def _serve(world: World, *, tls: bool, as_json: bool) -> None:
    stop = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    with mock_folder() as folder:
        async with serving(world, tls=tls, ca_folder=folder) as bare:
            addresses = replace(bare, config=write_config(bare.as_json(), folder))
            if as_json:
                typer.echo(json.dumps(addresses.as_json()))
            else:
                _print(world, addresses)
            await stop.wait()


def _print(world: World, addresses: Addresses) -> None:
    console = Console(highlight=False, soft_wrap=True)
    table = Table(title="Mock services")
    table.add_column("service")
    table.add_column("address")
    for name, url in addresses.urls.items():
        table.add_row(name, url)
    console.print(table)
    journeys = ", ".join(run["journey"] for run in world.player.state()["journeys"]) or "none"
    console.print(f"incidents: {len(world.graph)}; journeys begun: {journeys}", markup=False)
    console.print(f"configuration: {addresses.config} (its folder goes when this command ends)", markup=False)
    advance = f"{addresses.urls['control']}/scenario/advance"
    console.print("\nIn another terminal:", markup=False)
    console.print(f"  xdr-connector run --config {addresses.config}", markup=False)
    console.print(f"  curl -X POST {advance}   # the next step of each journey", markup=False)
