"""Stored incidents, a portion at a time."""

from functools import partial

from connector.store import Store, browse, snapshots
from connector.store.tx import Tx
from tests.support.storied import incident

TENANT = "tenant-a"


def walked(tx: Tx, tenant: str, most: int) -> list[browse.Known]:
    """Every incident, in portions of at most so many."""
    found: list[browse.Known] = []
    while portion := browse.portion(tx, tenant, found[-1].key.incident if found else "", most):
        assert len(portion) <= most
        found += portion
    return found


async def test_every_incident_comes_once_with_its_last_two_revisions(store: Store) -> None:
    titles = ("first", "second", "third")

    def fill(tx: Tx) -> None:
        for number in range(1, 13):
            for second, title in enumerate(titles[: number % 3 + 1]):
                snapshots.add(tx, [incident(TENANT, number, second, displayName=title)], 5)
        snapshots.add(tx, [incident("tenant-b", 1)], 5)

    await store.write(fill)
    for most in (1, 5, 12, 500):
        found = await store.read(partial(walked, tenant=TENANT, most=most))
        assert sorted(int(known.key.incident) for known in found) == list(range(1, 13))
        for known in found:
            place = int(known.key.incident) % 3
            assert known.snapshot["displayName"] == titles[place]
            assert (known.old or {}).get("displayName") == (titles[place - 1] if place else None)
    assert await store.read(lambda tx: browse.count(tx, TENANT)) == 12
    assert await store.read(lambda tx: browse.portion(tx, "tenant-c", "", 5)) == []
