"""Microsoft Graph as a source of incidents.

Microsoft's advice for other tools is to ask the incident collection about once a minute; there is no delta
query and no notification for it. Only the time of the last update is filtered by: a filter on status or
severity would lose sight of an incident at the very change that matters.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from connector.errors import ConnectorError, RejectedError
from connector.http import Peer
from connector.model import Finding, Incident, Page, Position, Revision, SetAside, Writing
from connector.model.finding import ok, warning
from connector.sources.course import Course
from connector.sources.incidents import Detail, Incidents
from connector.sources.items import is_id, read_item
from connector.sources.pagesize import PageSize
from connector.sources.sweep import Sweep

_AGAIN_AT_ONCE = 25
_RECENT = timedelta(days=180)  # incidents older than this are not kept by the service


@dataclass(slots=True)
class GraphSource:
    """One tenant's incidents; a `connector.model.Source`.

    `overlap` is how far before a position a sweep begins, because an update may become visible after a later
    one. `now` is our clock; it moves no position, and only tells which times lie in the future.
    """

    name: str
    tenant: str
    peer: Peer
    path: str
    overlap: timedelta
    expand_alerts: bool
    size: PageSize
    now: Callable[[], datetime]
    _again_from: int = field(default=0)

    def changes(
        self, since: Position, *, start: Position | None = None, again: Sequence[str] = ()
    ) -> AsyncIterator[Page]:
        """Everything updated since the position, less the overlap; first the incidents set aside earlier."""
        low = since.revision.earlier(self.overlap)
        if start is not None and start.revision.ticks > low.ticks:
            low = start.revision
        # A position up to here costs nothing: what changes after now is still met by the next sweep's overlap.
        course = Course(low, horizon=Revision.of(self.now() + self.overlap))
        named = [incident for incident in dict.fromkeys(again) if is_id(incident)]
        nameless = [incident for incident in again if not is_id(incident)]
        return Sweep(self._incidents(), self.tenant, self.size, course, self._turn(named), nameless).pages()

    async def one(self, incident: str) -> Incident | None:
        """One incident as it is now; None if there is none. Raises a ConnectorError where it cannot be read."""
        raw = await self._incidents().one(incident) if is_id(incident) else None
        item = None if raw is None else read_item(raw, self.tenant)
        if isinstance(item, SetAside):
            raise RejectedError(f"incident {incident} cannot be read: {item.reason}")
        return item

    async def probe(self) -> None:
        """Get a token and ask for one incident; raises a ConnectorError that says what is missing."""
        await self._incidents().first()

    async def inspect(self, writings: Sequence[Writing]) -> list[Finding]:  # noqa: ARG002  # the protocol's
        """Whether alerts come with incidents, as devices and people are known from them alone."""
        if not self.expand_alerts:
            return [ok("alerts", "are not asked for (expand_alerts)")]
        remedy = (
            "grant the application SecurityAlert.Read.All too, or say `expand_alerts: false` under `poll`"
        )
        since = Revision.of(self.now() - _RECENT)
        try:
            listing = await self._incidents().since(since, size=1, detail=Detail.ALERTS, attempts=1)
        except ConnectorError as error:
            return [warning("alerts", f"cannot be read along with incidents: {error.message}", remedy)]
        if not listing.rows:
            return [
                ok("alerts", f"no incident of the last {_RECENT.days} days tells whether they can be read")
            ]
        if any(not isinstance(row, dict) or "alerts" not in row for row in listing.rows):
            return [warning("alerts", "do not come along with incidents", remedy)]
        return [ok("alerts", "come along with incidents")]

    async def close(self) -> None:
        """Give the connections back."""
        await self.peer.close()

    def _incidents(self) -> Incidents:
        return Incidents(self.peer, self.path, self.expand_alerts)

    def _turn(self, ids: list[str]) -> list[str]:
        """At most 25 of the ids, others at each sweep: failing reads must not fill a poll."""
        if len(ids) <= _AGAIN_AT_ONCE:
            return ids
        start = self._again_from % len(ids)
        self._again_from = start + _AGAIN_AT_ONCE
        return (ids + ids)[start : start + _AGAIN_AT_ONCE]
