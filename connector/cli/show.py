"""`show INCIDENT`: one incident's history, as a person reads it."""

import asyncio
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from connector.app import load_in_force, open_store
from connector.audit import AuditKind, SealedRow, iso
from connector.cli.audit import as_object
from connector.cli.exits import Exit, say_unknown
from connector.cli.options import DEFAULT_CONFIG, ConfigOption, JsonOption
from connector.config import Config
from connector.model import JSON, IncidentKey
from connector.store import Tx, audits, links, mappings_seen, set_asides, snapshots, wanted
from connector.telemetry import escape


@dataclass(frozen=True, slots=True)
class History:
    """What is stored about one incident."""

    key: IncidentKey
    latest: snapshots.Stored | None
    links: list[links.Linked]
    wanted: list[wanted.Wanted]
    rows: list[SealedRow]
    mappings: Mapping[str, str]


def show(
    incident: Annotated[str, typer.Argument(help="The incident's number in Defender XDR.")],
    config: ConfigOption = DEFAULT_CONFIG,
    as_json: JsonOption = False,
) -> None:
    """Show what became of an incident: who changed what, when, why, and under which mapping version.

    Exit code 1: it was never read.

    Example: xdr-connector show 4711
    """
    loaded = load_in_force(config)
    found = asyncio.run(_read(loaded, incident))
    if not found:
        say_unknown(incident)
        raise typer.Exit(Exit.FAILED)
    if as_json:
        typer.echo(json.dumps([_as_json(each) for each in found]))
        return
    console = Console(soft_wrap=True)
    for each in found:
        for line in _lines(each):
            console.print(Text(escape(line)))


async def _read(config: Config, incident: str) -> list[History]:
    store = await open_store(config, readonly=True)
    try:
        return await store.read(lambda tx: _look(tx, config, incident))
    finally:
        await store.close()


def _look(tx: Tx, config: Config, incident: str) -> list[History]:
    keys = [IncidentKey(source.tenant_id, incident) for source in config.settings.sources]
    aside = {kept.set_aside.incident for kept in set_asides.every(tx)}
    found = []
    for key in dict.fromkeys(keys):
        rows = audits.read(tx, incident=key, limit=None, newest_first=False)
        latest = snapshots.latest(tx, [key]).get(key)
        if rows or latest or incident in aside:
            found.append(
                History(
                    key,
                    latest,
                    links.of_incident(tx, key),
                    wanted.of_incident(tx, key),
                    rows,
                    _names(tx, rows),
                )
            )
    return found


def _names(tx: Tx, rows: list[SealedRow]) -> dict[str, str]:
    """The name of each mapping version that these rows cite."""
    hashes = {str(row.said().get("mapping") or "") for row in rows} - {""}
    seen = {name: mappings_seen.get(tx, name) for name in hashes}
    return {name: mapping.name for name, mapping in seen.items() if mapping}


def _as_json(history: History) -> dict[str, JSON]:
    return {
        "tenant": history.key.tenant,
        "incident": history.key.incident,
        "snapshot": dict(history.latest.body) if history.latest else None,
        "records": [
            {
                "route": each.route,
                "target": each.target,
                "number": each.link.number,
                "id": each.link.external_id,
                "url": each.link.url,
            }
            for each in history.links
        ],
        "waiting": [
            {
                "route": row.route,
                "since": row.since.isoformat(),
                "parked": row.parked,
                "last_error": row.last_error,
            }
            for row in history.wanted
        ],
        "audit": [as_object(row) for row in history.rows],
    }


def _lines(history: History) -> Iterator[str]:
    yield from _heading(history)
    for each in history.links:
        yield f"  record on {each.target}: {each.link.number or each.link.external_id} {each.link.url}"
    for row in history.wanted:
        yield f"  waiting for {row.target} since {iso(row.since)}: {row.parked or row.last_error or 'on its way'}"
    yield ""
    for entry in history.rows:
        yield from _entry(entry, history.mappings)


def _heading(history: History) -> Iterator[str]:
    yield f"incident {history.key.incident} of tenant {history.key.tenant}"
    if history.latest is not None:
        body = history.latest.body
        yield f"  {body.get('displayName') or '(no title)'}"
        yield (
            f"  status {body.get('status')}, assigned to {body.get('assignedTo') or 'nobody'}, "
            f"{body.get('classification')} / {body.get('determination')}, last update {history.latest.revision.raw}"
        )


def _entry(row: SealedRow, mappings: Mapping[str, str]) -> Iterator[str]:
    said = row.said()
    data: dict[str, JSON] = {**said.get("data", {}), **row.private}
    where = f" {row.route}" if row.route else f" source {row.source}" if row.source else ""
    version = str(said.get("mapping") or "")
    under = f", mapping {mappings.get(version, '')} {version[:8]}" if version else ""
    yield f"{iso(row.at)}  {_verb(row, data)}{where}  (revision {said.get('revision') or '-'}{under}, row {row.seq})"
    for name, value in sorted(data.items()):
        line = _detail(name, value)
        if line:
            yield f"    {line}"


def _verb(row: SealedRow, data: Mapping[str, JSON]) -> str:
    if row.kind == AuditKind.DECIDED:
        return f"decided: {row.outcome or data.get('reason')}"
    if row.kind == AuditKind.FAILED:
        return row.outcome or "failed, will be tried again"
    return row.outcome or row.kind


def _detail(name: str, value: JSON) -> str:
    kind, _, field = name.partition(".")
    if kind == "field" and isinstance(value, dict):
        return f"{field}: {_said(value.get('before', '(nothing)'))} -> {_said(value['after'])}"
    if kind == "not_taken" and isinstance(value, dict):
        return f"NOT TAKEN {field}: sent {_said(value['sent'])}, the target holds {_said(value['held'])}"
    if name in {"reason", "holder", "claimed", "request_ids", "observed"}:
        return ""
    return f"{name}: {_said(value)}"


def _said(value: JSON) -> str:
    if value is None:
        return "(empty)"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
