"""`plan` and `apply`: what the next pass would write, looked at by a person before it is written."""

import asyncio
import json
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from connector import app as composition
from connector.app import Applied, Applying, Scope, Trouble, alike, open_store
from connector.cli.exits import Exit, say
from connector.cli.operate import ByUser, WhyUnsaid, request_of
from connector.cli.options import DEFAULT_CONFIG, ConfigOption, JsonOption
from connector.cli.plan_text import lines_of, summary
from connector.cli.service import loaded_config, stop_on_signals
from connector.config import Config
from connector.errors import NoStateError
from connector.forecast import Plan, check_place, read_plan, write_plan
from connector.model import JSON
from connector.store.undelivered import Undelivered
from connector.telemetry import escape
from connector.telemetry.log import logging_telemetry


def plan(
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the plan here, for `apply`.")
    ] = None,
    route: Annotated[str | None, typer.Option(help="Only this route.")] = None,
    rescan: Annotated[
        bool,
        typer.Option("--rescan", help="Read everything again from each source's start and re-evaluate it."),
    ] = False,
    past_brakes: Annotated[
        bool, typer.Option("--past-brakes", help="Plan what brakes hold or would hold, too: you look at it.")
    ] = False,
    config: ConfigOption = DEFAULT_CONFIG,
    as_json: JsonOption = False,
) -> None:
    """Show what the next pass would write. Nothing is written, neither to a target nor to the state.

    Works beside a running daemon. Exit code 0: there is nothing to write; 6: there is; 3: not everything could be
    found out, and no FILE is written. The FILE quotes incidents: it is for its owner alone (mode 0600).

    Example: xdr-connector plan --out change.json
    """
    loaded = loaded_config(config)
    known = sorted(each.name for each in loaded.routes)
    if route is not None and route not in known:
        raise typer.BadParameter(
            f"there is none named {route!r}; known: {', '.join(known)}", param_hint="--route"
        )
    if out is not None:
        check_place(out)
    made = asyncio.run(_plan(loaded, Scope(route, rescan, past_brakes)))
    if out is not None and not made.incomplete:
        write_plan(made, out)
    if as_json:
        typer.echo(json.dumps(made.as_json()))
    else:
        for line in lines_of(made):
            typer.echo(escape(line))
    for reason in made.incomplete:
        say(f"the plan is not complete: {reason}")
    raise typer.Exit(Exit.WAITING if made.incomplete else Exit.CHANGES if made.writes else Exit.OK)


async def _plan(config: Config, scope: Scope) -> Plan:
    try:
        real = await open_store(config, readonly=True)
    except NoStateError:
        return await composition.plan(config, scope, real=None)
    try:
        return await composition.plan(config, scope, real=real)
    finally:
        await real.close()


def apply(
    file: Annotated[Path, typer.Argument(help="What `plan --out` has written.")],
    by: ByUser = None,
    why: WhyUnsaid = None,
    patience: Annotated[
        int, typer.Option(min=0, help="Seconds to wait for rows that have to be tried again.")
    ] = 60,
    config: ConfigOption = DEFAULT_CONFIG,
    as_json: JsonOption = False,
) -> None:
    """Write what a plan says, and nothing else.

    The plan is made again first. When it comes out differently, because an incident, a record or a mapping changed
    since, nothing is written and every difference is named: exit code 7. Exit code 3: something still waits.

    Example: xdr-connector apply change.json --as kim --reason CHG0030044
    """
    planned, request = read_plan(file), request_of(by, why)
    loaded = loaded_config(config)

    async def run() -> Applied:
        settings = loaded.settings.logging
        emit = logging_telemetry(settings.level, settings.format)
        applying = Applying(loaded, planned, request, emit, timedelta(seconds=patience), stop_on_signals())
        return await applying.run(await open_store(loaded))

    done = asyncio.run(run())
    if as_json:
        typer.echo(json.dumps(_as_json(done)))
    else:
        _tell(planned, done)
    raise typer.Exit(_exit(done))


def _exit(done: Applied) -> Exit:
    if done.moved:
        return Exit.MOVED
    return Exit.WAITING if done.unknown or done.left or done.failures else Exit.OK


def _tell(planned: Plan, done: Applied) -> None:
    for difference in done.moved:
        say(str(difference))
    for reason in done.unknown:
        say(f"not everything could be found out: {reason}")
    if done.moved or done.unknown:
        say(
            f"nothing was written; make a new plan with `xdr-connector plan --out FILE` (this one: {planned.made})"
        )
        return
    for failure in done.failures:
        say(failure)
    for group in alike(Trouble(each.route, each.key.incident, _why(each)) for each in done.left):
        say(f"still to deliver: {group}")
    typer.echo(summary(done.delivered, done=True) or "nothing was to be written")


def _why(left: Undelivered) -> str:
    row = left.row
    if row is None:
        return f"{left.notes} notes"
    return row.parked or row.held or row.last_error or "it was not its turn"


def _as_json(done: Applied) -> dict[str, JSON]:
    return {
        "applied": not (done.moved or done.unknown),
        "moved": [
            {
                "side": each.side,
                "route": each.route,
                "tenant": each.tenant,
                "incident": each.incident,
                "what": each.what,
            }
            for each in done.moved
        ],
        "unknown": list(done.unknown),
        "outcomes": dict(done.outcomes),
        "left": [
            {"route": each.route, "tenant": each.key.tenant, "incident": each.key.incident}
            for each in done.left
        ],
        "failures": list(done.failures),
    }
