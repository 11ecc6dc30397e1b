"""A state in memory, with what the real one says of the incidents that were met so far.

The real state may be large and in use, so it is only read, and of it only what decides about an incident, in one
transaction for each page.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Self

from connector.forecast.pages import Content
from connector.model import IncidentKey, Page
from connector.store import Store, Tx, excerpts, snapshots, undelivered
from connector.store.undelivered import Picked

_NO_SALT = b"\0" * 16  # of an audit that nobody will read


@dataclass(slots=True)
class Scratch:
    """`store` is the copy; `real` is None where there is no state yet."""

    store: Store
    real: Store | None
    _known: set[IncidentKey] = field(default_factory=set)
    _met: set[Content] = field(default_factory=set)
    _news: set[Content] = field(default_factory=set)

    @classmethod
    async def open(cls, real: Store | None, now: Callable[[], datetime]) -> Self:
        """A copy that knows the sources' positions and everything that waits. Close its store after use."""
        store = await Store.open("sqlite://", now=now, salt=lambda: _NO_SALT, holder="rehearsal")
        scratch = cls(store, real)
        if real is not None:
            general = await real.read(excerpts.of_all)
            await store.write(lambda tx: excerpts.put(tx, general))
            await scratch.learn(await real.read(excerpts.to_try))
        return scratch

    async def learn(self, keys: Sequence[IncidentKey]) -> None:
        """Copy what is stored of incidents that were not met yet."""
        new = [key for key in dict.fromkeys(keys) if key not in self._known]
        self._known.update(new)
        if self.real is not None and new:
            excerpt = await self.real.read(lambda tx: excerpts.of_incidents(tx, new))
            await self.store.write(lambda tx: excerpts.put(tx, excerpt))

    async def meet(self, page: Page) -> Page:
        """Learn a page's incidents before it is handed on as it is."""
        await self.learn(list(_concerned(page)))
        met = {(each.key, each.content) for each in page.incidents}
        self._met |= met
        self._news |= met - await self.store.read(lambda tx: _read_last(tx, met))
        return page

    async def idle(self) -> set[Content]:
        """What was met and leads to nothing: read before just so, or of an incident for which nothing waits."""
        waiting = {each.key for each in await self.store.read(lambda tx: undelivered.find(tx, Picked()))}
        return {each for each in self._met if each not in self._news or each[0] not in waiting}


def _read_last(tx: Tx, contents: Collection[Content]) -> set[Content]:
    return set(snapshots.contents(tx, [key for key, _ in contents]).items())


def _concerned(page: Page) -> Iterator[IncidentKey]:
    """The page's incidents, and those they were merged into: mappings may name the records of these."""
    for incident in page.incidents:
        yield incident.key
        merged = incident.snapshot.get("redirectIncidentId")
        if merged:
            yield IncidentKey(incident.key.tenant, str(merged))
