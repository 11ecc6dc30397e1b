"""The demonstration's tables. What differs between runs (times, ports, numbers) stays out of the last one."""

from collections.abc import Iterable, Sequence

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from connector.cli.demo_play import Report, Round
from connector.cli.demo_scenes import AWAITING, Holding, Scene

WIDTHS = (25, 29, 27, 23)
NOTHING = "nothing"


def round_table(played: Round) -> Table:
    """One step of every journey: what XDR says, and what the targets hold once it has arrived."""
    title = f"Step {played.number}" if played.number else "The incidents appear"
    table = _table(title, "Journey, what happens", "XDR says", "Sentinel holds", "ServiceNow holds")
    for scene in played.scenes:
        happened = [f"{scene.journey} ({scene.incident})", scene.title]
        _add(table, happened, _xdr(scene.xdr), _sentinel(scene.sentinel), _servicenow(scene.servicenow))
    return table


def end_table(scenes: Sequence[Scene]) -> Table:
    """Which states every incident went through, and how it ended."""
    table = _table("The way of each incident", "Journey, incident", "XDR", "Sentinel", "ServiceNow")
    for journey, incident in dict.fromkeys((scene.journey, scene.incident) for scene in scenes):
        way = [scene for scene in scenes if (scene.journey, scene.incident) == (journey, incident)]
        end = way[-1]
        xdr = _way(str(scene.xdr["status"]) for scene in way)
        sentinel = _way(_sentinel_state(scene.sentinel) for scene in way)
        servicenow = _way(_servicenow_state(scene.servicenow) for scene in way)
        _add(
            table,
            [journey, incident],
            [xdr, _verdict(end.xdr)],
            [sentinel, _reason(end.sentinel), _count(end.sentinel, "comments")],
            [servicenow, str(end.servicenow.get("close_code") or ""), _count(end.servicenow, "work_notes")],
        )
    return table


def findings(report: Report) -> Text:
    """What was counted, and whether all of it is as expected."""
    lines = [
        f"Writes: {report.writes['sentinel']} to Sentinel, {report.writes['servicenow']} to ServiceNow.",
        f"Second pass: a new process evaluated everything again and wrote {report.second_pass_writes} times.",
        f"Records, comments or notes that are there twice: {report.duplicates}.",
        "Everything is as expected." if not report.problems else "Not as expected:",
    ]
    return Text("\n".join([*lines, *report.problems]))


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", box=SIMPLE_HEAD, show_edge=False, padding=(0, 1, 0, 0))
    for column, width in zip(columns, WIDTHS, strict=True):
        table.add_column(column, width=width, overflow="fold")
    return table


def _add(table: Table, *cells: list[str]) -> None:
    """A row of plain lines, with an empty one below it."""
    texts = ["\n".join(filter(None, cell)) for cell in cells]
    table.add_row(*(Text(f"{text}\n") for text in texts))


def _xdr(held: Holding) -> list[str]:
    return [_who(held["status"], held["assignedTo"]), _verdict(held), _count(held, "comments")]


def _verdict(held: Holding) -> str:
    return "" if held["classification"] == "unknown" else f"{held['classification']}\n{held['determination']}"


def _sentinel(held: Holding) -> list[str]:
    if not held:
        return [NOTHING]
    tags = ", ".join(held["tags"])
    state = _who(held["status"], held["owner"])
    return [state, _reason(held), f"tags: {tags}" if tags else "", _count(held, "comments")]


def _sentinel_state(held: Holding) -> str:
    if not held:
        return NOTHING
    return f"{held['status']} [{AWAITING}]" if AWAITING in held["tags"] else str(held["status"])


def _reason(held: Holding) -> str:
    return ": ".join(filter(None, (held.get("classification"), held.get("classificationReason"))))


def _servicenow(held: Holding) -> list[str]:
    if not held:
        return [NOTHING]
    state = held["number"], _servicenow_state(held)
    return [*state, str(held["close_code"] or ""), _count(held, "work_notes")]


def _servicenow_state(held: Holding) -> str:
    if not held:
        return NOTHING
    reason = held["hold_reason_label"]
    return f"{held['state_label']} [{reason}]" if reason else str(held["state_label"])


def _who(status: str, owner: str | None) -> str:
    return f"{status}\n{owner}" if owner else status


def _count(held: Holding, what: str) -> str:
    number = held.get(what, 0)
    words = what.replace("_", " ")
    return f"{number} {words if number != 1 else words.removesuffix('s')}" if number else ""


def _way(states: Iterable[str]) -> str:
    """The states in order, each named once while it lasts."""
    way: list[str] = []
    for state in states:
        if way[-1:] != [state]:
            way.append(state)
    return " → ".join(way)
