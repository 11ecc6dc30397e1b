"""Sources whose pages are looked at, or thinned out, on their way to the poll."""

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from connector.model import IncidentKey, Page, Position, Revision, Source

Content = tuple[IncidentKey, str]
_JUST_BEFORE = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class FilteredSource:
    """A source each of whose pages goes `through` a function; a `connector.model.Source`."""

    inner: Source
    through: Callable[[Page], Awaitable[Page]]

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
            yield await self.through(page)

    async def probe(self) -> None:
        """See `Source.probe`."""
        await self.inner.probe()

    async def close(self) -> None:
        """Give connections back."""
        await self.inner.close()


@dataclass(slots=True)
class Only:
    """Lets some `contents` of incidents pass, and nothing else.

    The position goes no further than to the first incident held back: that one is read by the next poll.
    """

    contents: Collection[Content]
    _held_back: Revision | None = None

    async def through(self, page: Page) -> Page:
        """The page without what is held back."""
        passed = [each for each in page.incidents if (each.key, each.content) in self.contents]
        revisions = [
            each.revision for each in page.incidents if (each.key, each.content) not in self.contents
        ]
        if self._held_back is not None:
            revisions.append(self._held_back)
        self._held_back = min(revisions, key=lambda each: each.ticks, default=None)
        return replace(page, incidents=tuple(passed), position=self._bounded(page.position))

    def _bounded(self, position: Position | None) -> Position | None:
        first = self._held_back
        if position is None or first is None or position.revision.ticks < first.ticks:
            return position
        return Position(first.earlier(_JUST_BEFORE))
