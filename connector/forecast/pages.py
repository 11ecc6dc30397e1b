"""Sources whose pages are looked at, or thinned out, on their way to the poll."""

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass, replace

from connector.model import IncidentKey, Page, Position, Source


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


def only(chosen: Collection[tuple[IncidentKey, str]]) -> Callable[[Page], Awaitable[Page]]:
    """Lets the `chosen` contents of incidents pass, and nothing else.

    The position stays where it is: what is held back here is read again by the next poll, which knows what it has
    decided on and costs the targets nothing.
    """

    async def through(page: Page) -> Page:
        passed = tuple(each for each in page.incidents if (each.key, each.content) in chosen)
        return replace(page, incidents=passed, position=None, set_aside=(), gone=())

    return through
