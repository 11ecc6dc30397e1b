"""`status`: how far behind, what waits and why, read from the state while the daemon runs."""

import asyncio
import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from connector.app import HEARTBEAT, load_in_force, open_store, utc_now
from connector.cli import status_mappings
from connector.cli.exits import Exit, say
from connector.cli.options import DEFAULT_CONFIG, ConfigOption, JsonOption
from connector.config import Config
from connector.model import JSON
from connector.store import (
    Tx,
    heartbeats,
    notes,
    pauses,
    positions,
    readings,
    remaps,
    set_asides,
    undelivered,
    wanted,
)
from connector.store.readings import Reading
from connector.telemetry import escape


@dataclass(frozen=True, slots=True)
class Status:
    """Everything `status` shows, read in one transaction."""

    now: datetime
    alive: heartbeats.Heartbeat | None
    sources: list[positions.SourcePosition]
    readings: dict[str, Reading]
    backlogs: dict[str, wanted.Backlog]
    pauses: dict[str, pauses.Pause]
    parked: list[wanted.Wanted]
    delayed: list[wanted.Wanted]
    parked_notes: dict[str, int]
    set_asides: list[set_asides.Kept]
    mappings: list[status_mappings.RouteMapping]
    strays: list[undelivered.Stray]
    to_map_again: dict[str, int]

    @property
    def healthy(self) -> bool:
        """Whether a daemon gave a sign of life lately."""
        return self.alive is not None and self.now - self.alive.at < 4 * HEARTBEAT

    def reading(self, source: str) -> Reading:
        """Whether a source can be read, as far as anything is known of it."""
        return self.readings.get(source, Reading())

    def failing(self, config: Config) -> list[str]:
        """The sources that cannot be read, among those that are still asked."""
        asked = sorted({route.source for route in config.routes})
        return [source for source in asked if self.reading(source).failing_since]

    def waits(self, config: Config) -> bool:
        """Whether anything waits for somebody's help."""
        held = any(backlog.held for backlog in self.backlogs.values())
        stuck = self.pauses or self.parked or held or self.set_asides or self.parked_notes or self.strays
        mappings = any(each.waits for each in self.mappings)
        return bool(stuck or mappings or self.failing(config))


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
        _print(loaded, state)
    if state.waits(loaded):
        raise typer.Exit(Exit.WAITING)


async def _read(config: Config) -> Status:
    store = await open_store(config, readonly=True)
    try:
        return await store.read(lambda tx: _look(tx, config))
    finally:
        await store.close()


def _look(tx: Tx, config: Config) -> Status:
    return Status(
        now=utc_now(),
        alive=heartbeats.every(tx).get("daemon"),
        sources=positions.every(tx),
        readings=readings.every(tx),
        backlogs=wanted.backlogs(tx),
        pauses={pause.target: pause for pause in pauses.every(tx)},
        parked=wanted.parked(tx),
        delayed=wanted.delayed(tx, limit=20),
        parked_notes=notes.count_parked(tx),
        set_asides=set_asides.every(tx),
        mappings=status_mappings.look(tx, config),
        strays=undelivered.strays(tx, {route.name: route.target for route in config.routes}),
        to_map_again=remaps.count(tx),
    )


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z") if moment else None


def _as_json(config: Config, state: Status) -> dict[str, JSON]:
    return {
        "now": _iso(state.now),
        "alive": state.healthy,
        "last_sign_of_life": _iso(state.alive.at) if state.alive else None,
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
                "since": _iso(kept.since),
            }
            for kept in state.set_asides
        ],
        "not_configured": [
            {"route": stray.route, "rows": stray.rows, "parked_notes": stray.notes} for stray in state.strays
        ],
    }


def _source_json(source: positions.SourcePosition, reading: Reading) -> dict[str, JSON]:
    failing = {"reason": reading.reason, "since": _iso(reading.failing_since)}
    return {
        "name": source.source,
        "position": source.position.revision.raw,
        "moved_at": _iso(source.moved_at),
        "last_read": _iso(reading.last_read),
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
        "held_since": _iso(backlog.held_since),
        "oldest_since": _iso(backlog.oldest_since),
        "behind_seconds": round(behind / timedelta(seconds=1)),
        "paused": {"reason": pause.reason, "since": _iso(pause.since), "until": _iso(pause.until)}
        if pause
        else None,
    }


def _row_json(row: wanted.Wanted, reason: str | None) -> dict[str, JSON]:
    return {
        "route": row.route,
        "target": row.target,
        "tenant": row.key.tenant,
        "incident": row.key.incident,
        "since": _iso(row.since),
        "attempts": row.attempts,
        "due": _iso(row.due),
        "reason": reason,
    }


def _cell(text: object) -> Text:
    return Text(escape(str(text)))


def _print(config: Config, state: Status) -> None:
    console = Console(soft_wrap=False)
    alive = (
        f"last sign of life {_ago(state, state.alive.at)}" if state.alive else "never started on this state"
    )
    console.print(Text(f"daemon: {'alive' if state.healthy else 'not running'}, {alive}"))
    for each in state.sources:
        console.print(_cell(_source_line(state, each)))
    for name in state.failing(config):
        failing = state.reading(name)
        console.print(
            _cell(f"source {name} cannot be read since {_iso(failing.failing_since)}: {failing.reason}")
        )
    console.print(_targets(config, state))
    for line in (*_paused_lines(state), *_held_lines(state), *status_mappings.lines(state.mappings)):
        console.print(_cell(line))
    _print_rows(console, "parked", [(row, row.parked) for row in state.parked])
    _print_rows(console, "delayed", [(row, row.last_error) for row in state.delayed])
    for kept in state.set_asides:
        aside = kept.set_aside
        console.print(
            _cell(
                f"set aside since {_iso(kept.since)}: incident {aside.incident} of {kept.source}: {aside.reason}"
            )
        )
    for route, count in state.parked_notes.items():
        console.print(_cell(f"route {route}: {count} notes parked"))
    for route, count in state.to_map_again.items():
        console.print(_cell(f"route {route}: {count} incidents to map again"))
    for stray in state.strays:
        console.print(_cell(_stray_line(stray, {route.name for route in config.routes})))


def _stray_line(stray: undelivered.Stray, routes: Collection[str]) -> str:
    if stray.route in routes:  # the daemon moves them when it starts with the new configuration
        return f"route {stray.route}: {stray.rows} rows for a target that is not configured any more"
    return f"route {stray.route} is not configured any more: {stray.rows} rows and {stray.notes} parked notes are left"


def _paused_lines(state: Status) -> Iterator[str]:
    for pause in state.pauses.values():
        yield f"target {pause.target} is paused since {_iso(pause.since)}: {pause.reason}"


def _held_lines(state: Status) -> Iterator[str]:
    for name, backlog in state.backlogs.items():
        if backlog.held:
            what = f"target {name}: {backlog.held} rows held by a brake since {_iso(backlog.held_since)}"
            yield f"{what}; to let them leave: xdr-connector release --target {name} --as WHO --reason WHY"


def _source_line(state: Status, source: positions.SourcePosition) -> str:
    read = state.reading(source.source).last_read
    asked = f"last read {_ago(state, read)}" if read else "never read to the end"
    return f"source {source.source}: read up to {source.position.revision.raw}, {asked}"


def _print_rows(console: Console, title: str, rows: list[tuple[wanted.Wanted, str | None]]) -> None:
    for row, reason in rows:
        console.print(
            _cell(f"{title} since {_iso(row.since)}: incident {row.key.incident} on {row.route}: {reason}")
        )


def _targets(config: Config, state: Status) -> Table:
    table = Table()
    for column in ("target", "waiting", "due now", "not there yet", "parked", "held", "oldest", "paused"):
        table.add_column(column, justify="left" if column in {"target", "oldest", "paused"} else "right")
    for target in config.settings.targets:
        backlog = state.backlogs.get(target.name, wanted.Backlog())
        pause = state.pauses.get(target.name)
        oldest = _ago(state, backlog.oldest_since) if backlog.oldest_since else "-"
        counts = (backlog.waiting, backlog.due, backlog.absent, backlog.parked, backlog.held)
        table.add_row(
            _cell(target.name),
            *(str(count) for count in counts),
            oldest,
            "since " + str(_iso(pause.since)) if pause else "no",
        )
    return table


def _ago(state: Status, moment: datetime) -> str:
    seconds = max(0, round((state.now - moment) / timedelta(seconds=1)))
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds // size} {unit} ago"
    return f"{seconds} s ago"
