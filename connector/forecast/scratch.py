"""A state in memory, with what the real one says of the incidents that were met so far.

The real state may be large and in use, so it is only read, and of it only what decides about an incident, in one
transaction for each page.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Self

from connector.model import IncidentKey, Page, Position, Source
from connector.store import Store, excerpts

_NO_SALT = b"\0" * 16  # of an audit that nobody will read


@dataclass(slots=True)
class Scratch:
    """`store` is the copy; `real` is None where there is no state yet."""

    store: Store
    real: Store | None
    _known: set[IncidentKey] = field(default_factory=set)

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


@dataclass(frozen=True, slots=True)
class CopyingSource:
    """A source whose incidents are learnt before they are handed on; a `connector.model.Source`."""

    inner: Source
    learn: Callable[[Sequence[IncidentKey]], Awaitable[None]]

    @property
    def name(self) -> str:
        """The name given in the configuration."""
        return self.inner.name

    @property
    def tenant(self) -> str:
        """The tenant id."""
        return self.inner.tenant

    async def changes(
        self, since: Position, *, start: Position | None = None, again: Sequence[str] = ()
    ) -> AsyncIterator[Page]:
        """See `Source.changes`."""
        async for page in self.inner.changes(since, start=start, again=again):
            await self.learn(list(_concerned(page)))
            yield page

    async def probe(self) -> None:
        """See `Source.probe`."""
        await self.inner.probe()

    async def close(self) -> None:
        """Give connections back."""
        await self.inner.close()


def _concerned(page: Page) -> Iterator[IncidentKey]:
    """The page's incidents, and those they were merged into: mappings may name the records of these."""
    for incident in page.incidents:
        yield incident.key
        merged = incident.snapshot.get("redirectIncidentId")
        if merged:
            yield IncidentKey(incident.key.tenant, str(merged))
