"""One poll of a source: page after page, each stored before the next is asked for."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from connector.audit import AuditEntry, AuditKind
from connector.errors import ConnectorError, StateError
from connector.model import Event, EventKind, Page, Position, Revision, SetAside, Source
from connector.plan import Reason
from connector.poll.blame import blame
from connector.poll.remap import Remapping
from connector.poll.route import Route
from connector.poll.settle import Settlement, Sweep, counts
from connector.store import Store, Tx, mappings_seen, positions, readings, set_asides

__all__ = ["Poll", "Sweep"]


@dataclass(frozen=True, slots=True)
class Poll:
    """Everything a poll of one source needs.

    `start` gives the revision to begin at when the source was never read; `history` is how many revisions of an
    incident are kept; `woken` is called after each stored page that left something to deliver. `in_force` gives the
    routes the mappings that are in force.
    """

    source: Source
    routes: Sequence[Route]
    store: Store
    start: Callable[[datetime], Revision]
    now: Callable[[], datetime]
    emit: Callable[[Event], None]
    history: int
    woken: Callable[[], None]
    in_force: Callable[[Tx, Sequence[Route]], Sequence[Route]] = lambda _, routes: routes

    async def once(self, *, rescan: bool = False) -> Sweep:
        """Read everything that changed since the stored position, or, to `rescan`, since the source's start."""
        sweep = Sweep(self.source.name, self.source.tenant, self.now())
        since, start, again = await self.store.write(self._open)
        since = start if rescan else since
        sweep.since = since.revision.raw
        try:
            async for page in self.source.changes(since, start=start, again=again):
                await self._store(page, sweep, rescan=rescan)
        except StateError:
            raise
        except ConnectorError as error:
            await self._failed(sweep, str(error))
            raise
        except Exception as error:
            await self._failed(sweep, f"unexpected: {blame(error)}")
            raise
        seconds = (self.now() - sweep.started) / timedelta(seconds=1)
        self.emit(Event(EventKind.POLLED, self.source.name, count=sweep.fresh, seconds=seconds))
        return sweep

    async def remap(self) -> Counter[Reason]:
        """Map again what waits for it, from what is stored; how often each decision was made."""
        source = self.source
        return await Remapping(
            source.name, source.tenant, self.routes, self.store, self.emit, self.woken, self.in_force
        ).run()

    def _open(self, tx: Tx) -> tuple[Position, Position, list[str]]:
        """Where the last sweep ended, where the first began, and what to try again.

        The start is stored at the first poll, so that `now` means then and not each restart.
        """
        for mapping in (each for route in self.in_force(tx, self.routes) for each in route.mappings):
            mappings_seen.put(tx, mapping.hash, mapping.name, mapping.text)
        stored = positions.get(tx, self.source.name)
        if stored is None:
            stored = Position(self.start(tx.now))
            positions.put(tx, self.source.name, stored, start=stored.revision.raw)
        start = positions.start(tx, self.source.name)
        again = [kept.set_aside.incident for kept in set_asides.every(tx, self.source.name)]
        return stored, start or stored, again

    async def _store(self, page: Page, sweep: Sweep, *, rescan: bool) -> None:
        def settle(tx: Tx) -> list[SetAside]:
            routes = self.in_force(tx, self.routes)
            return Settlement(routes, page, sweep, self.history, rescan=rescan).settle(tx)

        asides = await self.store.write(settle)
        for aside in asides:
            self.emit(
                Event(EventKind.SET_ASIDE, self.source.name, incident=aside.incident, reason=aside.reason)
            )
        if sweep.to_deliver:
            self.woken()

    async def _failed(self, sweep: Sweep, reason: str) -> None:
        data = {**counts(sweep), "error": reason}
        entry = AuditEntry(AuditKind.POLL, at=self.now(), source=sweep.source, tenant=sweep.tenant, data=data)

        def store(tx: Tx) -> None:
            readings.failed(tx, sweep.source, reason)
            tx.audit(entry)

        await self.store.write(store)
        self.emit(Event(EventKind.POLL_FAILED, self.source.name, reason=reason))
