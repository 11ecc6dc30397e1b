"""Stored incidents as a route's mapping sees them: with the records that are known of them, and without echoes."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import typer

from connector.app import open_store
from connector.config import Config
from connector.config.bindings import Binding, bindings, without_mappings
from connector.model import NO_FACTS, Facts, IncidentKey, Snapshot, link_name
from connector.poll.evaluate import untagged
from connector.store import Tx, links, snapshots
from connector.store.snapshots import Stored

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Remembered:
    """What is stored of an incident: its revisions, oldest first, and what a mapping may know of records."""

    key: IncidentKey
    revisions: Sequence[Stored]
    facts: Facts
    echoes: frozenset[str]

    def at(self, place: int) -> tuple[Snapshot, Snapshot | None]:
        """The revision at a place of the list, and the one before it, as the route's mapping gets them."""
        place %= len(self.revisions)
        old = self.without_echoes(self.revisions[place - 1].body) if place else None
        return self.without_echoes(self.revisions[place].body), old

    def without_echoes(self, snapshot: Snapshot) -> Snapshot:
        """The incident without the tags that came back from a record of ours."""
        return untagged(snapshot, self.echoes)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """A configuration as far as it says what surrounds a route: the tenants, and the other routes."""

    config: Config
    routes: Sequence[Binding]

    @classmethod
    def read(cls, path: Path) -> "Surroundings":
        """Those of the configuration at `path`, whose mappings need not be right. Raises ConfigError."""
        return cls(without_mappings(path), bindings(path))

    @property
    def tenants(self) -> Mapping[str, str]:
        """The tenant of each source."""
        return {source.name: source.tenant_id for source in self.config.settings.sources}

    def tenants_of(self, binding: Binding) -> list[str]:
        """The tenant of the route's source; of every source for a mapping that belongs to no route."""
        known = self.tenants
        return [known[binding.source]] if binding.route and binding.source in known else list(known.values())

    def facts(self, tx: Tx, key: IncidentKey, snapshot: Snapshot, binding: Binding) -> Facts:
        """What the route's mapping may know of records."""
        if not binding.route:
            return NO_FACTS
        routes = [each for each in self.routes if each.source == binding.source]
        into = IncidentKey(key.tenant, str(snapshot.get("redirectIncidentId") or ""))
        records = links.records(tx, {each.route: each.target for each in routes}, sorted({key, into}))
        # Of one name the route that has it wins over a target, a target over a type, the first over later ones.
        others = [
            each for each in reversed(routes) if each.route != binding.route and (each.route, key) in records
        ]
        kinds = {each.name: each.type for each in self.config.settings.targets}
        names = (
            *((kinds.get(each.target, each.target), each.route) for each in others),
            *((each.target, each.route) for each in others),
            *((each.route, each.route) for each in others),
        )
        return Facts(
            records.get((binding.route, key)),
            {link_name(name): records[route, key] for name, route in names},
            records.get((binding.route, into)),
        )

    def echoes(self, tx: Tx, key: IncidentKey) -> frozenset[str]:
        """Tags that Microsoft's own connector copied back from records that we tagged (casefolded)."""
        joining = {each.route for each in self.routes if each.microsoft_owned}
        linked = links.of_incident(tx, key) if joining else []
        return frozenset(tag.casefold() for each in linked if each.route in joining for tag in each.link.tags)

    async def look(self, work: Callable[[Tx], T]) -> T:
        """Read from the state, beside a daemon if there is one."""
        store = await open_store(self.config, readonly=True)
        try:
            return await store.read(work)
        finally:
            await store.close()

    def remembered(self, tx: Tx, incident: str, binding: Binding) -> Remembered | None:
        """What is stored of an incident, named by its number or by TENANT/NUMBER; None if nothing is.

        Raises BadParameter where several tenants have one of this number.
        """
        tenant, _, number = incident.rpartition("/")
        tenants = [tenant] if tenant else list(dict.fromkeys(self.tenants_of(binding)))
        found = {
            key: each
            for key in (IncidentKey(name, number) for name in tenants)
            if (each := _history(tx, key))
        }
        if len(found) > 1:
            shown = ", ".join(map(str, found))
            raise typer.BadParameter(f"several tenants have an incident {number}; write one of: {shown}")
        for key, revisions in found.items():
            facts = self.facts(tx, key, revisions[-1].body, binding)
            return Remembered(key, revisions, facts, self.echoes(tx, key))
        return None


def _history(tx: Tx, key: IncidentKey) -> list[Stored]:
    return snapshots.history(tx, key)
