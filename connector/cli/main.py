"""The commands, put together."""

import io
import sys
from types import MappingProxyType
from typing import Annotated

import typer

import connector
from connector.cli.exits import errors_told
from connector.cli.lazy import LazyGroup


class Commands(LazyGroup):
    """Everything that the program does."""

    places = MappingProxyType(
        {
            "run": "connector.cli.service:run",
            "sync": "connector.cli.service:sync",
            "plan": "connector.cli.plan:plan",
            "apply": "connector.cli.plan:apply",
            "check": "connector.cli.check:check",
            "status": "connector.cli.status:status",
            "show": "connector.cli.show:show",
            "retry": "connector.cli.operate:retry",
            "discard": "connector.cli.operate:discard",
            "release": "connector.cli.operate:release",
            "audit": "connector.cli.audit:app",
            "mapping": "connector.cli.mapping:app",
            "schema": "connector.cli.schema:schema",
            "mock": "connector.cli.mock:mock",
            "demo": "connector.cli.demo:demo",
        }
    )


app = typer.Typer(
    name="xdr-connector",
    cls=Commands,
    help="Keeps Microsoft Sentinel and ServiceNow records in agreement with Microsoft Defender XDR incidents.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:  # typer calls it so
    if wanted:
        typer.echo(f"xdr-connector {connector.__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[  # typer's way to offer --version
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Keeps Microsoft Sentinel and ServiceNow records in agreement with Microsoft Defender XDR incidents."""


def main() -> None:
    """Run the command line."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a terminal that lacks a character stops nothing
    with errors_told():
        app()
