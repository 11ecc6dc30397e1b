"""`mapping activate`, `rollback` and `history`: which mapping a route works with, by an operator's hand.

They write to the state beside a running daemon, in one short transaction; the daemon sees it in its next transaction
that decides anything, and maps again what has to be at its next poll.
"""

import asyncio
import json
from collections.abc import Callable
from dataclasses import asdict
from typing import Annotated, TypeVar

import typer

from connector import activation
from connector.activation import Act, NothingToDoError
from connector.app import load_in_force, open_store
from connector.cli.exits import Exit, say
from connector.cli.operate import ByUser, WhyUnsaid, request_of
from connector.cli.options import DEFAULT_CONFIG, ConfigOption, JsonOption
from connector.config import Config, Route
from connector.config.mappings import path_of
from connector.errors import ConfigError
from connector.model import JSON
from connector.store import Tx, activations
from connector.store.activations import Activation
from connector.telemetry import escape

T = TypeVar("T")

RouteOption = Annotated[str | None, typer.Option("--route", help="Which route; needed if there are several.")]


def activate(
    by: ByUser = None,
    why: WhyUnsaid = None,
    route: RouteOption = None,
    canary: Annotated[
        int | None,
        typer.Option(min=1, max=99, metavar="PERCENT", help="Only for so many of the incidents, on trial."),
    ] = None,
    config: ConfigOption = DEFAULT_CONFIG,
    as_json: JsonOption = False,
) -> None:
    """Put into force what a route's mapping file holds, however many records that changes.

    With --canary it is tried on a share of the incidents, always the same ones; it ends by itself when clearly more of
    their records are refused than of the others. The same command without --canary puts it into force for all.

    Example: xdr-connector mapping activate --route contoso-servicenow --as kim --reason "new priorities, CHG0031"
    """
    loaded, request = load_in_force(config), request_of(by, why)
    chosen = _chosen(loaded, route)
    if chosen.name in loaded.broken:
        raise ConfigError(loaded.broken[chosen.name])
    act = Act(chosen.source, chosen.name, request.by, request.why, "canary" if canary else "operator")
    file = chosen.recipe.file if chosen.recipe else ""
    vcs = activation.revision_of(path_of(file)) if file else ""
    _done(
        loaded,
        lambda tx: activation.activate(tx, act, chosen.mapping, vcs=vcs, canary=canary),
        as_json=as_json,
    )


def rollback(
    by: ByUser = None,
    why: WhyUnsaid = None,
    route: RouteOption = None,
    to: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Back to this activation, see `mapping history`.")
    ] = None,
    config: ConfigOption = DEFAULT_CONFIG,
    as_json: JsonOption = False,
) -> None:
    """Put into force again what was in force before; or end a trial.

    What is taken back does not come into force by itself any more, though the file may still hold it.

    Example: xdr-connector mapping rollback --route contoso-servicenow --as kim --reason "wrong groups"
    """
    loaded, request = load_in_force(config), request_of(by, why)
    chosen = _chosen(loaded, route)
    act = Act(chosen.source, chosen.name, request.by, request.why, "rollback")
    _done(loaded, lambda tx: activation.rollback(tx, act, to), as_json=as_json)


def history(
    route: RouteOption = None,
    config: ConfigOption = DEFAULT_CONFIG,
    as_json: JsonOption = False,
) -> None:
    """Show every mapping that was ever in force: since when, until when, because of whom, and why.

    Example: xdr-connector mapping history --route contoso-servicenow --json
    """
    loaded = load_in_force(config)
    if route is not None:
        _chosen(loaded, route)
    found = asyncio.run(_in_state(loaded, lambda tx: activations.history(tx, route), readonly=True))
    if as_json:
        typer.echo(json.dumps([as_members(each) for each in found]))
        return
    for each in found:
        typer.echo(escape(_line(each)))
    if not found:
        typer.echo("nothing was ever in force on this state")


def as_members(each: Activation) -> dict[str, JSON]:
    """An activation for programs, without the texts."""
    members = asdict(each)
    return {
        **{name: members[name] for name in ("route", "n", "hash", "name", "author", "reason", "vcs", "how")},
        "files": [name for name, _ in each.sources],
        "at": _moment(each.at),
        "until": _moment(each.until) if each.until else None,
        "canary": each.canary,
        "revoked": each.revoked,
    }


def _line(each: Activation) -> str:
    until = f"until {_moment(each.until)}" if each.until else "in force"
    share = f" for {each.canary} % of the incidents" if each.canary else ""
    vcs = f" at {each.vcs[:12]}" if each.vcs else ""
    back = ", taken back" if each.revoked else ""
    return (
        f"{each.route} {each.n}: {each.name} {each.hash[:12]}{vcs}{share}, {_moment(each.at)} {until}{back}; "
        f"{each.how}, by {each.author}: {each.reason}"
    )


def _moment(moment: object) -> str:
    return str(moment).replace("+00:00", "Z").replace(" ", "T")


def _chosen(config: Config, name: str | None) -> Route:
    found = [each for each in config.routes if name in (None, each.name)]
    if len(found) == 1:
        return found[0]
    known = ", ".join(each.name for each in config.routes)
    what = f"there is none named {name!r}; known: {known}" if name else f"name one of: {known}"
    raise typer.BadParameter(what, param_hint="--route")


def _done(config: Config, work: Callable[[Tx], Activation], *, as_json: bool) -> None:
    try:
        done = asyncio.run(_in_state(config, work, readonly=False))
    except NothingToDoError as error:
        say(str(error))
        raise typer.Exit(Exit.FAILED) from None
    if as_json:
        typer.echo(json.dumps(as_members(done)))
    else:
        typer.echo(escape(f"in force: {_line(done)}"))


async def _in_state(config: Config, work: Callable[[Tx], T], *, readonly: bool) -> T:
    store = await open_store(config, readonly=readonly, guest=not readonly)
    try:
        return await (store.read(work) if readonly else store.write(work))
    finally:
        await store.close()
