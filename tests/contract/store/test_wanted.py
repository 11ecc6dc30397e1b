"""Rows wait: a newer version replaces an older one, and nothing is lost."""

from dataclasses import replace
from datetime import timedelta

from connector.model import Lookup, Mode, Record
from connector.store import wanted
from connector.store.wanted import Backlog
from tests.contract.store.desk import Desk
from tests.support.states import LEASE, START, key, numbers, wanted_row


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
        (row,) = await desk.store.read(wanted.delayed)
        assert (row.key, row.last_error) == (key(1), "lost")

    async def test_the_rows_of_an_incident_are_found_under_every_route(self, desk: Desk) -> None:
        await desk.want(wanted_row(1), wanted_row(1, route="dev"), wanted_row(2))
        found = await desk.store.read(lambda tx: wanted.of_incident(tx, key(1)))
        assert [each.route for each in found] == ["dev", "soc"]
