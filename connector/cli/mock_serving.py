"""A world of mocks with the journeys asked for, and its servers until SIGTERM."""

import asyncio
import json
import signal
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import typer
from rich.console import Console
from rich.table import Table

from connector.cli.mock_folder import mock_folder, write_config
from connector.errors import ConfigError, Problem
from connector.mocks.player import Player
from connector.mocks.scenario import Journey, JourneyError, read_journey, read_journeys
from connector.mocks.server import Addresses, serving
from connector.mocks.world import World, WorldSettings

ALL = "all"


def make_world(journeys: Sequence[str], *, seed: int, incidents: int, latency: float) -> World:
    """A world with a population of `incidents` and the journeys named; `latency` in seconds.

    Raises ConfigError for a journey that cannot be had.
    """
    world = World(WorldSettings(seed=seed, incidents=incidents, latency=latency))
    _begin_journeys(world, journeys)
    return world


async def serve_world(world: World, *, tls: bool, as_json: bool) -> None:
    """Serve until SIGTERM or SIGINT; print where, as one JSON line or as a table."""
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


def _begin_journeys(world: World, names: Sequence[str]) -> None:
    """Begin journeys by name or file, without playing a step."""
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
