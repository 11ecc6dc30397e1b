"""`audit list` and `audit verify`: the log for auditors, and the proof that nothing in it was altered."""

import asyncio
import json
import re
from typing import Annotated

import typer

from connector.app import load_in_force, open_store
from connector.audit import AuditKind, Head, Outcome, SealedRow, Verification, iso
from connector.cli.exits import Exit, say
from connector.cli.options import DEFAULT_CONFIG, ConfigOption, JsonOption
from connector.config import Config
from connector.model import JSON
from connector.store import Tx, audits
from connector.telemetry import escape

_MOST = 2**63 - 1  # what either database holds as a number
_HEAD = re.compile(r"([0-9]{1,18}):([0-9a-f]{64})")

app = typer.Typer(
    help="Read the audit log and prove that it was not altered.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
)


@app.command("list")
def list_rows(
    config: ConfigOption = DEFAULT_CONFIG,
    incident: Annotated[str | None, typer.Option(help="Only this incident number.")] = None,
    route: Annotated[str | None, typer.Option(help="Only this route.")] = None,
    kind: Annotated[AuditKind | None, typer.Option(help="Only rows of this kind.")] = None,
    outcome: Annotated[Outcome | None, typer.Option(help="Only rows with this outcome.")] = None,
    since: Annotated[int, typer.Option(min=0, max=_MOST, help="Only rows after this number.")] = 0,
    limit: Annotated[int, typer.Option(min=0, max=_MOST, help="At most so many rows; 0: all.")] = 100,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line, oldest first.")] = False,
) -> None:
    """Print audit rows, oldest first: the newest `--limit` of those that fit.

    That none fits is said on standard error, and is no error.

    Example: xdr-connector audit list --incident 4711 --json
    """
    loaded = load_in_force(config)

    def matches(tx: Tx) -> list[SealedRow]:
        rows = audits.read(
            tx,
            number=incident,
            route=route,
            kind=kind,
            outcome=outcome,
            since_seq=since,
            limit=limit or None,
        )
        return rows[::-1]

    async def read() -> list[SealedRow]:
        store = await open_store(loaded, readonly=True)
        try:
            return await store.read(matches)
        finally:
            await store.close()

    rows = asyncio.run(read())
    if not rows:
        say("no row fits")
    for row in rows:
        typer.echo(json.dumps(as_object(row)) if as_json else as_line(row))


@app.command("verify")
def verify(
    config: ConfigOption = DEFAULT_CONFIG,
    head: Annotated[
        str | None,
        typer.Option(help="SEQ:HASH noted earlier; the chain must still contain exactly that row."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Check every row's hash, the chain between them, and the head.

    Prints the head: note it somewhere else from time to time, and give it to --head later.
    Exit code 0: unaltered. 5: every break is printed.

    Example: xdr-connector audit verify --head 1200:0f3c...
    """
    loaded = load_in_force(config)
    noted = _noted(head)
    result, now, held = asyncio.run(_verified(loaded, noted))
    breaks = [f"row {each.seq}: {each.what}" for each in result.breaks]
    if head is not None and held != noted.hash:
        breaks.append(f"row {noted.seq}: is not the row whose hash was noted")
    if as_json:
        _print_json(result, breaks, now)
    else:
        _print(result, breaks, now)
    if breaks:
        raise typer.Exit(Exit.ALTERED)


async def _verified(config: Config, noted: Head) -> tuple[Verification, Head, str | None]:
    """The result of the check, the head, and the hash of the row that was noted."""
    store = await open_store(config, readonly=True)
    try:
        return await store.read(
            lambda tx: (audits.verify(tx), audits.head(tx), audits.hash_at(tx, noted.seq))
        )
    finally:
        await store.close()


def _print_json(result: Verification, breaks: list[str], head: Head) -> None:
    said = {
        "ok": not breaks,
        "checked": result.checked,
        "erased": result.erased,
        "breaks": breaks,
        "head": f"{head.seq}:{head.hash}",
    }
    typer.echo(json.dumps(said))


def _print(result: Verification, breaks: list[str], head: Head) -> None:
    for line in breaks:
        say(line)
    state = "unaltered" if not breaks else f"ALTERED in {len(breaks)} places"
    typer.echo(
        f"{result.checked} rows checked, {state}; {result.erased} personal values erased; head {head.seq}:{head.hash}"
    )


def _noted(text: str | None) -> Head:
    if text is None:
        return Head()
    match = _HEAD.fullmatch(text)
    if match is None:
        raise typer.BadParameter("write SEQ:HASH, as `audit verify` prints it", param_hint="--head")
    return Head(int(match[1]), match[2])


def as_object(row: SealedRow) -> dict[str, JSON]:
    """A row for programs: what was hashed, with the readable private values that are still there."""
    said = row.said()
    return {
        **said,
        "hash": row.hash,
        "private": dict(row.private),
        "private_digests": said.get("private", {}),
    }


def as_line(row: SealedRow) -> str:
    """A row for people, on one line, with nothing in it that could steer a terminal."""
    said = row.said()
    subject = row.route or row.target or row.source
    parts = [f"{row.seq:>7}", iso(row.at), f"{row.kind:<9}", f"{row.outcome:<9}", subject, row.incident]
    detail = {**said.get("data", {}), **row.private}
    parts.append(
        " ".join(f"{name}={_short(value)}" for name, value in sorted(detail.items()) if name not in _DULL)
    )
    return escape(" ".join(part for part in parts if part))


_FORGED = re.compile(r"\s\S*=")  # a text that reads as if another value began in it
_DULL = frozenset({"claimed", "sent", "acknowledged", "request_ids", "holder", "started"})


def _short(value: JSON) -> str:
    plain = isinstance(value, str) and _FORGED.search(value) is None
    text = str(value) if plain else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 120 else text[:119] + "…"
