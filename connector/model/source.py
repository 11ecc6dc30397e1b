"""Where incidents come from."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from connector.model.incident import Incident, Revision


@dataclass(frozen=True, slots=True)
class Position:
    """How far a source has been read: everything up to `revision` was handled. `raw` is the source's own string."""

    revision: Revision


@dataclass(frozen=True, slots=True)
class SetAside:
    """An incident that could not be read: kept in the store, shown by `status`, tried again at every poll."""

    incident: str
    reason: str
    revision: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """One durable step of a sweep.

    `position` is where the source may be said to stand once this page is stored; None: no further than before
    (an unsorted answer moves it only at the end of the sweep). `read` counts the rows the source returned, re-reads
    included. `gone` are the ids of incidents set aside earlier that are there no more.
    """

    incidents: tuple[Incident, ...]
    position: Position | None
    read: int
    requests: int = 1
    set_aside: tuple[SetAside, ...] = ()
    gone: tuple[str, ...] = ()
    request_ids: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    last: bool = False


class Source(Protocol):
    """A tenant whose incidents we follow. Implementations raise only `ConnectorError`s."""

    @property
    def name(self) -> str:
        """The name given in the configuration."""
        ...

    @property
    def tenant(self) -> str:
        """The tenant id: half of every incident's identity."""
        ...

    def changes(
        self, since: Position, *, start: Position | None = None, again: Sequence[str] = ()
    ) -> AsyncIterator[Page]:
        """Every incident updated at or after `since` (less the configured overlap), oldest first, page by page.

        `start` is where the first poll began: nothing older is asked for, not even as overlap. `again` are the ids of
        incidents set aside earlier, to be tried once more.
        """
        ...

    async def probe(self) -> None:
        """Ask the source whether it is there and whether our credentials suffice; raise if not."""
        ...

    async def close(self) -> None:
        """Give connections back."""
        ...
