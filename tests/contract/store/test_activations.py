"""Mappings in force and files that are not, on both engines."""

from dataclasses import replace
from datetime import timedelta
from functools import partial

from connector.store import Store, activations, offers
from connector.store.activations import Activation, Head
from connector.store.offers import Refusal
from tests.support.states import START, State

FIRST = Activation(
    route="soc",
    n=1,
    hash="a" * 64,
    name="first",
    sources=(("own.yaml", "extends: base.yaml"), ("base.yaml", "name: é")),
    vars={"group": "SOC", "list": [1, None]},
    author="kim",
    reason="why",
    vcs="",
    how="first",
    at=START,
)


async def test_what_is_in_force_comes_back_as_it_was(store: Store) -> None:
    trial = replace(FIRST, n=2, hash="b" * 64, canary=10)
    other = replace(FIRST, route="other")
    for each in (FIRST, trial, other):
        await store.write(partial(activations.add, new=each))
    assert await store.read(activations.heads) == {
        "soc": Head("a" * 64, "b" * 64, 10),
        "other": Head("a" * 64),
    }
    standing = await store.read(lambda tx: activations.standing(tx, "soc"))
    assert (standing.whole, standing.trial) == (FIRST, trial)
    assert await store.read(lambda tx: activations.last_with(tx, "soc", "b" * 64)) == trial
    assert await store.read(lambda tx: activations.last_with(tx, "soc", "c" * 64)) is None


async def test_what_ended_stays_in_the_history(store: Store, state: State) -> None:
    await store.write(lambda tx: activations.add(tx, FIRST))
    state.clock.turn(minutes=1)
    await store.write(lambda tx: activations.end(tx, "soc", [1]))
    await store.write(lambda tx: activations.revoke(tx, "soc", [1]))
    assert await store.read(activations.heads) == {}
    ended = replace(FIRST, until=START + timedelta(minutes=1), revoked=True)
    assert await store.read(lambda tx: activations.history(tx, "soc")) == [ended]
    assert await store.read(activations.history) == [ended]
    assert await store.read(lambda tx: activations.history(tx, "other")) == []


async def test_what_a_file_holds_is_news_once(store: Store) -> None:
    first = await store.write(lambda tx: offers.put(tx, "soc", "a", Refusal.HELD, "too much"))
    again = await store.write(lambda tx: offers.put(tx, "soc", "a", Refusal.HELD, "too much"))
    changed = await store.write(lambda tx: offers.put(tx, "soc", "a", Refusal.REVOKED, "taken back"))
    assert (first, again, changed) == (True, False, True)
    (offer,) = await store.read(offers.every)
    assert (offer.route, offer.verdict, offer.reason) == ("soc", Refusal.REVOKED, "taken back")
    await store.write(lambda tx: offers.clear(tx, "soc"))
    assert await store.read(offers.every) == []
