"""`mapping diff`: what another mapping would change about the stored incidents."""

import asyncio
import json
import sys
from collections.abc import Collection
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from connector.app import active, open_store
from connector.cli.exits import Exit
from connector.cli.mapping_files import RouteOption, VarsOption, binding_of
from connector.cli.options import DEFAULT_CONFIG, ConfigOption, JsonOption
from connector.cli.screen import Screen, add, table
from connector.cli.stored import Surroundings
from connector.config.bindings import Binding, load_file
from connector.config.mappings import read_mapping
from connector.mapping import Bases, CompiledMapping
from connector.mapping.diff import Differences, Group, Kind
from connector.model import JSON, NO_FACTS, Facts, IncidentKey
from connector.poll.evaluate import untagged
from connector.store import Store, Tx, browse, links, wanted

_ACTIVE = "active"
_PORTION = 200  # incidents read in one short transaction


def diff(
    old: Annotated[str, typer.Argument(help="A mapping file, or `active`: the one in force on the route.")],
    new: Annotated[str, typer.Argument(help="The mapping file to compare with it.")],
    *,
    config: ConfigOption = DEFAULT_CONFIG,
    route: RouteOption = None,
    variables: VarsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show what another mapping would say otherwise about the incidents that are stored, and of how many.

    Works while a daemon runs. What it compares is what the mappings say of each incident's latest revision.
    Exit code 0: they say the same. 6: they differ.

    Example: xdr-connector mapping diff active new.yaml --config config.yaml --route contoso-servicenow
    """
    binding = binding_of(variables, config=config, route=route, files=[old, new])
    bases = Bases(read_mapping)
    before, after = (_loaded(name, binding, bases, config) for name in (old, new))
    if before.target != after.target:
        raise typer.BadParameter(f"{old} is for {before.target}, and {new} for {after.target}")
    found = Differences(before, after)
    asyncio.run(_compare(found, binding, Surroundings.read(config)))
    if as_json:
        typer.echo(json.dumps(_as_json(found)))
    else:
        _print(found, Screen())
    if found.groups:
        raise typer.Exit(Exit.CHANGES)


def _loaded(name: str, binding: Binding, bases: Bases, config: Path) -> CompiledMapping:
    """The mapping of this name; before anything was ever in force, the route's file is what will be."""
    in_force = active(config, binding.route) if name == _ACTIVE else None
    file = binding.mapping if name == _ACTIVE else name
    return in_force or load_file(file, binding, bases, run_examples=False)


async def _compare(found: Differences, binding: Binding, surroundings: Surroundings) -> None:
    store = await open_store(surroundings.config, readonly=True)
    try:
        for tenant in surroundings.tenants_of(binding):
            await _Walk(store, surroundings, binding, tenant, found).through()
    finally:
        await store.close()


@dataclass(slots=True)
class _Walk:
    """The way through the stored incidents of one tenant."""

    store: Store
    surroundings: Surroundings
    binding: Binding
    tenant: str
    found: Differences

    async def through(self) -> None:
        """Compare every incident, a portion at a time."""
        total = await self.store.read(lambda tx: browse.count(tx, self.tenant))
        done, behind = 0, ""
        while True:
            portion = await self.store.read(partial(self._portion, behind))
            if not portion:
                break
            done, behind = done + len(portion), portion[-1]
            _progress(done, total)
        _progress(0, 0)

    def _portion(self, behind: str, tx: Tx) -> list[str]:
        portion = browse.portion(tx, self.tenant, behind, _PORTION)
        recorded = self._recorded(tx, [known.key for known in portion])
        for known in portion:
            echoes = self.surroundings.echoes(tx, known.key)
            facts = self._facts(tx, known)
            old = None if known.old is None else untagged(known.old, echoes)
            snapshot = untagged(known.snapshot, echoes)
            self.found.add(known.key.incident, snapshot, old, facts, recorded=known.key in recorded)
        return [known.key.incident for known in portion]

    def _recorded(self, tx: Tx, keys: list[IncidentKey]) -> Collection[IncidentKey]:
        """The incidents of which the route keeps a record, or is about to; all of them where no route is named."""
        route = self.binding.route
        return {*links.applied(tx, route, keys), *wanted.get(tx, route, keys)} if route else keys

    def _facts(self, tx: Tx, known: browse.Known) -> Facts:
        if not self.found.old.reads_records | self.found.new.reads_records:
            return NO_FACTS
        return self.surroundings.facts(tx, known.key, known.snapshot, self.binding)


def _progress(done: int, total: int) -> None:
    """How far it is, on one line that is overwritten, for whoever waits at a terminal."""
    if sys.stderr.isatty():
        sys.stderr.write(f"\r{done} of {total} incidents" if done else "\r\x1b[K")
        sys.stderr.flush()


def _as_json(found: Differences) -> dict[str, JSON]:
    return {
        "incidents": found.incidents,
        "changed": found.changed,
        "changes": [
            {
                "what": kind.what,
                "name": kind.name,
                "before": kind.before,
                "after": kind.after,
                "count": group.count,
                "incidents": group.incidents,
            }
            for kind, group in found.ordered()
        ],
    }


def _print(found: Differences, screen: Screen) -> None:
    if found.groups:
        shown = table("", "what", "change", "incidents", "such as")
        for kind, group in found.ordered():
            add(shown, *_told(kind), str(group.count), _some(group))
        screen.show(shown)
    screen.line(f"{found.changed} of {found.incidents} stored incidents would change")
    if found.recordless:
        screen.line(
            f"{found.recordless} of these {_have(found.recordless)} no record yet; brakes count records"
        )
    if found.excluded:
        screen.line(f"{found.excluded} of the {found.incidents} are excluded by both mappings")


def _have(count: int) -> str:
    return "has" if count == 1 else "have"


def _told(kind: Kind) -> tuple[str, str]:
    match kind.what:
        case "create":
            change = "created" if kind.after == "yes" else "no longer created"
            return "record", change
        case "scope":
            change = f"excluded by {kind.after}" if kind.after else f"no longer excluded by {kind.before}"
            return "record", change
        case "tag" if not kind.name:
            return "tag", f"+ {kind.after}" if kind.after else f"- {kind.before}"
        case "note" | "task":
            return f"{kind.what} {kind.name}", "made" if kind.after else "no longer made"
    return f"{kind.what} {kind.name}", f"{kind.before} -> {kind.after}"


def _some(group: Group) -> str:
    return ", ".join(group.incidents) + (", …" if group.count > len(group.incidents) else "")
