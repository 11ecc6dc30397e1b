"""The Graph mock as others hold it: its app, its switches, and what people do in the portal."""

import random
from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Any

from connector.mocks.graph.api import GraphApi
from connector.mocks.graph.changes import Changes
from connector.mocks.graph.population import change_population, make_population
from connector.mocks.graph.portal import Portal
from connector.mocks.graph.settings import GraphSettings
from connector.mocks.graph.store import IncidentStore
from connector.mocks.kernel import Authorize, Clock


class GraphMock:
    """One tenant's incidents, served as Microsoft Graph serves them; `app` is the bare ASGI application."""

    def __init__(self, clock: Clock, *, authorize: Authorize, tenant_id: str, seed: int = 0) -> None:
        self.settings = GraphSettings()
        self.tenant_id = tenant_id
        self._store = IncidentStore()
        chance = random.Random(seed)
        changes = Changes(self._store, clock, tenant_id)
        self._clock = clock
        self._changes = changes
        self.portal = Portal(self._store, changes)
        api = GraphApi(self._store, changes, self.settings, clock, authorize, chance)
        self.app = api.app
        self._api = api

    def incidents(self) -> Iterable[dict[str, Any]]:
        """Yield every incident in its stored form, alerts included."""
        for entry in self._store:
            yield {**entry.incident, "alerts": entry.alerts}

    def portal_set(self, incident_id: str, changes: Mapping[str, Any], by: str) -> None:
        """Change an incident as a person or a service of Microsoft does; see `Portal.set`."""
        self.portal.set(incident_id, changes, by)

    def portal_comment(self, incident_id: str, text: str, by: str) -> None:
        """Add a comment as a person or a service of Microsoft does."""
        self.portal.comment(incident_id, text, by)

    def load(self, incidents: Iterable[dict[str, Any]]) -> None:
        """Add many incidents in their stored form, each with its `alerts` inside."""
        self._store.add_all(incidents)

    def populate(self, number: int, seed: int) -> None:
        """Add a seeded population of `number` incidents, with ids above those that are taken."""
        first = self._store.next_number()
        self.load(make_population(number, seed, self._clock.now(), tenant_id=self.tenant_id, first=first))

    def change_population(self, seed: int) -> int:
        """Change every incident that is not redirected and return how many; see `change_population`."""
        return change_population(self._store, self._changes, self._clock, seed)

    def page(self, skip: int, limit: int) -> list[dict[str, Any]]:
        """Return up to `limit` stored incidents in the order in which they were added."""
        return list(islice(self.incidents(), skip, skip + limit))

    def contents(self) -> dict[str, Any]:
        """Return everything that is stored."""
        return {"incidents": list(self.incidents())}

    def reset(self) -> None:
        """Remove all incidents and forget the quota; switches stay as they are."""
        self._store.clear()
        self._api.forget()

    def __len__(self) -> int:
        return len(self._store)
