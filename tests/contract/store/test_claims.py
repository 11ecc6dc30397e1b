"""Rows wait, are claimed, and leave: no row is lost, none is delivered by two at once."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from connector.model import Link, Lookup, Mode, NoteInHand, Record
from connector.store import Store, Tx, claims, links, notes, receipts, wanted
from connector.store.claims import Claimed
from connector.store.receipts import Done
from connector.store.wanted import Backlog, Wanted
from tests.support.states import LEASE, START, State, key, link, note, numbers, wanted_row


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


@pytest.fixture
def desk(store: Store, state: State) -> Desk:
    return Desk(store, state)


class TestWanted:
    async def test_everything_in_a_row_comes_back(self, desk: Desk) -> None:
        record = Record(
            {"state": 1, "urgent": True, "close": None, "owner": Lookup("sys_user", ("email", "name"), "a")},
            ("b", "a"),
            {"state": Mode.INITIAL, "owner": Mode.UNLESS_EDITED},
            keep_tags=True,
        )
        row = wanted_row(record=record, may_create=False, created_hint="2026-01-01", waiting=True)
        await desk.want(row)
        stored = await desk.row()
        assert stored is not None
        assert stored == replace(row, id=stored.id)

    async def test_a_newer_version_takes_the_place_of_the_older(self, desk: Desk) -> None:
        await desk.want(wanted_row())
        later = START + timedelta(hours=1)
        newer = wanted_row(record=Record({"state": "2"}), priority=1, since=later, due=later, content="new")
        await desk.want(newer)
        stored = await desk.row()
        assert stored == replace(newer, id=1, version=2, since=START)
        assert (await desk.backlog()).waiting == 1

    async def test_a_newer_version_is_no_longer_parked(self, desk: Desk) -> None:
        await desk.want(wanted_row())
        await desk.refuse(await desk.one())
        await desk.want(wanted_row())
        stored = await desk.row()
        assert stored is not None
        assert (stored.parked, stored.last_error, stored.attempts) == (None, None, 0)

    async def test_a_backlog_says_what_waits(self, desk: Desk) -> None:
        soon = START + timedelta(minutes=1)
        rows = [wanted_row(n, since=START + timedelta(seconds=n)) for n in range(1, 6)]
        late = START + timedelta(seconds=9)
        rows += [wanted_row(6, due=soon, since=late), wanted_row(7, waiting=True, since=late)]
        rows += [wanted_row(8, target="else")]
        await desk.want(*rows)
        parked, _leased = await desk.claim(limit=2)
        await desk.refuse(parked)
        oldest = START + timedelta(seconds=2)
        assert await desk.backlog() == Backlog(waiting=6, due=4, absent=1, parked=1, oldest_since=oldest)
        assert (await desk.store.read(wanted.backlogs)).keys() == {"snow", "else"}
        assert await desk.store.read(lambda tx: wanted.backlog(tx, "nothing")) == Backlog()

    async def test_the_next_row_is_due_when_its_wait_and_its_lease_are_over(self, desk: Desk) -> None:
        due = START + timedelta(seconds=90)
        assert await desk.store.read(lambda tx: wanted.next_due(tx, "snow")) is None
        await desk.want(wanted_row(1, due=due))
        assert await desk.store.read(lambda tx: wanted.next_due(tx, "snow")) == due
        await desk.want(wanted_row(2))
        assert await desk.store.read(lambda tx: wanted.next_due(tx, "snow")) == START
        await desk.claim()
        await desk.want(wanted_row(1, due=START + 2 * LEASE))
        assert await desk.store.read(lambda tx: wanted.next_due(tx, "snow")) == START + LEASE

    async def test_an_operator_sees_retries_and_forgets_parked_rows(self, desk: Desk) -> None:
        await desk.want(wanted_row(1), wanted_row(2), wanted_row(3, target="else"))
        for claimed in await desk.claim():
            await desk.refuse(claimed)
        parked = await desk.store.read(lambda tx: wanted.parked(tx, "snow"))
        assert [(each.key, each.parked) for each in parked] == [(key(1), "refused"), (key(2), "refused")]
        assert await desk.store.read(lambda tx: wanted.parked(tx, "else")) == []
        ids = [each.id for each in parked]
        assert await desk.store.write(lambda tx: wanted.unpark(tx, ids[:1])) == 1
        assert numbers(await desk.claim()) == ["1"]
        assert await desk.store.write(lambda tx: wanted.remove(tx, ids)) == 1, "a row being delivered stays"
        assert await desk.row(2) is None
        assert await desk.row(1) is not None

    async def test_rows_whose_attempt_failed_are_listed(self, desk: Desk) -> None:
        await desk.want(wanted_row(1), wanted_row(2))
        await desk.lose((await desk.claim(limit=1))[0])
        (row,) = await desk.store.read(lambda tx: wanted.delayed(tx, 10))
        assert (row.key, row.last_error) == (key(1), "lost")

    async def test_the_rows_of_an_incident_are_found_under_every_route(self, desk: Desk) -> None:
        await desk.want(wanted_row(1), wanted_row(1, route="dev"), wanted_row(2))
        found = await desk.store.read(lambda tx: wanted.of_incident(tx, key(1)))
        assert [each.route for each in found] == ["dev", "soc"]


class TestClaim:
    async def test_rows_leave_by_priority_and_then_by_age(self, desk: Desk) -> None:
        order = [(1, 5, 2), (2, 5, 1), (3, 0, 9), (4, 9, 0)]
        await desk.want(*(wanted_row(n, priority=p, since=START + timedelta(seconds=s)) for n, p, s in order))
        assert numbers(await desk.claim(limit=2)) == ["3", "2"]
        assert numbers(await desk.claim()) == ["1", "4"]

    @pytest.mark.parametrize(
        "changes", [{"due": START + timedelta(seconds=1)}, {"target": "else"}], ids=["not due", "not ours"]
    )
    async def test_only_rows_that_are_due_are_taken(self, desk: Desk, changes: dict[str, Any]) -> None:
        await desk.want(wanted_row(**changes))
        assert await desk.claim() == []

    async def test_a_claim_is_alone_until_its_lease_runs_out(self, desk: Desk) -> None:
        await desk.want(wanted_row())
        first = await desk.one()
        assert (first.wanted.attempts, first.wanted.leased_until) == (1, START + LEASE)
        assert await desk.claim() == []
        desk.state.clock.turn(minutes=5)
        second = await desk.one()
        assert (second.wanted.attempts, second.in_doubt) == (2, True)
        assert second.wanted.token == first.wanted.token

    async def test_what_a_target_sees(self, desk: Desk) -> None:
        await desk.want(wanted_row(may_create=False, created_hint="hint"))
        await desk.note("a")
        delivery = (await desk.one()).delivery()
        assert (delivery.route, delivery.key, delivery.record) == ("soc", key(), wanted_row().record)
        assert delivery.notes == (NoteInHand("note-a", "text of a"),)
        assert (delivery.may_create, delivery.created_hint, delivery.link) == (False, "hint", None)
        assert delivery.token
        assert (delivery.in_doubt, delivery.same_content) == (False, True)

    async def test_the_link_comes_along_with_its_generation(self, desk: Desk) -> None:
        await desk.want(wanted_row())
        second = replace(link(), generation=1)
        claimed = await desk.one()
        await desk.store.write(lambda tx: receipts.delivered(tx, [Done(claimed, second)]))
        await desk.want(wanted_row())
        again = await desk.one()
        assert (again.link, again.delivery().generation) == (second, 1)

    async def test_a_claim_given_back_was_never_an_attempt(self, desk: Desk) -> None:
        await desk.want(wanted_row())
        await desk.note("a")
        claimed = await desk.one()
        assert await desk.store.write(lambda tx: claims.release(tx, [claimed])) == [claimed]
        row = await desk.row()
        assert row is not None
        assert (row.attempts, row.token, row.sent_version, row.leased_until) == (0, None, None, None)
        again = await desk.one()
        assert (again.in_doubt, again.notes[0].sent) == (False, False)

    async def test_a_claim_in_doubt_given_back_stays_in_doubt(self, desk: Desk) -> None:
        await desk.want(wanted_row())
        await desk.lose(await desk.one())
        doubtful = await desk.one()
        await desk.store.write(lambda tx: claims.release(tx, [doubtful]))
        again = await desk.one()
        assert (again.in_doubt, again.wanted.token) == (True, doubtful.wanted.token)
        assert again.wanted.attempts == 2

    async def test_a_start_frees_what_an_earlier_run_held_and_keeps_the_doubt(self, desk: Desk) -> None:
        await desk.want(wanted_row(1), wanted_row(2, target="else"))
        before = await desk.one()
        await desk.claim(target="else")
        assert await desk.store.write(lambda tx: claims.release_leases(tx, "snow")) == 1
        assert await desk.store.write(claims.release_leases) == 1
        after = await desk.one()
        assert (after.in_doubt, after.wanted.token) == (True, before.wanted.token)

    async def test_what_was_claimed_before_a_crash_is_found_again(self, desk: Desk) -> None:
        await desk.want(wanted_row())
        await desk.note("a")
        before = await desk.one()
        await desk.store.close()
        restarted = Desk(await desk.state.open(), desk.state)
        assert await restarted.claim() == [], "the lease holds until somebody frees it"
        await restarted.store.write(claims.release_leases)
        after = await restarted.one()
        assert (after.in_doubt, after.wanted.token) == (True, before.wanted.token)
        assert [(each.id, each.sent) for each in after.notes] == [("note-a", True)]

    async def test_a_replica_frees_only_its_own(self, postgres_url: str) -> None:
        state = State(postgres_url)
        one, two = Desk(await state.open("one"), state), Desk(await state.open("two"), state)
        await one.want(wanted_row())
        await one.claim()
        assert await two.store.write(claims.release_leases) == 0
        assert await one.store.write(claims.release_leases) == 1
        await state.close()

    async def test_replicas_that_meet_never_take_the_same_row(self, postgres_url: str) -> None:
        state = State(postgres_url)
        desks = [Desk(await state.open(name), state) for name in ("one", "two")]
        await desks[0].want(*(wanted_row(n) for n in range(40)))
        taken = await asyncio.gather(*(desk.claim(limit=5) for desk in desks * 4))
        rows = [number for claimed in taken for number in numbers(claimed)]
        assert len(rows) == len(set(rows))
        await state.close()


class TestDelivered:
    async def test_a_row_leaves_and_its_link_stays(self, desk: Desk) -> None:
        await desk.want(wanted_row())
        assert await desk.deliver(await desk.one())
        assert await desk.row() is None
        assert await desk.store.read(lambda tx: links.get(tx, "soc", [key()])) == {key(): link()}

    async def test_a_version_that_came_in_between_is_due_at_once(self, desk: Desk) -> None:
        await desk.want(wanted_row())
        claimed = await desk.one()
        desk.state.clock.turn(seconds=3)
        await desk.want(wanted_row(record=Record({"state": "2"}), due=START + timedelta(days=1)))
        assert await desk.deliver(claimed)
        again = await desk.one()
        assert again.wanted.record == Record({"state": "2"})
        assert (again.in_doubt, again.wanted.attempts, again.link) == (False, 1, link())
        assert again.wanted.since == START, "the age of what is undelivered begins no later than its version"

    async def test_a_claim_knows_whether_it_was_replaced(self, desk: Desk) -> None:
        await desk.want(wanted_row(1), wanted_row(2))
        taken = await desk.claim()
        await desk.want(wanted_row(2))
        found = await desk.store.read(lambda tx: claims.replaced(tx, taken))
        assert found == {taken[1].wanted.id}

    @pytest.mark.parametrize("newer", [False, True])
    async def test_a_row_kept_for_its_notes_is_told_unless_it_is_newer(
        self, desk: Desk, *, newer: bool
    ) -> None:
        await desk.want(wanted_row())
        claimed = await desk.one()
        await desk.note("a")
        if newer:
            await desk.want(wanted_row())
        await desk.deliver(claimed)
        row = await desk.row()
        assert row is not None
        assert row.told is not newer

    async def test_a_note_that_came_in_between_is_due_at_once(self, desk: Desk) -> None:
        await desk.want(wanted_row())
        await desk.note("a")
        claimed = await desk.one()
        await desk.note("b")
        await desk.deliver(claimed)
        assert [each.id for each in (await desk.one()).notes] == ["note-b"]

    async def test_many_receipts_are_stored_at_once(self, desk: Desk) -> None:
        await desk.want(*(wanted_row(n) for n in range(1, 4)))
        one, two, three = await desk.claim()
        await desk.want(wanted_row(2))
        done = [Done(each, link()) for each in (one, two, three)]
        assert await desk.store.write(lambda tx: receipts.delivered(tx, done)) == done
        assert numbers(await desk.claim()) == ["2"]

    async def test_nothing_to_store_is_no_error(self, desk: Desk) -> None:
        assert await desk.store.write(lambda tx: receipts.delivered(tx, [])) == []
        assert await desk.store.write(lambda tx: claims.release(tx, [])) == []


class TestDoubt:
    async def test_a_lost_answer_is_followed_by_the_same_attempt(self, desk: Desk) -> None:
        await desk.want(wanted_row())
        await desk.note("a")
        lost = await desk.one()
        await desk.lose(lost)
        await desk.note("b")
        again = await desk.one()
        assert again.wanted.token == lost.wanted.token
        assert (again.in_doubt, again.same_content) == (True, True)
        assert again.notes == (NoteInHand("note-a", "text of a", sent=True),), "b was not in that attempt"
        await desk.deliver(again)
        after = await desk.one()
        assert (after.in_doubt, after.notes) == (False, (NoteInHand("note-b", "text of b"),))
        assert after.wanted.token != lost.wanted.token

    async def test_the_token_vouches_for_the_first_version_it_carried(self, desk: Desk) -> None:
        await desk.want(wanted_row())
        await desk.lose(await desk.one())
        await desk.want(wanted_row(record=Record({"state": "2"})))
        for _ in range(2):  # a second lost answer proves nothing about the second version
            claimed = await desk.one()
            assert (claimed.in_doubt, claimed.same_content) == (True, False)
            await desk.lose(claimed)

    async def test_a_certain_failure_ends_the_doubt(self, desk: Desk) -> None:
        await desk.want(wanted_row())
        await desk.note("a")
        claimed = await desk.one()
        due = START + timedelta(seconds=30)
        kept = await desk.store.write(lambda tx: receipts.delay(tx, claimed, due, "429", keep_token=False))
        assert kept
        assert await desk.claim() == []
        desk.state.clock.turn(seconds=30)
        again = await desk.one()
        assert (again.in_doubt, again.wanted.attempts, again.wanted.last_error) == (False, 2, "429")
        assert again.wanted.token != claimed.wanted.token

    async def test_a_row_given_up_in_doubt_is_in_doubt_when_it_returns(self, desk: Desk) -> None:
        await desk.want(wanted_row())
        claimed = await desk.one()
        await desk.store.write(lambda tx: receipts.park(tx, claimed, "too old", keep_token=True))
        await desk.want(wanted_row())
        again = await desk.one()
        assert (again.in_doubt, again.same_content) == (True, False)


class TestPark:
    async def test_a_parked_row_waits_for_a_change(self, desk: Desk) -> None:
        await desk.want(wanted_row())
        assert await desk.refuse(await desk.one(), "no such field")
        row = await desk.row()
        assert row is not None
        assert (row.parked, row.token, row.leased_until) == ("no such field", None, None)
        desk.state.clock.turn(days=30)
        assert await desk.claim() == []

    async def test_a_newer_version_is_not_parked_for_the_older_ones_fault(self, desk: Desk) -> None:
        await desk.want(wanted_row())
        claimed = await desk.one()
        await desk.want(wanted_row(due=START + timedelta(days=1)))
        await desk.refuse(claimed)
        assert (await desk.one()).wanted.parked is None

    async def test_waiting_for_another_system_is_visible(self, desk: Desk) -> None:
        await desk.want(wanted_row())
        claimed = await desk.one()
        due = START + timedelta(minutes=1)
        await desk.store.write(
            lambda tx: receipts.delay(tx, claimed, due, "not there", keep_token=False, waiting=True)
        )
        assert (await desk.backlog()).absent == 1


class TestFence:
    """A process that lost its claim may finish its request, but commits nothing."""

    async def stale(self, desk: Desk) -> tuple[Claimed, Claimed]:
        await desk.want(wanted_row())
        await desk.note("a")
        old = await desk.one()
        desk.state.clock.turn(minutes=5)
        return old, await desk.one()

    async def test_every_way_to_end_a_claim_is_refused(self, desk: Desk) -> None:
        old, new = await self.stale(desk)
        before = await desk.row()
        other = Link("wrong")

        def late(tx: Tx) -> list[object]:
            return [
                claims.release(tx, [old]),
                receipts.delivered(tx, [Done(old, other, ["note-a"])]),
                receipts.keep(tx, Done(old, other, ["note-a"])),
                receipts.delay(tx, old, START, "late", keep_token=False),
                receipts.park(tx, old, "late"),
            ]

        assert await desk.store.write(late) == [[], [], False, False, False]
        assert await desk.row() == before
        assert await desk.store.read(lambda tx: links.get(tx, "soc", [key()])) == {}
        assert await desk.deliver(new)

    async def test_a_claim_freed_by_a_restart_is_refused(self, desk: Desk) -> None:
        await desk.want(wanted_row())
        old = await desk.one()
        await desk.store.write(claims.release_leases)
        assert not await desk.deliver(old)

    async def test_a_claim_ends_once(self, desk: Desk) -> None:
        await desk.want(wanted_row())
        claimed = await desk.one()
        assert [await desk.deliver(claimed), await desk.deliver(claimed)] == [True, False]

    async def test_a_row_forgotten_and_wanted_again_is_another_row(self, desk: Desk) -> None:
        await desk.want(wanted_row())
        old = await desk.one()
        await desk.store.write(claims.release_leases)
        await desk.store.write(lambda tx: wanted.remove(tx, [old.wanted.id]))
        await desk.want(wanted_row())
        new = await desk.one()
        assert new.wanted.fence == old.wanted.fence
        assert not await desk.deliver(old)
        assert await desk.deliver(new)


class TestNotes:
    async def test_a_note_is_appended_once_for_ever(self, desk: Desk) -> None:
        await desk.want(wanted_row())
        await desk.note("a", "b")
        await desk.note("b", "c")
        claimed = await desk.one()
        assert [each.id for each in claimed.notes] == ["note-a", "note-b", "note-c"]
        await desk.deliver(claimed)
        await desk.note("a", "b", "c")
        await desk.want(wanted_row())
        assert (await desk.one()).notes == ()
        known = await desk.store.read(lambda tx: notes.known(tx, "soc", [key(), key(2)]))
        assert known == {key(): {("comments", item) for item in "abc"}}

    async def test_a_delivered_notes_text_is_forgotten(self, desk: Desk) -> None:
        await desk.want(wanted_row())
        await desk.note("a")
        await desk.deliver(await desk.one())
        assert await desk.store.read(lambda tx: notes.waiting(tx, "soc", [key()])) == {}
        texts = await desk.store.read(
            lambda tx: tx.connection.exec_driver_sql("SELECT count(text) FROM notes").scalar()
        )
        assert texts == 0

    async def test_a_refused_note_is_parked_and_does_not_hold_the_row(self, desk: Desk) -> None:
        await desk.want(wanted_row())
        await desk.note("a", "b")
        claimed = await desk.one()

        def settle(tx: Tx) -> None:
            notes.park(tx, "soc", key(), {"note-b": "too long"})
            receipts.delivered(tx, [Done(claimed, link(), ["note-a"])])

        await desk.store.write(settle)
        assert await desk.row() is None
        assert await desk.store.read(notes.count_parked) == {"soc": 1}
        waiting = await desk.store.read(lambda tx: notes.waiting(tx, "soc", [key()]))
        assert [(each.note, each.parked) for each in waiting[key()]] == [(note("b"), "too long")]
        await desk.want(wanted_row())
        assert (await desk.one()).notes == ()

    async def test_a_parked_note_returns_when_an_operator_says_so(self, desk: Desk) -> None:
        await desk.want(wanted_row())
        await desk.note("a")
        await desk.store.write(lambda tx: notes.park(tx, "soc", key(), {"note-a": "refused"}))
        assert await desk.store.write(lambda tx: notes.unpark(tx, "soc", key())) == 1
        assert [each.id for each in (await desk.one()).notes] == ["note-a"]

    async def test_a_delayed_note_keeps_the_row_until_it_is_due(self, desk: Desk) -> None:
        await desk.want(wanted_row())
        await desk.note("a", "b")
        claimed = await desk.one()
        due = START + timedelta(minutes=1)

        def settle(tx: Tx) -> None:
            notes.delay(tx, "soc", key(), {"note-a": "503"}, due)
            receipts.delivered(tx, [Done(claimed, link(), ["note-b"])])

        await desk.store.write(settle)
        assert await desk.claim() == []
        desk.state.clock.turn(minutes=1)
        assert [each.id for each in (await desk.one()).notes] == ["note-a"]

    async def test_notes_land_while_the_fields_are_refused(self, desk: Desk) -> None:
        await desk.want(wanted_row())
        await desk.note("a")
        claimed = await desk.one()

        def settle(tx: Tx) -> None:
            assert receipts.keep(tx, Done(claimed, link(), ["note-a"]))
            assert receipts.park(tx, claimed, "field refused")

        await desk.store.write(settle)
        row = await desk.row()
        assert row is not None
        assert row.parked == "field refused"
        assert await desk.store.read(lambda tx: notes.waiting(tx, "soc", [key()])) == {}
        assert await desk.store.read(lambda tx: links.get(tx, "soc", [key()])) == {key(): link()}

    async def test_notes_of_other_routes_and_incidents_stay_where_they_are(self, desk: Desk) -> None:
        await desk.want(wanted_row(1), wanted_row(2), wanted_row(1, route="dev"))
        rows = [note("a", 1), note("b", 2), note("c", 1, "dev")]
        await desk.store.write(lambda tx: notes.add(tx, rows))
        carried = {
            (each.wanted.route, each.wanted.key.incident): [one.id for one in each.notes]
            for each in await desk.claim()
        }
        assert carried == {("soc", "1"): ["note-a"], ("soc", "2"): ["note-b"], ("dev", "1"): ["note-c"]}

    async def test_an_erased_note_is_given_up_for_good(self, desk: Desk) -> None:
        await desk.want(wanted_row())
        await desk.note("a")
        assert await desk.store.write(lambda tx: notes.erase(tx, key())) == 1
        assert await desk.store.write(lambda tx: notes.unpark(tx, "soc", key())) == 0
        assert (await desk.one()).notes == ()
