"""A source of which only planned revisions pass.

Its position stays where it is: what is held back here is read again by the next poll, which knows what it has
decided on and costs the targets nothing.
"""

from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import dataclass, replace

from connector.model import Incident, IncidentKey, Page, Position, Source


@dataclass(frozen=True, slots=True)
class ChosenSource:
    """A source that shows the `chosen` contents of incidents alone; a `connector.model.Source`."""

    inner: Source
    chosen: Collection[tuple[IncidentKey, str]]

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
            passed = tuple(each for each in page.incidents if self._is_chosen(each))
            yield replace(page, incidents=passed, position=None, set_aside=(), gone=())

    async def probe(self) -> None:
        """See `Source.probe`."""
        await self.inner.probe()

    async def close(self) -> None:
        """Give connections back."""
        await self.inner.close()

    def _is_chosen(self, incident: Incident) -> bool:
        return (incident.key, incident.content) in self.chosen
