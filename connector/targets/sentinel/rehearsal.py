"""What a rehearsal of Sentinel writes needs: how the service would answer, and what an incident shows now. Pure.

The service answers a PUT with the whole incident under a new etag, and with 201 if it made it; a body without an etag
is one that makes it.

Source: learn.microsoft.com, "Incidents - Create Or Update".
"""

from collections.abc import Mapping

from connector.http import Echo, Unsent
from connector.model import JSON, Link, Seen
from connector.targets.sentinel.catalogue import SENTINEL_CATALOGUE
from connector.targets.sentinel.incident import Held, holds
from connector.targets.sentinel.owner import is_owner


def _answer(unsent: Unsent) -> tuple[int, JSON]:
    created = "etag" not in unsent.body
    name = unsent.path.rpartition("/")[2]
    return 201 if created else 200, {**unsent.body, "name": name, "etag": "of a write that was not sent"}


ECHO = Echo(_answer, frozenset({"etag"}))


def seen(link: Link, held: Held) -> Seen:
    """What the incident of a link shows."""
    return Seen(
        fields={name: _shown(held.properties.get(name)) for name in SENTINEL_CATALOGUE.fields},
        tags=tuple(held.labels),
        version=held.etag,
        number=held.number,
        url=held.url,
        edited=frozenset(name for name, value in link.applied.items() if not holds(held, name, value)),
    )


def _shown(value: JSON) -> JSON:
    if not isinstance(value, Mapping):
        return value
    if is_owner(value, None):
        return None
    return value.get("userPrincipalName") or value.get("assignedTo") or value.get("objectId")
