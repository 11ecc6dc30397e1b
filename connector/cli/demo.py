"""`demo`: the connector at work on mock services, with nothing to set up."""

import asyncio
import json
from pathlib import Path
from typing import Annotated

import typer

from connector.cli.exits import Exit
from connector.errors import ConfigError, Problem


def demo(
    json_file: Annotated[
        Path | None,
        typer.Option(
            "--json", metavar="FILE", dir_okay=False, help="Also write what was seen to a file, for programs."
        ),
    ] = None,
) -> None:
    """Play Defender Experts' journeys through a real daemon, against mock services on this machine.

    Nothing is needed: no tenant, no account, no network. After each step the tables show what XDR says and
    what Sentinel and ServiceNow hold by then, read from the mocks. At the end a new process evaluates
    everything again and should find nothing to write. Takes about half a minute.

    Exit code 0: everything was as expected. 1: it was not; what differs is printed.

    Example: xdr-connector demo --json demo.json
    """
    # Imported here, because the daemon needs neither the mocks nor their web server.
    from connector.cli.demo_perform import perform

    if json_file is not None and not json_file.parent.is_dir():
        raise ConfigError(
            [Problem(f"there is no folder {str(json_file.parent)!r}", "make it first", key="--json")]
        )
    report = asyncio.run(perform())
    if json_file is not None:
        text = json.dumps(report.as_json(), indent=2, ensure_ascii=False)
        json_file.write_text(text + "\n", encoding="utf-8")
    if report.problems:
        raise typer.Exit(Exit.FAILED)
