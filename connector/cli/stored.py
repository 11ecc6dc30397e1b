"""Stored incidents as a route's mapping sees them: with the records that are known of them, and without echoes."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import typer

from connector.app import open_store
from connector.config import Config
from connector.config.bindings import Binding, bindings, without_mappings
from connector.model import NO_FACTS, Facts, IncidentKey, RecordFacts, Snapshot, link_name
from connector.poll.evaluate import untagged
from connector.store import Tx, links, snapshots
from connector.store.links import Linked
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
        linked = links.of_incident(tx, key)
        others = [each for each in linked if each.route != binding.route]
        merged = str(snapshot.get("redirectIncidentId") or "")
        into = links.of_incident(tx, IncidentKey(key.tenant, merged)) if merged else []
        return Facts(
            _own(linked, binding),
            {link_name(name): _facts(each) for each in others for name in (each.target, each.route)},
            _own(into, binding),
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


def _own(linked: Sequence[Linked], binding: Binding) -> RecordFacts | None:
    return next((_facts(each) for each in linked if each.route == binding.route), None)


def _facts(linked: Linked) -> RecordFacts:
    return RecordFacts(linked.link.number, linked.link.url)
