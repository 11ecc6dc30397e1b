"""The verbs of waiting rows, as the rest of the program uses them."""

from collections.abc import Sequence

from connector.store import Store, claims, notes, receipts, wanted
from connector.store.claims import Claimed
from connector.store.receipts import Done
from connector.store.wanted import Backlog, Wanted
from tests.support.states import LEASE, State, key, link, note


class Desk:
    """The verbs, each in a transaction of its own, as the rest of the program uses them."""

    def __init__(self, store: Store, state: State) -> None:
        self.store, self.state = store, state

    async def want(self, *rows: Wanted) -> None:
        await self.store.write(lambda tx: wanted.put(tx, rows))

    async def note(self, *items: str) -> None:
        await self.store.write(lambda tx: notes.add(tx, [note(item) for item in items]))

    async def claim(self, limit: int = 10, target: str = "snow") -> list[Claimed]:
        return await self.store.write(lambda tx: claims.claim(tx, target, limit, LEASE, self.state.token))

    async def one(self) -> Claimed:
        (claimed,) = await self.claim()
        return claimed

    async def deliver(self, claimed: Claimed, there: Sequence[str] | None = None) -> bool:
        ids = [each.id for each in claimed.notes] if there is None else there
        return bool(await self.store.write(lambda tx: receipts.delivered(tx, [Done(claimed, link(), ids)])))

    async def lose(self, claimed: Claimed) -> bool:
        """The answer never came."""
        now = self.state.clock()
        return await self.store.write(lambda tx: receipts.delay(tx, claimed, now, "lost", keep_token=True))

    async def refuse(self, claimed: Claimed, reason: str = "refused") -> bool:
        return await self.store.write(lambda tx: receipts.park(tx, claimed, reason))

    async def row(self, number: int = 1) -> Wanted | None:
        found = await self.store.read(lambda tx: wanted.get(tx, "soc", [key(number)]))
        return found.get(key(number))

    async def backlog(self) -> Backlog:
        return await self.store.read(lambda tx: wanted.backlog(tx, "snow"))
