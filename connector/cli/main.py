"""The commands, put together."""

import io
import sys
from typing import Annotated

import typer

import connector
from connector.cli import audit, check, demo, mapping, mock, operate, plan, schema, service, show, status
from connector.cli.exits import errors_told

app = typer.Typer(
    name="xdr-connector",
    help="Keeps Microsoft Sentinel and ServiceNow records in agreement with Microsoft Defender XDR incidents.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("run")(service.run)
app.command("sync")(service.sync)
app.command("plan")(plan.plan)
app.command("apply")(plan.apply)
app.command("check")(check.check)
app.command("status")(status.status)
app.command("show")(show.show)
app.command("retry")(operate.retry)
app.command("discard")(operate.discard)
app.command("release")(operate.release)
app.add_typer(audit.app, name="audit")
app.add_typer(mapping.app, name="mapping")
app.command("schema")(schema.schema)
app.command("mock")(mock.mock)
app.command("demo")(demo.demo)


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
