"""`status`: how far behind, what waits and why, read from the state while the daemon runs."""

import asyncio
import json
from datetime import timedelta
from typing import Annotated

import typer

from connector.app import load_in_force, open_store
from connector.cli import status_mappings
from connector.cli.exits import Exit, say
from connector.cli.options import DEFAULT_CONFIG, ConfigOption, JsonOption
from connector.cli.status_look import Status, iso, look
from connector.cli.status_text import show
from connector.config import Config
from connector.model import JSON
from connector.store import (
    positions,
    wanted,
)
from connector.store.readings import Reading


def status(
    config: ConfigOption = DEFAULT_CONFIG,
    health: Annotated[
        bool, typer.Option("--health", help="Say only whether a daemon is alive: exit code 0 or 3.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Show what was read, what waits for each target and since when, what is parked, held, paused or set aside.

    Exit code 0: all is delivered, or on its way. 3: a source cannot be read, a target is paused, or something is
    parked, held, set aside or not configured any more.

    Example: xdr-connector status --json
    """
    loaded = load_in_force(config)
    state = asyncio.run(_read(loaded))
    if health:
        say("alive" if state.healthy else "no sign of life from a daemon on this state")
        raise typer.Exit(Exit.OK if state.healthy else Exit.WAITING)
    if as_json:
        typer.echo(json.dumps(_as_json(loaded, state)))
    else:
        show(loaded, state)
    if state.waits(loaded):
        raise typer.Exit(Exit.WAITING)


async def _read(config: Config) -> Status:
    store = await open_store(config, readonly=True)
    try:
        return await store.read(lambda tx: look(tx, config))
    finally:
        await store.close()


def _as_json(config: Config, state: Status) -> dict[str, JSON]:
    return {
        "now": iso(state.now),
        "alive": state.healthy,
        "last_sign_of_life": iso(state.alive.at) if state.alive else None,
        "sources": [_source_json(each, state.reading(each.source)) for each in state.sources],
        "targets": [_target_json(state, target.name) for target in config.settings.targets],
        "parked": [_row_json(row, row.parked) for row in state.parked],
        "delayed": [_row_json(row, row.last_error) for row in state.delayed],
        "parked_notes": state.parked_notes,
        "to_map_again": state.to_map_again,
        "mappings": status_mappings.as_json(state.mappings),
        "set_aside": [
            {
                "source": kept.source,
                "incident": kept.set_aside.incident,
                "reason": kept.set_aside.reason,
                "since": iso(kept.since),
            }
            for kept in state.set_asides
        ],
        "not_configured": [
            {"route": stray.route, "rows": stray.rows, "parked_notes": stray.notes} for stray in state.strays
        ],
    }


def _source_json(source: positions.SourcePosition, reading: Reading) -> dict[str, JSON]:
    failing = {"reason": reading.reason, "since": iso(reading.failing_since)}
    return {
        "name": source.source,
        "position": source.position.revision.raw,
        "moved_at": iso(source.moved_at),
        "last_read": iso(reading.last_read),
        "failing": failing if reading.failing_since else None,
    }


def _target_json(state: Status, name: str) -> dict[str, JSON]:
    backlog = state.backlogs.get(name, wanted.Backlog())
    pause = state.pauses.get(name)
    behind = state.now - backlog.oldest_since if backlog.oldest_since else timedelta()
    return {
        "name": name,
        "waiting": backlog.waiting,
        "due": backlog.due,
        "not_there_yet": backlog.absent,
        "parked": backlog.parked,
        "held": backlog.held,
        "held_since": iso(backlog.held_since),
        "oldest_since": iso(backlog.oldest_since),
        "behind_seconds": round(behind / timedelta(seconds=1)),
        "paused": {"reason": pause.reason, "since": iso(pause.since), "until": iso(pause.until)}
        if pause
        else None,
    }


def _row_json(row: wanted.Wanted, reason: str | None) -> dict[str, JSON]:
    return {
        "route": row.route,
        "target": row.target,
        "tenant": row.key.tenant,
        "incident": row.key.incident,
        "since": iso(row.since),
        "attempts": row.attempts,
        "due": iso(row.due),
        "reason": reason,
    }
