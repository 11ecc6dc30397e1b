"""What is still to deliver, across rows and notes; and a guest that writes beside the holder."""

import pytest

from connector.errors import StateError
from connector.model import Link
from connector.store import Store, links, notes, undelivered, wanted
from connector.store.links import Linked
from connector.store.undelivered import Picked, Stray
from tests.contract.store.desk import Desk
from tests.support.states import LEASE, State, key, link, note, numbers, wanted_row


async def places(desk: Desk, picked: Picked, *, parked: bool = False) -> list[tuple[str, str, bool, int]]:
    found = await desk.store.read(lambda tx: undelivered.find(tx, picked, parked=parked))
    return [(each.route, each.key.incident, each.row is not None, each.notes) for each in found]


async def test_rows_and_notes_are_found_together(desk: Desk) -> None:
    await desk.want(wanted_row(1), wanted_row(2), wanted_row(1, "dev"))
    await desk.store.write(lambda tx: notes.add(tx, [note("a"), note("b"), note("c", 3)]))
    await desk.store.write(lambda tx: notes.park(tx, "soc", key(1), {"note-a": "refused"}))
    await desk.store.write(lambda tx: notes.discard(tx, "soc", key(3), parked_only=False))
    everything = [("dev", "1", True, 0), ("soc", "1", True, 2), ("soc", "2", True, 0)]
    assert await places(desk, Picked()) == everything
    assert await places(desk, Picked("1")) == everything[:2]
    assert await places(desk, Picked("1", ["soc"])) == everything[1:2]
    assert await places(desk, Picked(routes=[])) == []
    assert await places(desk, Picked(), parked=True) == [("soc", "1", False, 1)]


async def test_row_that_only_carries_notes_tells_no_outcome_again(desk: Desk) -> None:
    await desk.store.write(lambda tx: undelivered.carry_notes(tx, wanted_row()))
    row = await desk.row()
    assert row is not None
    assert row.told
    assert (await desk.one()).wanted.told


async def test_row_under_way_is_not_removed(desk: Desk) -> None:
    await desk.want(wanted_row(1), wanted_row(2))
    await desk.claim(1)
    rows = await desk.store.read(lambda tx: undelivered.find(tx, Picked()))
    ids = [each.row.id for each in rows if each.row]
    await desk.store.write(lambda tx: undelivered.remove(tx, ids))
    assert await places(desk, Picked()) == [("soc", "1", True, 0)]
    desk.state.clock.now += LEASE
    await desk.store.write(lambda tx: undelivered.remove(tx, ids))
    assert await places(desk, Picked()) == []


async def test_rows_follow_their_route_and_what_belongs_nowhere_is_counted(desk: Desk) -> None:
    await desk.want(wanted_row(1), wanted_row(2, target="new"), wanted_row(3, "old"))
    await desk.store.write(lambda tx: notes.add(tx, [note("a", 3, "old"), note("b", 4, "older")]))
    await desk.store.write(lambda tx: notes.park(tx, "older", key(4), {"note-b": "refused"}))
    now = {"soc": "new"}
    strays = [Stray("old", rows=1), Stray("older", notes=1)]
    assert await desk.store.read(lambda tx: undelivered.strays(tx, now)) == [*strays, Stray("soc", rows=1)]
    assert await desk.store.write(lambda tx: undelivered.retarget(tx, now)) == 1
    assert await desk.store.read(lambda tx: undelivered.strays(tx, now)) == strays
    assert numbers(await desk.claim(target="new")) == ["1", "2"]


async def test_link_of_another_target_is_known_and_says_nothing(store: Store) -> None:
    await store.write(lambda tx: links.put(tx, [Linked("soc", key(), "snow", link())]))
    assert await store.read(lambda tx: links.applied(tx, "soc", [key()], "snow")) == {key(): link()}
    assert await store.read(lambda tx: links.applied(tx, "soc", [key()], "else")) == {key(): Link("")}


async def guest_of(state: State) -> Store:
    store = await Store.open(state.url, now=state.clock, salt=state.salt, holder="guest", guest=True)
    state.opened.append(store)
    return store


async def test_guest_writes_beside_the_holder(desk: Desk, state: State) -> None:
    guest = await guest_of(state)
    await guest.write(lambda tx: wanted.put(tx, [wanted_row()]))
    await desk.want(wanted_row(2))
    assert len(await desk.claim()) == 2
    assert len(await guest.read(lambda tx: undelivered.find(tx, Picked()))) == 2


async def test_guest_does_not_make_the_tables(state: State) -> None:
    with pytest.raises(StateError, match=r"there is no state|not at this program's version"):
        await guest_of(state)
