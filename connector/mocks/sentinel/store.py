"""The workspace's incidents in memory: found by name without regard to case, indexed, journalled.

Every change goes through `commit` or `touch`, which alone move the etag, the modification time, the indexes
and the cached bodies; nothing else may change a stored incident.
"""

from collections.abc import Iterator
from random import Random
from typing import Any
from uuid import UUID

from connector.mocks.kernel import Clock
from connector.mocks.sentinel import vocabulary
from connector.mocks.sentinel.errors import not_found, stale
from connector.mocks.sentinel.index import IncidentIndex
from connector.mocks.sentinel.journal import Actor, Deed, Journal, difference
from connector.mocks.sentinel.records import JsonObject, StoredIncident, etag_text
from connector.mocks.sentinel.writing import new_properties


class IncidentStore:
    """All incidents of one workspace. `seed` makes names chosen by the service repeatable."""

    def __init__(self, clock: Clock, seed: int = 0) -> None:
        self.clock = clock
        self.index = IncidentIndex()
        self.journal = Journal()
        self._names: dict[str, StoredIncident] = {}
        self._numbers: dict[int, StoredIncident] = {}
        self._random = Random(seed)
        self._last_number = 0
        self._etags = 0

    def __iter__(self) -> Iterator[StoredIncident]:
        return iter(self._numbers.values())

    def __len__(self) -> int:
        return len(self._numbers)

    def find(self, name: str) -> StoredIncident | None:
        """Return the incident of that name, in any case."""
        return self._names.get(name.lower())

    def require(self, name: str) -> StoredIncident:
        """Return the incident of that name; raise `ArmError` 404."""
        incident = self.find(name)
        if incident is None:
            raise not_found(f"Incident '{name}' was not found.")
        return incident

    def numbered(self, number: int) -> StoredIncident:
        """Return the incident with a number taken from the index."""
        return self._numbers[number]

    def by_provider_id(self, provider_incident_id: str) -> StoredIncident | None:
        """Return Microsoft's incident for a Defender incident id."""
        numbers = self.index.equal(("providerIncidentId", provider_incident_id))
        held = (self._numbers[number] for number in sorted(numbers))
        return next((one for one in held if one.properties["providerName"] == vocabulary.XDR_PROVIDER), None)

    def blank(self, name: str, provider_incident_id: str | None = None) -> StoredIncident:
        """Return a numbered incident that is not stored until its first `commit`."""
        now, number = self.clock.now(), self._last_number + 1
        if provider_incident_id is None:
            properties = new_properties(vocabulary.OWN_PROVIDER, str(number))
        else:
            properties = new_properties(vocabulary.XDR_PROVIDER, provider_incident_id)
        return StoredIncident(name, number, now, now, "", properties)

    def commit(self, incident: StoredIncident, properties: JsonObject, actor: Actor) -> None:
        """Store new properties as one change by `actor`."""
        changed = difference(incident.properties, properties)
        deed: Deed = "updated"
        if incident.number not in self._numbers:
            deed, self._last_number = "created", incident.number
            self._names[incident.name.lower()] = incident
            self._numbers[incident.number] = incident
        incident.properties = properties
        self.touch(incident, actor, deed, changed)

    def touch(self, incident: StoredIncident, actor: Actor, deed: Deed, changed: dict[str, Any]) -> None:
        """Give the incident a new version and journal why."""
        incident.modified = self.clock.now()
        incident.etag = self.new_etag()
        incident.views.clear()
        self.index.put(incident.number, incident.created, incident.modified, _facts(incident))
        self.journal.write(incident.modified, actor, incident.name, deed, changed)

    def delete(self, incident: StoredIncident, actor: Actor) -> None:
        """Remove an incident with its children."""
        del self._names[incident.name.lower()]
        del self._numbers[incident.number]
        self.index.remove(incident.number)
        self.journal.write(self.clock.now(), actor, incident.name, "deleted", {})

    def new_etag(self) -> str:
        """Return an etag nobody has seen."""
        self._etags += 1
        return etag_text(self._etags, self.clock.now())

    def new_name(self) -> str:
        """Return a GUID as the service would choose one."""
        return str(UUID(int=self._random.getrandbits(128), version=4))


def check_etag(incident: StoredIncident, etag: Any) -> None:
    """Raise the 409 for a body etag that is not current; no etag means last writer wins."""
    if etag and etag != incident.etag:
        raise stale(incident.name)


def _facts(incident: StoredIncident) -> frozenset[tuple[str, str]]:
    facts = {("label", name) for name in incident.label_names()}
    facts.add(("providerIncidentId", str(incident.properties["providerIncidentId"])))
    return frozenset(facts)
