"""`retry`, `discard` and `release`: what operators do about rows and notes that were given up, and rows held.

They write to the state beside a running daemon, in one short transaction each; the daemon finds the change when
it looks next, within seconds.
"""

import asyncio
import json
from collections.abc import Callable, Sequence
from typing import Annotated, TypeVar

import typer

from connector import operate
from connector.app import load_in_force, open_store, system_user
from connector.cli.exits import Exit, say
from connector.cli.options import DEFAULT_CONFIG, ConfigOption, JsonOption
from connector.config import Config
from connector.model import JSON
from connector.operate import Discarded, Request
from connector.store import Tx
from connector.store.undelivered import Picked, Undelivered
from connector.telemetry import escape

T = TypeVar("T")

_SHOWN = 20  # lines of a question that a person still reads

Incident = Annotated[str | None, typer.Argument(help="The incident's number in Defender XDR.")]
By = Annotated[str, typer.Option("--as", metavar="NAME", help="Who you are, for the audit.")]
Why = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why you do this, for the audit.")]
# For what a file already says in full: who wrote it down may be asked for less.
ByUser = Annotated[
    str | None, typer.Option("--as", metavar="NAME", help="Who you are, for the audit; default: the user.")
]
WhyUnsaid = Annotated[
    str | None, typer.Option("--reason", metavar="TEXT", help="Why you do this, for the audit; worth saying.")
]
UNSAID = "no reason given"


def retry(
    by: By,
    why: Why,
    incident: Incident = None,
    route: Annotated[str | None, typer.Option(help="Only this route.")] = None,
    target: Annotated[str | None, typer.Option(help="Only routes to this target.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Everything that was given up.")] = False,
    config: ConfigOption = DEFAULT_CONFIG,
    as_json: JsonOption = False,
) -> None:
    """Try again what was given up: parked rows and parked notes are due now, as if never tried.

    Works while a daemon runs, which notices within 15 seconds; otherwise the next `run` or `sync` does it.

    Example: xdr-connector retry 4711 --as kim --reason "the assignment group is back"
    """
    if everything == any(given is not None for given in (incident, route, target)):
        raise typer.BadParameter("name an incident, --route or --target, or else --all")
    loaded, request = load_in_force(config), request_of(by, why)
    targets = _targets(loaded, route, target)

    def work(tx: Tx) -> list[Undelivered]:
        return _one_tenant(operate.retry(tx, incident, targets, request), incident)

    _tell("retried", asyncio.run(_written(loaded, work)), as_json=as_json)


def discard(
    by: By,
    why: Why,
    incident: Incident = None,
    route: Annotated[
        str | None,
        typer.Option(help="Only this route; alone: everything of it, also if it is not configured any more."),
    ] = None,
    notes: Annotated[bool, typer.Option("--notes", help="Only notes that were given up; rows stay.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    config: ConfigOption = DEFAULT_CONFIG,
    as_json: JsonOption = False,
) -> None:
    """Give up for good what still waits for an incident or a route: rows, and the notes that wait with them.

    What changes later in Defender XDR is delivered all the same. Works while a daemon runs.
    Exit code 3: something was being delivered at that moment and stays.

    Example: xdr-connector discard 4711 --route contoso-servicenow --as kim --reason "closed by hand"
    """
    if incident is None and route is None:
        raise typer.BadParameter("name an incident, or --route")
    loaded, request = load_in_force(config), request_of(by, why)
    picked = Picked(incident, None if route is None else [route])

    def look(tx: Tx) -> list[Undelivered]:
        return _one_tenant(operate.meant(tx, picked, notes_only=notes), incident)

    if not yes and not _agreed(asyncio.run(_read(loaded, look))):
        say("nothing was discarded")
        raise typer.Exit(Exit.WAITING)

    def work(tx: Tx) -> Discarded:
        look(tx)
        return operate.discard(tx, picked, request, notes_only=notes)

    result = asyncio.run(_written(loaded, work))
    _tell("discarded", result.done, result.busy, as_json=as_json)
    if result.busy:
        raise typer.Exit(Exit.WAITING)


def release(
    by: By,
    why: Why,
    incident: Incident = None,
    route: Annotated[str | None, typer.Option(help="Only this route.")] = None,
    target: Annotated[str | None, typer.Option(help="Only routes to this target.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Everything that is held.")] = False,
    config: ConfigOption = DEFAULT_CONFIG,
    as_json: JsonOption = False,
) -> None:
    """Let rows leave that a brake holds, because more records than `brakes` allows would be created or closed.

    Only what is held now; the brakes stay. Works while a daemon runs, which notices within 15 seconds; otherwise the
    next `run` or `sync` does it.

    Example: xdr-connector release --target servicenow --as kim --reason "yes, all of them are real"
    """
    if everything == any(given is not None for given in (incident, route, target)):
        raise typer.BadParameter("name an incident, --route or --target, or else --all")
    loaded, request = load_in_force(config), request_of(by, why)
    _targets(loaded, route, target)  # refuses unknown names

    def work(tx: Tx) -> list[Undelivered]:
        return _one_tenant(operate.release(tx, target, route, incident, request), incident)

    _tell("released", asyncio.run(_written(loaded, work)), as_json=as_json)


def _targets(config: Config, route: str | None, target: str | None) -> dict[str, str]:
    """The configured routes that are meant, each with its target. Raises BadParameter for a name that is unknown."""
    routes = {each.name: each.target for each in config.routes}
    for option, name, known in (("--route", route, routes.keys()), ("--target", target, routes.values())):
        if name is not None and name not in known:
            raise typer.BadParameter(
                f"there is none named {name!r}; known: {', '.join(sorted(set(known)))}", param_hint=option
            )
    return {name: its for name, its in routes.items() if route in (None, name) and target in (None, its)}


def request_of(by: str | None, why: str | None) -> Request:
    """Who asks and why; None is the user, and no reason. Raises BadParameter for a blank one."""
    by, why = system_user() if by is None else by, UNSAID if why is None else why
    # An argument may hold bytes that are no text; the audit's form knows only text.
    said = [text.encode(errors="replace").decode().strip() for text in (by, why)]
    if not all(said):
        raise typer.BadParameter("--as and --reason must say something: they stand in the audit")
    return Request(*said)


def _one_tenant(found: list[Undelivered], incident: str | None) -> list[Undelivered]:
    """What was found, unless one number is meant and several tenants have it. Raises BadParameter then."""
    if incident is not None and len({each.key.tenant for each in found}) > 1:
        routes = ", ".join(sorted({each.route for each in found}))
        raise typer.BadParameter(
            f"several tenants have an incident {incident}: add --route, one of: {routes}"
        )
    return found


async def _read(config: Config, work: Callable[[Tx], T]) -> T:
    store = await open_store(config, readonly=True)
    try:
        return await store.read(work)
    finally:
        await store.close()


async def _written(config: Config, work: Callable[[Tx], T]) -> T:
    store = await open_store(config, guest=True)
    try:
        return await store.write(work)
    finally:
        await store.close()


def _agreed(found: Sequence[Undelivered]) -> bool:
    """Whether a person agrees to discard this; without one, or without anything to discard, nobody is asked."""
    for each in found[:_SHOWN]:
        say(_line(each))
    if len(found) > _SHOWN:
        say(f"and {len(found) - _SHOWN} more")
    try:
        return not found or typer.confirm("Discard this for good?", err=True)
    except typer.Abort:
        return False


def _tell(verb: str, done: Sequence[Undelivered], busy: Sequence[Undelivered] = (), *, as_json: bool) -> None:
    if as_json:
        typer.echo(
            json.dumps({verb: [_as_json(each) for each in done], "busy": [_as_json(each) for each in busy]})
        )
        return
    for each in done:
        typer.echo(escape(f"{verb}: {_line(each)}"))
    for each in busy:
        say(f"is being delivered at the moment, try again in a few minutes: {_line(each)}")
    if not done and not busy:
        typer.echo("nothing fits: nothing was changed")


def _line(each: Undelivered) -> str:
    reason = each.row.parked or each.row.held or each.row.last_error if each.row else None
    parts = ["the row" if each.row else "", f"{each.notes} notes" if each.notes else ""]
    what = " and ".join(part for part in parts if part)
    return f"incident {each.key.incident} on {each.route}: {what}{f' ({reason})' if reason else ''}"


def _as_json(each: Undelivered) -> dict[str, JSON]:
    return {
        "route": each.route,
        "tenant": each.key.tenant,
        "incident": each.key.incident,
        "row": each.row is not None,
        "notes": each.notes,
    }
