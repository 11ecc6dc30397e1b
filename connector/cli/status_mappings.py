"""What `status` and `check` say about the mappings in force, and about files that hold something else."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass

from connector.app import open_store
from connector.config import Config
from connector.errors import StateError, TransientError
from connector.model import JSON
from connector.store import Tx, activations, offers
from connector.store.activations import Activation, Standing
from connector.store.offers import Offer, Refusal


@dataclass(frozen=True, slots=True)
class RouteMapping:
    """What is in force on a route, and what its file holds besides, if it does."""

    route: str
    standing: Standing
    offer: Offer | None

    @property
    def waits(self) -> bool:
        """Whether somebody has to do something; what was taken back may stay so."""
        return self.offer is not None and self.offer.verdict is not Refusal.REVOKED


def look(tx: Tx, config: Config) -> list[RouteMapping]:
    """What is in force on each configured route."""
    offered = {each.route: each for each in offers.every(tx)}
    return [
        RouteMapping(route.name, activations.standing(tx, route.name), offered.get(route.name))
        for route in config.routes
    ]


async def in_force(config: Config) -> list[RouteMapping]:
    """The same from the state, which need not be there, nor be readable."""
    with suppress(StateError, TransientError):
        store = await open_store(config, readonly=True)
        try:
            return await store.read(lambda tx: look(tx, config))
        finally:
            await store.close()
    return []


def lines(found: Sequence[RouteMapping]) -> Iterator[str]:
    """What is worth saying: files that are not in force, and trials."""
    for each in found:
        whole, trial, offer = each.standing.whole, each.standing.trial, each.offer
        if offer is not None:
            active = f"; the active one is {_named(whole)}" if whole else ""
            yield f"route {each.route}: {offer.reason}{active}"
        if trial is not None:
            yield (
                f"route {each.route}: {_named(trial)} is on trial for {trial.canary} % of the incidents; for all: "
                f"xdr-connector mapping activate --route {each.route} --as WHO --reason WHY"
            )


def others(config: Config, found: Sequence[RouteMapping]) -> Iterator[str]:
    """Where another mapping is in force than the file holds."""
    held = {route.name: route.mapping.hash for route in config.routes}
    for each in found:
        whole = each.standing.whole
        if whole is not None and whole.hash != held[each.route]:
            yield (
                f"route {each.route}: the file is not in force; the active one is {_named(whole)}, "
                f"see xdr-connector mapping history --route {each.route}"
            )


def as_json(found: Sequence[RouteMapping]) -> list[JSON]:
    """The same for programs."""
    return [
        {
            "route": each.route,
            "active": _json(each.standing.whole),
            "trial": _json(each.standing.trial),
            "offered": {
                "hash": each.offer.hash,
                "verdict": str(each.offer.verdict),
                "reason": each.offer.reason,
                "since": _moment(each.offer.since),
            }
            if each.offer
            else None,
        }
        for each in found
    ]


def _json(each: Activation | None) -> JSON:
    if each is None:
        return None
    return {
        "n": each.n,
        "name": each.name,
        "hash": each.hash,
        "since": _moment(each.at),
        "by": each.author,
        "reason": each.reason,
        "canary": each.canary,
    }


def _named(each: Activation) -> str:
    return f"{each.name} {each.hash[:12]} since {_moment(each.at)}"


def _moment(moment: object) -> str:
    return f"{str(moment)[:19].replace(' ', 'T')}Z"
