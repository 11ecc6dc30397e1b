"""`mock`: serve the stand-ins for Entra, Defender XDR, Sentinel and ServiceNow until SIGTERM."""

import asyncio
from typing import Annotated

import typer

from connector.cli.options import JsonOption


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
    # Imported here, because the daemon needs neither the mocks nor their web server.
    from connector.cli.mock_serving import ALL, make_world, serve_world

    names = scenario if scenario is not None else [] if incidents else [ALL]
    world = make_world(names, seed=seed, incidents=incidents, latency=latency / 1000)
    asyncio.run(serve_world(world, tls=tls, as_json=as_json))
