"""The incident that `mapping explain` is about: from a file, from the state, or from the source as it is now."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer

from connector.cli.exits import Exit, say, say_unknown
from connector.cli.stored import Remembered, Surroundings
from connector.config.bindings import Binding
from connector.errors import ConfigError, Problem, StateError
from connector.http import Runtime
from connector.mapping.examples import UNTOUCHED
from connector.model import NO_FACTS, Facts, Incident, Revision, Snapshot
from connector.sources.cleaning import cleaned
from connector.sources.facts import snapshot_of
from connector.store.snapshots import Stored
from connector.yamlsource import load as load_document

# What an incident from Graph has, and an example need not have.
_WHOLE = ("id", "createdDateTime", "lastUpdateDateTime")


@dataclass(frozen=True, slots=True)
class Given:
    """An incident, the revision before it, what is known of its records, and in words where it is from."""

    snapshot: Snapshot
    old: Snapshot | None
    facts: Facts
    origin: str


def from_file(name: str) -> Given:
    """The incident in a JSON or YAML file: as Graph gives it, or as an example has it. Raises ConfigError."""
    data = _parsed(name)
    if isinstance(data, dict) and isinstance(data.get("value"), list) and len(data["value"]) == 1:
        data = data["value"][0]  # a list with one incident
    if not isinstance(data, dict):
        raise ConfigError([Problem("holds no incident", "give it one incident's properties", file=name)])
    example = isinstance(data.get("incident"), dict)
    snapshot = _whole(data["incident"] if example else data)
    old = data.get("old") if example else None
    return Given(snapshot, _whole(old) if isinstance(old, dict) else None, NO_FACTS, name)


def _parsed(name: str) -> Any:
    """What a file holds. Raises ConfigError."""
    try:
        text = Path(name).read_bytes()
    except OSError as error:
        problem = Problem(f"cannot be read: {error.strerror}", "name a file with one incident", file=name)
        raise ConfigError([problem]) from None
    try:
        return json.loads(text)  # an incident with its alerts may be larger than any YAML that we read
    except (ValueError, RecursionError):
        return load_document(text, name).data


def _whole(raw: Mapping[Any, Any]) -> Snapshot:
    """The snapshot, with what an example leaves out as it is on an untouched incident."""
    named = {str(name): value for name, value in raw.items()}
    snapshot: Snapshot = cleaned(snapshot_of(named))[0]
    return snapshot if all(name in snapshot for name in _WHOLE) else UNTOUCHED | snapshot


def stored(incident: str, at: str | None, binding: Binding, surroundings: Surroundings) -> Given:
    """A stored incident at its latest revision, or at the one that begins with `at`. Exits where there is none."""
    found = asyncio.run(surroundings.look(lambda tx: surroundings.remembered(tx, incident, binding)))
    if found is None:
        say_unknown(incident, "--live asks the source")
        raise typer.Exit(Exit.FAILED)
    place = len(found.revisions) - 1 if at is None else _place(found, at)
    snapshot, old = found.at(place)
    origin = f"incident {found.key}, revision {found.revisions[place].revision.raw}"
    return Given(snapshot, old, found.facts, origin)


def _place(found: Remembered, at: str) -> int:
    """The place of the revision that is meant. Exits where none is, or several are."""
    known = [each.revision.raw for each in found.revisions]
    exact = [place for place, raw in enumerate(known) if raw == at]
    places = exact[-1:] or [place for place, raw in enumerate(known) if raw.startswith(at)]
    if len(places) == 1:
        return places[0]
    say(_refusal(found.revisions, at, [known[place] for place in places]))
    raise typer.Exit(Exit.FAILED)


def _refusal(revisions: Sequence[Stored], at: str, several: Sequence[str]) -> str:
    oldest = revisions[0].revision
    if several:
        return f"several revisions begin with {at}: {', '.join(several)}; write more of one"
    if _is_before(at, oldest):
        return f"expired: {at} is not stored any more; the oldest revision there is {oldest.raw}"
    return f"there is no revision {at}; stored are: {', '.join(each.revision.raw for each in revisions)}"


def _is_before(at: str, oldest: Revision) -> bool:
    """Whether a revision, or the beginning of one, is older. Whole ones are not in the order of their texts."""
    try:
        return Revision.parse(at).ticks < oldest.ticks
    except (ValueError, OverflowError):
        return at < oldest.raw


def live(incident: str, binding: Binding, surroundings: Surroundings) -> Given:
    """An incident as its source has it now, with the stored revision before it. Raises ConnectorError."""
    tenant, _, number = incident.rpartition("/")
    found = asyncio.run(_read(number, tenant, binding, surroundings))
    if found is None:
        say(f"the source knows no incident {incident}")
        raise typer.Exit(Exit.FAILED)
    known = _known(str(found.key), binding, surroundings)
    origin = f"incident {found.key} as the source has it now, revision {found.revision.raw}"
    if known is None:
        return Given(found.snapshot, None, NO_FACTS, origin)
    latest = known.revisions[-1]
    place = len(known.revisions) - 1 - (latest.content == found.content)
    old = known.at(place)[0] if place >= 0 else None
    return Given(known.without_echoes(found.snapshot), old, known.facts, origin)


def _known(incident: str, binding: Binding, surroundings: Surroundings) -> Remembered | None:
    """What is stored of an incident; nothing where there is no state yet, which is said."""
    try:
        return asyncio.run(surroundings.look(lambda tx: surroundings.remembered(tx, incident, binding)))
    except StateError as error:
        say(f"without the revision before it: {error}")
        return None


async def _read(number: str, tenant: str, binding: Binding, surroundings: Surroundings) -> Incident | None:
    """The incident from the source of the route, or from the only one that there is."""
    settings = [
        each
        for each in surroundings.config.settings.sources
        if binding.source in ("", each.name) and tenant in ("", each.tenant_id)
    ]
    if len(settings) != 1:
        known = ", ".join(each.name for each in surroundings.config.settings.sources)
        raise typer.BadParameter(f"add --route, so that one of these sources is asked: {known}")
    source = settings[0].build(Runtime())
    try:
        return await source.one(number)
    finally:
        await source.close()
