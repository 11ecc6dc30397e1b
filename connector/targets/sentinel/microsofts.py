"""Incidents that are Microsoft's: joined on `providerIncidentId`, waited for, never created.

Microsoft's connector names its incidents with GUIDs of its own, some minutes after they appear in Defender.
Filtering on `providerIncidentId` is documented nowhere, so the default is to list from the newest down to the
oldest we look for. One list answers for everything that is waited for, and a missing incident rests before it
is looked for again, the longer the oftener it was missing: hundreds may wait, some of them for ever. What comes
back is verified either way.

Source: learn.microsoft.com, "Microsoft Defender XDR integration with Microsoft Sentinel".
"""

import math
import re
from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import timedelta
from typing import ClassVar

from connector.errors import NotThereYetError, RejectedError
from connector.model import JSON, Delivery, IncidentKey, Revision
from connector.targets.sentinel.calls import Calls, Place
from connector.targets.sentinel.incident import Held, from_answer, properties_of, provider_url
from connector.targets.sentinel.ours import created_at, is_microsofts

_PAGE = 200
_PAGES = 250
_MARGIN = timedelta(hours=1)
_FIRST_REST = 20.0  # seconds; a row that waits comes again after half a minute
_LONGEST_REST = 600.0
_KEPT = 60.0  # seconds for which a found incident is good enough to be written to: its etag guards the write
_FORGOTTEN = 3600.0  # seconds after which nobody asks any more: the row was discarded or given up
_TENANT = re.compile(r"[?&]tid=([0-9a-f-]{36})", re.IGNORECASE)


@dataclass(slots=True)
class _Sought:
    """An incident that is looked for: the ticks it cannot be older than, and what was found last.

    `rows` counts until `until` (monotonic seconds); an empty answer counts for `rest` seconds, each time longer.
    `asked` is when a delivery last asked for it.
    """

    oldest: int | None
    asked: float = 0.0
    rows: list[dict[str, JSON]] = field(default_factory=list)
    until: float = -math.inf
    rest: float = _FIRST_REST

    def answered(self, rows: list[dict[str, JSON]], now: float) -> None:
        """Keep what a list said; a missing incident that was asked for is asked for less often from now on."""
        was_due = self.until <= now
        self.rows, self.until = rows, now + (_KEPT if rows else self.rest)
        if was_due and not rows:
            self.rest = min(2 * self.rest, _LONGEST_REST)


class MicrosoftIncidents:
    """Finds Microsoft's incident for a Defender incident. `by_filter`: ask for one instead of listing.

    `monotonic` is in seconds.
    """

    creates: ClassVar[bool] = False

    def __init__(self, place: Place, *, by_filter: bool, monotonic: Callable[[], float]) -> None:
        self._place = place
        self._by_filter = by_filter
        self._monotonic = monotonic
        self._sought: dict[IncidentKey, _Sought] = {}

    async def open(self, *, first_use: bool) -> None:  # noqa: ARG002  # the protocol's; alike at every start
        """See that the workspace is there. Raises AuthError when a person has to act."""
        await self.probe()

    async def probe(self) -> None:
        """Read one incident."""
        async for _ in Calls(self._place).pages(top=1, most=1):
            pass

    async def prepare(self, deliveries: Sequence[Delivery]) -> None:
        """List once for all deliveries that have no incident yet, unless a list of late answers for them."""
        unlinked = [delivery for delivery in deliveries if delivery.link is None]
        if unlinked and not self._by_filter:
            await self._seek(Calls(self._place), unlinked)

    async def find(self, calls: Calls, delivery: Delivery) -> Held | str:
        """The incident; never a name, since nothing is created.

        Raises NotThereYetError while Microsoft has not made it, RejectedError when there are two.
        """
        rows = await self._rows(calls, delivery)
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

    async def _rows(self, calls: Calls, delivery: Delivery) -> list[dict[str, JSON]]:
        if self._by_filter:
            return await self._ask(calls, delivery)
        sought = self._sought.get(delivery.key) or (await self._seek(calls, [delivery]))[0]
        if sought.rows:
            self._sought.pop(delivery.key, None)
        return sought.rows

    async def _ask(self, calls: Calls, delivery: Delivery) -> list[dict[str, JSON]]:
        quoted = delivery.key.incident.replace("'", "''")
        condition = f"properties/providerIncidentId eq '{quoted}'"
        rows = [row async for page in calls.pages(top=10, filter_by=condition, most=1) for row in page]
        return _distinct(_matches(rows, [delivery.key])[delivery.key])

    async def _seek(self, calls: Calls, deliveries: Sequence[Delivery]) -> list[_Sought]:
        """List if one of the incidents is due, down to the oldest that is, for all that are waited for."""
        now = self._monotonic()
        sought = [self._asked(one, now) for one in deliveries]
        self._sought = {k: each for k, each in self._sought.items() if now - each.asked < _FORGOTTEN}
        due = [each.oldest for each in sought if each.until <= now]
        if due:
            depth = None if None in due else min(oldest for oldest in due if oldest is not None)
            covered = {key: each for key, each in self._sought.items() if _reaches(depth, each.oldest)}
            found = await self._list(calls, covered, depth)
            for key, each in covered.items():
                each.answered(found[key], now)
        return sought

    def _asked(self, delivery: Delivery, now: float) -> _Sought:
        sought = self._sought.setdefault(delivery.key, _Sought(_oldest(delivery)))
        sought.asked = now
        return sought

    async def _list(
        self, calls: Calls, keys: Collection[IncidentKey], depth: int | None
    ) -> dict[IncidentKey, list[dict[str, JSON]]]:
        """The incidents of the keys among those created since `depth`, or among all."""
        found: dict[IncidentKey, list[dict[str, JSON]]] = {key: [] for key in keys}
        async with aclosing(calls.pages(top=_PAGE, most=_PAGES)) as pages:
            async for page in pages:
                for key, rows in _matches(page, keys).items():
                    found[key] = _distinct([*found[key], *rows])
                if page and depth is not None and created_at(page[-1]) < depth:
                    break
        return found


def _distinct(rows: Iterable[dict[str, JSON]]) -> list[dict[str, JSON]]:
    """Each incident once: one that others push over a page's border comes twice."""
    return list({str(row.get("name")).casefold(): row for row in rows}.values())


def _matches(
    rows: Iterable[dict[str, JSON]], keys: Iterable[IncidentKey]
) -> dict[IncidentKey, list[dict[str, JSON]]]:
    found: dict[IncidentKey, list[dict[str, JSON]]] = {key: [] for key in keys}
    by_number: dict[str, list[IncidentKey]] = {}
    for key in found:
        by_number.setdefault(key.incident, []).append(key)
    for row in filter(is_microsofts, rows):
        for key in by_number.get(str(properties_of(row).get("providerIncidentId")), ()):
            if _same_tenant(row, key.tenant):
                found[key].append(row)
    return found


def _same_tenant(row: dict[str, JSON], tenant: str) -> bool:
    """False only when the incident's link names another tenant: incident numbers repeat between tenants."""
    named = _TENANT.search(provider_url(properties_of(row)))
    return named is None or len(tenant) != len(named[1]) or named[1].casefold() == tenant.casefold()


def _oldest(delivery: Delivery) -> int | None:
    """The ticks below which the incident cannot be; None when the delivery does not say."""
    try:
        return Revision.parse(delivery.created_hint).earlier(_MARGIN).ticks
    except ValueError:
        return None


def _reaches(depth: int | None, oldest: int | None) -> bool:
    """Whether a list down to `depth` says all about an incident that is no older than `oldest`."""
    return depth is None or (oldest is not None and oldest >= depth)


def _ambiguous(key: IncidentKey, rows: list[dict[str, JSON]]) -> RejectedError:
    names = " and ".join(f"{properties_of(row).get('incidentNumber')} ({row.get('name')})" for row in rows)
    return RejectedError(
        f"the workspace holds more than one incident for Defender incident {key.incident}: {names}",
        part="record",
        signature="two_matches",
        remedy="delete or merge all but one",
        alone=True,
    )
