"""Incidents that are Microsoft's: joined on `providerIncidentId`, waited for, never created.

Microsoft's connector names its incidents with GUIDs of its own, some minutes after they appear in Defender.
Filtering on `providerIncidentId` is documented nowhere, so the default is to list from the newest down to the
oldest we look for, once for a whole batch. What comes back is verified either way.

Source: learn.microsoft.com, "Microsoft Defender XDR integration with Microsoft Sentinel".
"""

import re
from collections.abc import Iterable, Sequence
from contextlib import aclosing
from datetime import timedelta

from connector.errors import NotThereYetError, RejectedError
from connector.model import JSON, Delivery, IncidentKey, Revision
from connector.targets.sentinel.calls import Calls, Place
from connector.targets.sentinel.incident import Held, from_answer
from connector.targets.sentinel.ours import is_microsofts

_PAGE = 200
_PAGES = 250
_MARGIN = timedelta(hours=1)
_TENANT = re.compile(r"[?&]tid=([0-9a-f-]{36})", re.IGNORECASE)


class MicrosoftIncidents:
    """Finds Microsoft's incident for a Defender incident. `by_filter`: ask for one instead of listing."""

    def __init__(self, place: Place, *, by_filter: bool) -> None:
        self._place = place
        self._by_filter = by_filter
        self._listed: dict[IncidentKey, list[dict[str, JSON]]] = {}

    async def open(self, *, first_use: bool) -> None:  # noqa: ARG002  # the protocol's; alike at every start
        """See that the workspace is there. Raises AuthError when a person has to act."""
        await self.probe()

    async def probe(self) -> None:
        """Read one incident."""
        async for _ in Calls(self._place).pages(top=1, most=1):
            pass

    async def prepare(self, deliveries: Sequence[Delivery]) -> None:
        """List once for all deliveries that have no incident yet."""
        unlinked = [delivery for delivery in deliveries if delivery.link is None]
        if unlinked and not self._by_filter:
            self._listed |= await self._list(Calls(self._place), unlinked)

    async def find(self, calls: Calls, delivery: Delivery) -> Held | str:
        """The incident; never a name, since nothing is created.

        Raises NotThereYetError while Microsoft has not made it, RejectedError when there are two.
        """
        rows = self._listed.pop(delivery.key, None)
        if rows is None:
            rows = (await self._ask(calls, delivery))[delivery.key]
        if not rows:
            raise NotThereYetError(
                "waiting for Microsoft's connector to bring the incident into the workspace"
            )
        if len(rows) > 1:
            raise _ambiguous(delivery.key, rows)
        held = from_answer(rows[0])
        return await calls.read(held.name) if delivery.in_doubt else held

    def linked(self, name: str) -> None:
        """Told that the state knows the incident now; nothing is remembered here."""

    async def _ask(self, calls: Calls, delivery: Delivery) -> dict[IncidentKey, list[dict[str, JSON]]]:
        if not self._by_filter:
            return await self._list(calls, [delivery])
        quoted = delivery.key.incident.replace("'", "''")
        rows = [
            row
            async for page in calls.pages(
                top=10, filter_by=f"properties/providerIncidentId eq '{quoted}'", most=1
            )
            for row in page
        ]
        return _matches(rows, [delivery.key])

    async def _list(
        self, calls: Calls, deliveries: Sequence[Delivery]
    ) -> dict[IncidentKey, list[dict[str, JSON]]]:
        keys = [delivery.key for delivery in deliveries]
        oldest = _oldest(deliveries)
        found: list[dict[str, JSON]] = []
        async with aclosing(calls.pages(top=_PAGE, most=_PAGES)) as pages:
            async for page in pages:
                found += page
                if page and oldest is not None and _created(page[-1]) < oldest:
                    break
        return _matches(found, keys)


def _matches(
    rows: Iterable[dict[str, JSON]], keys: Iterable[IncidentKey]
) -> dict[IncidentKey, list[dict[str, JSON]]]:
    found: dict[IncidentKey, list[dict[str, JSON]]] = {key: [] for key in keys}
    by_number: dict[str, list[IncidentKey]] = {}
    for key in found:
        by_number.setdefault(key.incident, []).append(key)
    for row in filter(is_microsofts, rows):
        for key in by_number.get(str(row["properties"].get("providerIncidentId")), ()):
            if _same_tenant(row, key.tenant):
                found[key].append(row)
    return found


def _same_tenant(row: dict[str, JSON], tenant: str) -> bool:
    """False only when the incident's link names another tenant: incident numbers repeat between tenants."""
    url = str((row["properties"].get("additionalData") or {}).get("providerIncidentUrl") or "")
    named = _TENANT.search(url)
    return named is None or len(tenant) != len(named[1]) or named[1].casefold() == tenant.casefold()


def _oldest(deliveries: Sequence[Delivery]) -> int | None:
    """The ticks below which none of the incidents can be; None when one of them does not say."""
    try:
        hints = [Revision.parse(delivery.created_hint) for delivery in deliveries]
    except ValueError:
        return None
    return min(hint.earlier(_MARGIN).ticks for hint in hints)


def _created(row: dict[str, JSON]) -> int:
    try:
        return Revision.parse(str((row.get("properties") or {}).get("createdTimeUtc"))).ticks
    except ValueError:
        return 1 << 62  # a row without its time ends no search


def _ambiguous(key: IncidentKey, rows: list[dict[str, JSON]]) -> RejectedError:
    names = " and ".join(f"{row['properties'].get('incidentNumber')} ({row['name']})" for row in rows)
    return RejectedError(
        f"the workspace holds more than one incident for Defender incident {key.incident}: {names}",
        part="record",
        signature="two_matches",
        remedy="delete or merge all but one",
        alone=True,
    )
