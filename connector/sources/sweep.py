"""One sweep over a tenant: everything updated since a position, one page after the other.

A page that cannot be had is asked for smaller. Where not even one incident can be had with its alerts (the
service is known to fail lastingly for incidents with very many), a few are listed without them, or only
their names where that fails, too, and they are read one by one; those that still fail are set aside with the
reason, and the sweep goes on behind them.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field

from connector.errors import RejectedError, TransientError
from connector.http import BadAnswerError
from connector.model import JSON, Incident, Page, Position, Revision, SetAside
from connector.sources.course import MOST_PAGES, Course
from connector.sources.incidents import USUAL_ATTEMPTS, Detail, Incidents, Listing
from connector.sources.items import id_of, read_item, revision_of
from connector.sources.pagesize import PageSize

_WINDOW = 10


@dataclass(slots=True)
class _Found:
    """What the rows of one page came to."""

    incidents: list[Incident] = field(default_factory=list)
    set_aside: list[SetAside] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Sweep:
    """The state of one sweep.

    `again` are ids that were set aside earlier; `nameless` are rows set aside earlier that cannot be asked for, having
    no id: they are gone once a sweep ends without meeting them.
    """

    incidents: Incidents
    tenant: str
    size: PageSize
    course: Course
    again: Sequence[str] = ()
    nameless: Sequence[str] = ()
    _seen: set[tuple[str, str, str]] = field(default_factory=set)
    _read: set[tuple[str, str]] = field(default_factory=set)
    _detail: Detail = Detail.ALERTS

    async def pages(self) -> AsyncIterator[Page]:
        """Every page, the last one marked. Raises ConnectorError; pages given before stay good."""
        if self.again:
            yield await self._earlier()
        last = False
        while not last:
            page = await self._page(await self._listing())
            last = page.last
            yield page

    async def _earlier(self) -> Page:
        """Incidents set aside earlier, tried once more."""
        found = _Found()
        for incident in self.again:
            item = await self._single(incident)
            if item is None:
                found.gone.append(incident)
            else:
                self._keep(item, found)
        return self._as_page(found, read=len(self.again))

    async def _page(self, listing: Listing) -> Page:
        found = _Found()
        for row in listing.rows:
            item = await self._item(row)
            if item is not None:
                self._keep(item, found)
        times = [time for time in map(revision_of, listing.rows) if time is not None]
        step = self.course.step(times, listing.link, fresh=len(found.incidents))
        if step.last:
            met = {name for name, *_ in self._seen}
            found.gone.extend(name for name in self.nameless if name not in met)
        return self._as_page(
            found,
            read=len(listing.rows),
            position=Position(step.position) if step.position else None,
            warnings=self._warnings(listing, times, last=step.last),
            last=step.last,
        )

    async def _listing(self) -> Listing:
        if not self.course.link:
            return await self._from_low()
        try:
            return await self.incidents.behind(self.course.link)
        except RejectedError as error:
            raise TransientError(f"the next link was not followed: {error}") from error
        except BadAnswerError:
            if self._detail is Detail.NAMES:
                raise
            self.course.restart()
            return await self._with_less(self.size.most)

    async def _from_low(self) -> Listing:
        self._detail = Detail.ALERTS if self.incidents.expand else Detail.PLAIN
        attempts = USUAL_ATTEMPTS
        while True:
            try:
                listing = await self.incidents.since(
                    self.course.low, size=self.size.now, detail=self._detail, attempts=attempts
                )
            except RejectedError as error:
                if not self.size.refused(error.message):
                    raise
            except BadAnswerError:
                if self.size.now == 1 or self._detail is Detail.PLAIN:
                    return await self._with_less(_WINDOW)
                self.size.halve()
                attempts = 1
            else:
                return await self._leading_on(listing)

    async def _leading_on(self, listing: Listing) -> Listing:
        """The listing, unless it was made so small that it leads no further: then one without alerts."""
        if self.incidents.expand and self.size.is_reduced and listing.link:
            times = map(revision_of, listing.rows)
            if not any(time and time.ticks > self.course.low.ticks for time in times):
                return await self._with_less(_WINDOW)
        self.size.grow()
        return listing

    async def _with_less(self, size: int) -> Listing:
        """From `low`, with less detail than was asked for in vain."""
        if self._detail is Detail.ALERTS:
            try:
                return await self._listed(Detail.PLAIN, size)
            except BadAnswerError:
                size = _WINDOW
        return await self._listed(Detail.NAMES, size)

    async def _listed(self, detail: Detail, size: int) -> Listing:
        self._detail = detail
        listing = await self.incidents.since(self.course.low, size=min(size, self.size.most), detail=detail)
        self.size.grow()
        return listing

    async def _item(self, row: JSON) -> Incident | SetAside | None:
        """What a row is; None if it was read before in this sweep."""
        item = read_item(row, self.tenant)
        if isinstance(item, SetAside) or self._is_whole(item):
            return item
        name, revision = item.key.incident, item.revision.raw
        if (name, revision) in self._read:
            return None
        single = await self._single(name, revision)
        self._read.add((name, revision))
        return single or SetAside(name, "it was listed and cannot be found", revision)

    def _is_whole(self, item: Incident) -> bool:
        """Whether a list's row holds everything that is wanted of the incident."""
        if self.incidents.expand:
            return "alertCount" in item.snapshot
        return self._detail is not Detail.NAMES

    async def _single(self, incident: str, revision: str = "") -> Incident | SetAside | None:
        """One incident by its id, or why it cannot be had; None if there is none."""
        try:
            raw = await self.incidents.one(incident)
        except (BadAnswerError, RejectedError) as error:
            return SetAside(incident, str(error), revision)
        if raw is None:
            return None
        if id_of(raw) != incident:
            return SetAside(incident, "another incident was answered", revision)
        return read_item(raw, self.tenant)

    def _keep(self, item: Incident | SetAside, found: _Found) -> None:
        """Sort an item into what was found, unless this sweep had it before."""
        if isinstance(item, SetAside):
            name = (item.incident, item.revision, item.reason)
        else:
            name = (item.key.incident, item.revision.raw, item.content)
            self._read.add(name[:2])
        if name in self._seen:
            return
        self._seen.add(name)
        if isinstance(item, SetAside):
            found.set_aside.append(item)
        else:
            found.incidents.append(item)

    def _warnings(self, listing: Listing, times: Sequence[Revision], *, last: bool) -> tuple[str, ...]:
        warnings = []
        if ahead := [time.raw for time in times if not self.course.leads_on(time)]:
            warnings.append(
                f"later than our clock, so the position stays before them: {', '.join(ahead[:5])}"
            )
        if listing.link and not self.incidents.peer.owns(listing.link):
            warnings.append("the next link leads to another host; it is not followed")
        if last and self.course.is_long:
            warnings.append(f"stopped after {MOST_PAGES} pages; the next poll goes on from here")
        return tuple(warnings)

    def _as_page(
        self,
        found: _Found,
        *,
        read: int,
        position: Position | None = None,
        warnings: tuple[str, ...] = (),
        last: bool = False,
    ) -> Page:
        requests, request_ids = self.incidents.taken()
        return Page(
            incidents=tuple(found.incidents),
            position=position,
            read=read,
            requests=requests,
            set_aside=tuple(found.set_aside),
            gone=tuple(found.gone),
            request_ids=request_ids,
            warnings=warnings,
            last=last,
        )
