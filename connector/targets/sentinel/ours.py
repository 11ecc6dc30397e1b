"""Incidents that are ours: created under a name that follows from the Defender incident, never searched for.

The name is derived from subscription and workspace, not from the target's name in the configuration:
renaming a target must not make twins. A workspace that Microsoft's own connector fills already holds every
Defender incident, so creating there would double them all; that is looked at before the first creation.
"""

from dataclasses import replace
from datetime import timedelta
from typing import ClassVar
from uuid import UUID

from connector.errors import AuthError, RejectedError
from connector.model import JSON, Delivery, Revision
from connector.targets.sentinel.calls import Calls, Place
from connector.targets.sentinel.incident import Held, properties_of

# What Microsoft's connector has called itself over the years.
MICROSOFT = frozenset({"microsoft xdr", "microsoft 365 defender", "microsoft defender xdr"})
_NEWEST = 50
_PAGE = 1000
_PAGES = 50
_CHOSEN_VERSION = 5
_LATE = 1 << 62  # ticks later than any
_MARGIN = timedelta(minutes=5)  # by which the clocks of Defender and Sentinel may differ


class OurIncidents:
    """Finds our incidents by name, and lets those be created that are not there."""

    creates: ClassVar[bool] = True

    def __init__(self, place: Place, identity: str) -> None:
        self._place = place
        self._identity = identity
        self._unlinked: set[str] = set()
        self._known_since: int | None = None  # ticks since which names are known; None: not looked yet

    def name_of(self, delivery: Delivery) -> str:
        """The name of the delivery's incident, the same in every process."""
        chosen = delivery.key.chosen_id(
            target=self._identity, table="incidents", purpose="incident", generation=delivery.generation
        )
        return str(chosen)

    async def open(self, *, first_use: bool) -> None:
        """Look at the workspace before the first creation.

        The names that exist are learnt, on first use all of them: incidents of ours without a link are read
        before they are written, or the labels of other people would be replaced. Raises AuthError when
        Microsoft's connector is at work here.
        """
        top, most = (_PAGE, _PAGES) if first_use else (_NEWEST, 1)
        pages, oldest = 0, _LATE
        async for rows in Calls(self._place).pages(top=top, most=most):
            _refuse_microsoft(rows)
            self._unlinked.update(name for row in rows if _is_chosen(name := str(row.get("name")).lower()))
            pages, oldest = pages + 1, min([oldest, *map(created_at, rows)])
        # Fewer pages than asked for, or nothing on them: that was the whole workspace.
        self._known_since = 0 if pages < most or oldest == _LATE else oldest

    async def probe(self) -> None:
        """Look at the newest incidents. Raises AuthError when Microsoft's connector is at work here."""
        async for rows in Calls(self._place).pages(top=_NEWEST, most=1):
            _refuse_microsoft(rows)

    async def prepare(self, deliveries: object) -> None:
        """Nothing to look up: the names are known."""

    async def find(self, calls: Calls, delivery: Delivery) -> Held | str:
        """The incident if it exists, else its name. Raises RejectedError if it may not be created."""
        if self._known_since is None:
            await self.open(first_use=False)
        name = self.name_of(delivery)
        if delivery.in_doubt or name in self._unlinked or self._may_be_unlisted(delivery):
            held = await calls.find(name)
            if held is not None:
                # Nobody else knows the name: after a lost answer, it was our own attempt that made it.
                return replace(held, created=delivery.in_doubt)
        if not delivery.may_create:
            raise RejectedError(
                "there is no Sentinel incident, and the mapping wants none created",
                part="record",
                signature="may_not_create",
                alone=True,
            )
        # Until the link is stored, another attempt must read before it writes.
        self._unlinked.add(name)
        return name

    def linked(self, name: str) -> None:
        """Told that the state knows the incident now."""
        self._unlinked.discard(name)

    def _may_be_unlisted(self, delivery: Delivery) -> bool:
        """Whether our incident, if it exists, may be older than everything that was listed.

        It is younger than the Defender incident, so a route that is renamed or added later, whose incidents
        have no links, costs a read for the older ones.
        """
        try:
            created = Revision.parse(delivery.created_hint).earlier(_MARGIN).ticks
        except ValueError:
            return bool(self._known_since)
        return created < (self._known_since or 0)


def is_microsofts(row: dict[str, JSON]) -> bool:
    """Whether an incident was made by Microsoft's own connector."""
    return str(properties_of(row).get("providerName") or "").casefold() in MICROSOFT


def created_at(row: dict[str, JSON]) -> int:
    """The ticks at which Sentinel got an incident; later than any when the row does not say."""
    try:
        return Revision.parse(str(properties_of(row).get("createdTimeUtc"))).ticks
    except ValueError:
        return _LATE


def _refuse_microsoft(rows: list[dict[str, JSON]]) -> None:
    theirs = next((row for row in rows if is_microsofts(row)), None)
    if theirs is not None:
        raise AuthError(
            "Microsoft's own connector fills this workspace, e.g. with incident "
            f"{properties_of(theirs).get('incidentNumber')}, so creating would double its incidents",
            remedy="set incidents: microsoft",
        )


def _is_chosen(name: str) -> bool:
    try:
        return UUID(name).version == _CHOSEN_VERSION
    except ValueError:
        return False
