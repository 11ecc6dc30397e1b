"""Rows are claimed: none by two at once, and after a lost answer with a word of it."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from connector.model import Link, NoteInHand, Record
from connector.store import Tx, claims, links, receipts, wanted
from connector.store.claims import Claimed
from connector.store.receipts import Done
from tests.contract.store.desk import Desk
from tests.support.states import LEASE, START, State, key, link, numbers, wanted_row


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
