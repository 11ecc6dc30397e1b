"""Rows leave, or are parked; notes are sent once."""

from datetime import timedelta

import pytest

from connector.model import Record
from connector.store import Tx, claims, links, notes, receipts
from connector.store.claims import Held
from connector.store.receipts import Done
from tests.contract.store.desk import Desk
from tests.support.states import START, key, link, note, numbers, wanted_row


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
        held = await desk.store.read(lambda tx: claims.still_held(tx, taken))
        assert held == Held(frozenset(each.wanted.id for each in taken), frozenset([taken[1].wanted.id]))

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
        assert await desk.store.write(lambda tx: notes.unpark(tx, "soc", [key()])) == 1
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
        assert await desk.store.write(lambda tx: notes.unpark(tx, "soc", [key()])) == 0
        assert (await desk.one()).notes == ()
