"""`demo`: the connector at work on mock services, with nothing to set up."""

import asyncio
import json
from pathlib import Path
from typing import Annotated

import typer

from connector.cli.demo_play import Report, demonstration
from connector.cli.demo_show import Screen, end_table, findings, round_table
from connector.cli.exits import Exit


def demo(
    json_file: Annotated[
        Path | None,
        typer.Option("--json", metavar="FILE", help="Also write what was seen to a file, for programs."),
    ] = None,
) -> None:
    """Play Defender Experts' journeys through a real daemon, against mock services on this machine.

    Nothing is needed: no tenant, no account, no network. After each step the tables show what XDR says and
    what Sentinel and ServiceNow hold by then, read from the mocks. At the end a new process evaluates
    everything again and should find nothing to write. Takes about half a minute.

    Exit code 0: everything was as expected. 1: it was not; what differs is printed.

    Example: xdr-connector demo --json demo.json
    """
    report = asyncio.run(_play(Screen()))
    if json_file is not None:
        text = json.dumps(report.as_json(), indent=2, ensure_ascii=False)
        json_file.write_text(text + "\n", encoding="utf-8")
    if report.problems:
        raise typer.Exit(Exit.BUG)


async def _play(screen: Screen) -> Report:
    screen.show("Starting the mock services and a daemon that polls them.")
    async with demonstration() as played:
        async for each in played.rounds():
            screen.show(round_table(each))
        screen.show("The daemon has stopped. A new process evaluates everything again.\n")
        await played.second_pass()
        screen.show(end_table(played.report.scenes))
        screen.show(findings(played.report))
        return played.report
