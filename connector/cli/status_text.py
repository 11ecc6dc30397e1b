"""`status` as people read it."""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime, timedelta

from rich.console import Console
from rich.table import Table
from rich.text import Text

from connector.app import Trouble, alike, named
from connector.cli import status_mappings
from connector.cli.status_look import Status, iso
from connector.config import Config
from connector.store import positions, undelivered, wanted
from connector.telemetry import escape


def show(config: Config, state: Status) -> None:
    """Print it."""
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
            _cell(f"source {name} cannot be read since {iso(failing.failing_since)}: {failing.reason}")
        )
    console.print(_targets(config, state))
    for line in (
        *_paused_lines(state),
        *_held_lines(state),
        *status_mappings.lines(state.mappings),
        *_trouble_lines("parked", [(row, row.parked) for row in state.parked]),
        *_trouble_lines("delayed", [(row, row.last_error) for row in state.delayed]),
    ):
        console.print(_cell(line))
    for kept in state.set_asides:
        aside = kept.set_aside
        console.print(
            _cell(
                f"set aside since {iso(kept.since)}: incident {aside.incident} of {kept.source}: {aside.reason}"
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
        yield f"target {pause.target} is paused since {iso(pause.since)}: {pause.reason}"


def _held_lines(state: Status) -> Iterator[str]:
    for name, backlog in state.backlogs.items():
        if backlog.held:
            what = f"target {name}: {backlog.held} rows held by a brake since {iso(backlog.held_since)}"
            yield f"{what}; to let them leave: xdr-connector release --target {name} --as WHO --reason WHY"


def _source_line(state: Status, source: positions.SourcePosition) -> str:
    read = state.reading(source.source).last_read
    asked = f"last read {_ago(state, read)}" if read else "never read to the end"
    return f"source {source.source}: read up to {source.position.revision.raw}, {asked}"


def _trouble_lines(title: str, rows: Sequence[tuple[wanted.Wanted, str | None]]) -> Iterator[str]:
    troubles = (Trouble(row.route, row.key.incident, reason or "", row.since) for row, reason in rows)
    for group in alike(troubles):
        oldest = "the oldest " if len(group.incidents) > 1 else ""
        waiting = f"{oldest}waiting since {iso(group.since)}"
        yield f"{title}: {named(group.incidents)} on {group.route}, {waiting}: {group.reason}"


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
            "since " + str(iso(pause.since)) if pause else "no",
        )
    return table


def _ago(state: Status, moment: datetime) -> str:
    seconds = max(0, round((state.now - moment) / timedelta(seconds=1)))
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds // size} {unit} ago"
    return f"{seconds} s ago"


def _cell(text: object) -> Text:
    return Text(escape(str(text)))
