"""Which routes' mappings look at the records of a route."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from connector.deliver import Dependants
from connector.poll import Poll, decisions_of
from connector.store import Tx


@dataclass(frozen=True, slots=True)
class RecordReaders:
    """Asks the polls, which know the mappings; a `connector.deliver.Readers`."""

    polls: Callable[[], Iterable[Poll]]

    def lock(self, route: str) -> str:
        """See `Readers.lock`."""
        poll = self._poll(route)
        reads = poll is not None and any(each.reads_records for each in poll.routes)
        return decisions_of(poll.source.name) if poll is not None and reads else ""

    def dependants(self, tx: Tx, route: str) -> Dependants:
        """See `Readers.dependants`."""
        poll = self._poll(route)
        if poll is None:
            return Dependants()
        looked_at = {each.name: each.reads_records for each in poll.in_force(tx, poll.routes)}
        looking = tuple(
            name for name, reads in looked_at.items() if ("record" if name == route else "links") in reads
        )
        return Dependants(looking, merged="mergedInto" in looked_at[route])

    def _poll(self, route: str) -> Poll | None:
        return next((poll for poll in self.polls() if any(each.name == route for each in poll.routes)), None)
