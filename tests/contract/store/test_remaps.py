"""Incidents to map again, and those merged into others."""

from connector.model import IncidentKey
from connector.store import Store, awaits, evaluations, remaps
from connector.store.evaluations import Evaluation
from tests.support.states import key


async def test_what_is_to_be_mapped_again_is_taken_in_portions_until_it_is_done(store: Store) -> None:
    meant = [("soc", key(number)) for number in (3, 1, 2)]
    await store.write(lambda tx: remaps.add(tx, [*meant, ("dev", key(1))]))
    await store.write(lambda tx: remaps.add(tx, meant))
    first = await store.read(lambda tx: remaps.take(tx, "soc", 2))
    assert first == [key(1), key(2)]
    assert await store.read(lambda tx: remaps.take(tx, "soc", 2, first[-1])) == [key(3)]
    await store.write(lambda tx: remaps.done(tx, "soc", first))
    assert await store.read(lambda tx: remaps.take(tx, "soc", 2)) == [key(3)]
    assert await store.read(remaps.count) == {"dev": 1, "soc": 1}


async def test_order_goes_by_tenant_first(store: Store) -> None:
    there = [key(9, "tenant-a"), key(1, "tenant-b")]
    await store.write(lambda tx: remaps.add(tx, [("soc", each) for each in there]))
    assert await store.read(lambda tx: remaps.take(tx, "soc", 9, key(5, "tenant-a"))) == there
    assert await store.read(lambda tx: remaps.take(tx, "soc", 9, there[0])) == there[1:]


async def test_what_a_route_decided_on_is_known_with_its_mapping_and_in_portions(store: Store) -> None:
    decided = {key(number): Evaluation(1, "c", "old" if number else "new", "created") for number in range(3)}
    await store.write(lambda tx: evaluations.put(tx, "soc", decided))
    await store.write(lambda tx: evaluations.put(tx, "dev", {key(7): decided[key(0)]}))
    found = await store.read(lambda tx: list(evaluations.mappings(tx, "soc")))
    assert sorted(found) == [(key(0), "new"), (key(1), "old"), (key(2), "old")]
    assert await store.read(lambda tx: evaluations.count(tx, "soc")) == {"new": 1, "old": 2}
    assert await store.read(lambda tx: evaluations.portion(tx, "soc", 2)) == [key(0), key(1)]
    assert await store.read(lambda tx: evaluations.portion(tx, "soc", 2, key(1))) == [key(2)]
    assert await store.read(lambda tx: evaluations.portion(tx, "soc", 2, key(2))) == []


async def test_nothing_to_do_is_done(store: Store) -> None:
    await store.write(lambda tx: remaps.add(tx, []))
    await store.write(lambda tx: remaps.done(tx, "soc", []))
    assert await store.read(lambda tx: remaps.take(tx, "soc", 9)) == []
    assert await store.read(remaps.count) == {}


async def test_those_merged_into_an_incident_are_known_under_their_route_and_tenant(store: Store) -> None:
    merged = {key(2): key(1), key(3): key(1), key(4): key(9)}
    elsewhere = {IncidentKey("tenant-b", "5"): IncidentKey("tenant-b", "1")}
    for each in (merged, merged, elsewhere, {}):
        await store.write(lambda tx, each=each: awaits.put(tx, "soc", each))  # type: ignore[misc]  # a default binds the loop's value
    await store.write(lambda tx: awaits.put(tx, "dev", {key(6): key(1)}))
    found = await store.read(lambda tx: awaits.of(tx, "soc", [key(1), key(7)]))
    assert sorted(found) == [key(2), key(3)]
    assert await store.read(lambda tx: awaits.of(tx, "soc", [])) == []
