"""A target that tells what it would do, and does nothing."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from connector.errors import NotThereYetError
from connector.http import Unsent, heard
from connector.model import Catalogue, Delivery, Quota, Receipt, Seen, Target


@dataclass(frozen=True, slots=True)
class Attempt:
    """One delivery that was tried: the writes it would make, and its receipt; None if it failed."""

    delivery: Delivery
    writes: Sequence[Unsent]
    receipt: Receipt | None


@dataclass(slots=True)
class RehearsingTarget:
    """A target built for rehearsal, and what was tried with it; a `connector.model.Target`.

    `routes` are those of interest; deliveries of others wait. Quotas do not count: nothing is spent.
    """

    inner: Target
    routes: Collection[str]
    attempts: list[Attempt] = field(default_factory=list)

    @property
    def name(self) -> str:
        """The name given in the configuration."""
        return self.inner.name

    @property
    def catalogue(self) -> Catalogue:
        """What the target can hold."""
        return self.inner.catalogue

    @property
    def quotas(self) -> Mapping[str, Quota]:
        """No limits."""
        return {}

    @property
    def creates(self) -> bool:
        """As the target."""
        return self.inner.creates

    def cost(self, delivery: Delivery) -> Mapping[str, int]:
        """See `Target.cost`."""
        return self.inner.cost(delivery)

    async def open(self, *, first_use: bool) -> None:
        """See `Target.open`; where no route of interest leads, nothing is asked."""
        if self.routes:
            await self.inner.open(first_use=first_use)

    async def prepare(self, deliveries: Sequence[Delivery]) -> None:
        """See `Target.prepare`."""
        await self.inner.prepare([each for each in deliveries if each.route in self.routes])

    async def apply(self, delivery: Delivery) -> Receipt:
        """Try a delivery, and keep what it would write."""
        if delivery.route not in self.routes:
            raise NotThereYetError("the route is not part of the plan")
        receipt = None
        with heard() as writes:
            try:
                receipt = await self.inner.apply(delivery)
                return receipt
            finally:
                self.attempts.append(Attempt(delivery, writes, receipt))

    async def look(self, deliveries: Sequence[Delivery]) -> list[Seen | None]:
        """See `Target.look`."""
        return await self.inner.look(deliveries)

    async def probe(self) -> None:
        """See `Target.probe`."""
        await self.inner.probe()

    async def close(self) -> None:
        """Give connections back."""
        await self.inner.close()
