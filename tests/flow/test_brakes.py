"""Improbable bulk change stays until somebody has looked: creations and closings beyond what an hour may see."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from connector import operate
from connector.audit import AuditKind, Outcome
from connector.deliver import Brakes
from connector.deliver.deliverer import BATCH
from connector.errors import TransientError
from connector.model import Catalogue, Delivery, EventKind, FieldSpec, Receipt, Record
from connector.operate import Request
from connector.store import wanted
from connector.store.undelivered import Picked
from connector.store.wanted import Wanted
from tests.support.faketarget import Bench, FakeTarget, bench, link_of, succeeds
from tests.support.states import START, wanted_row

CATALOGUE = Catalogue("fake", {"state": FieldSpec("state")}, closed=("state", frozenset({"closed"})))
KIM = Request("kim", "they are real")


def rows(numbers: Sequence[int], state: str = "open") -> list[Wanted]:
    return [replace(wanted_row(number), record=Record({"state": state})) for number in numbers]


async def held(desk: Bench) -> int:
    backlog = await desk.store.read(lambda tx: wanted.backlog(tx, desk.target.name))
    return backlog.held


async def release(desk: Bench) -> int:
    released = await desk.store.write(lambda tx: operate.release(tx, desk.target.name, None, None, KIM))
    return len(released)


async def test_more_creations_than_an_hour_may_see_wait_for_an_operator(tmp_path: Path) -> None:
    async with bench(tmp_path, FakeTarget(), brakes=Brakes(creates_per_hour=10)) as desk:
        await desk.put(*rows(range(1, 31)))
        await desk.drain(times=5, minutes=40)  # the hour that passes lets none of them go
        assert (len(desk.target.records), await held(desk)) == (10, 20)
        assert (await desk.kinds())[AuditKind.HELD] == 20
        assert sum(event.kind is EventKind.HELD for event in desk.events) == 20
        assert await release(desk) == 20
        await desk.drain()
        assert (len(desk.target.records), len(desk.target.calls), await held(desk)) == (30, 30, 0)
        released = [row for row in await desk.audit() if row.kind == AuditKind.OPERATOR]
        assert len(released) == 20
        assert all(row.said()["data"]["by"] == "kim" for row in released)


async def test_held_is_told_since_it_was_held_and_not_since_it_waits(tmp_path: Path) -> None:
    async with bench(tmp_path, FakeTarget(), brakes=Brakes(creates_per_hour=1)) as desk:
        await desk.put(*rows([1]))
        await desk.drain(minutes=5)
        await desk.put(*rows([2]))
        await desk.drain(minutes=10)
        await desk.put(*rows([3]))
        await desk.drain()
        backlog = await desk.store.read(lambda tx: wanted.backlog(tx, desk.target.name))
        assert (backlog.held, backlog.held_since) == (2, START + timedelta(minutes=5))


async def test_one_pass_comes_to_the_end_of_what_a_brake_holds(tmp_path: Path) -> None:
    async with bench(tmp_path, FakeTarget(), brakes=Brakes(creates_per_hour=1)) as desk:
        await desk.put(*rows(range(1, 3 * BATCH)))
        await desk.drain()
        assert (len(desk.target.records), await held(desk)) == (1, 3 * BATCH - 2)


async def test_hour_slides(tmp_path: Path) -> None:
    async with bench(tmp_path, FakeTarget(), brakes=Brakes(creates_per_hour=10)) as desk:
        await desk.put(*rows(range(1, 11)))
        await desk.drain(minutes=61)
        await desk.put(*rows(range(11, 21)))
        await desk.drain()
        assert (len(desk.target.records), await held(desk)) == (20, 0)


async def test_closings_are_counted_apart_and_changes_not_at_all(tmp_path: Path) -> None:
    brakes = Brakes(creates_per_hour=5, closes_per_hour=2)
    async with bench(tmp_path, FakeTarget(catalogue=CATALOGUE), brakes=brakes) as desk:
        await desk.put(*rows(range(1, 6)))
        await desk.drain()
        await desk.put(*rows(range(1, 6), "changed"))
        await desk.drain()
        assert await held(desk) == 0
        await desk.put(*rows(range(1, 6), "closed"))
        await desk.drain()
        closed = [record for record in desk.target.records.values() if record.fields["state"] == "closed"]
        assert (len(closed), await held(desk)) == (2, 3)


async def test_what_is_handed_over_to_the_customer_is_neither_held_nor_counted(tmp_path: Path) -> None:
    async with bench(tmp_path, FakeTarget(), brakes=Brakes(creates_per_hour=1)) as desk:
        await desk.put(*[replace(row, priority=0) for row in rows(range(1, 6))])
        await desk.drain()
        await desk.put(*rows([6]))
        await desk.drain()
        assert (len(desk.target.records), await held(desk)) == (6, 0)


async def test_newer_version_of_a_held_row_is_judged_afresh(tmp_path: Path) -> None:
    async with bench(tmp_path, FakeTarget(), brakes=Brakes(creates_per_hour=1)) as desk:
        await desk.put(*rows([1, 2]))
        await desk.drain(minutes=61)
        await desk.put(*rows([2], "newer"))
        await desk.drain()
        assert [record.fields["state"] for record in desk.target.records.values()] == ["open", "newer"]
        assert await held(desk) == 0


async def test_records_that_are_there_already_are_no_creations(tmp_path: Path) -> None:
    """A state was lost: every record is found again, however many may be created."""
    there = {row.key: row.record for row in rows(range(1, 3 * BATCH))}
    target = FakeTarget(records=there.copy())
    async with bench(tmp_path, target, brakes=Brakes(creates_per_hour=10)) as desk:
        await desk.put(*rows(range(1, 3 * BATCH)))
        await desk.drain()
        assert (set(target.records), await held(desk), await desk.left()) == (set(there), 0, (0, 0))
        await desk.put(*rows(range(3 * BATCH, 3 * BATCH + 30)))
        await desk.drain()
        assert (len(target.records), await held(desk)) == (len(there) + 10, 20)


def follows(delivery: Delivery) -> Receipt | None:
    """Every record is closed by people in the end, so that it is followed by a new one."""
    return Receipt(link_of(delivery), created=True) if delivery.link else None


async def test_records_that_follow_closed_ones_are_creations_and_are_held(tmp_path: Path) -> None:
    target = FakeTarget(follows, catalogue=CATALOGUE)
    async with bench(tmp_path, target, brakes=Brakes(creates_per_hour=2)) as desk:
        for state in ("open", "closed"):
            target.answer = succeeds
            await desk.put(*[replace(row, priority=0) for row in rows(range(1, 6), state)])
            await desk.drain()
        target.answer = follows
        reopened = Record({"state": "open"}, when_record={"closed": "follow_up"})
        await desk.put(*[replace(row, record=reopened) for row in rows(range(1, 6))])
        since = len(target.calls)
        await desk.drain()
        assert (len(target.calls) - since, await held(desk)) == (2, 3)


async def test_record_that_follows_one_unexpectedly_closed_counts_for_those_after_it(tmp_path: Path) -> None:
    async with bench(tmp_path, FakeTarget(), brakes=Brakes(creates_per_hour=5)) as desk:
        await desk.put(*rows(range(1, 4)))
        await desk.drain()
        desk.target.answer = follows
        await desk.put(*rows(range(1, 3), "changed"))
        await desk.drain()
        desk.target.answer = succeeds
        await desk.put(*rows([9]))
        await desk.drain()
        assert (len(desk.target.records), await held(desk)) == (3, 1)


async def test_join_is_no_creation(tmp_path: Path) -> None:
    async with bench(tmp_path, FakeTarget(creates=False), brakes=Brakes(creates_per_hour=1)) as desk:
        await desk.put(*rows(range(1, 6)))
        await desk.drain()
        assert (len(desk.target.calls), await held(desk)) == (5, 0)


async def test_row_is_counted_once_however_often_it_is_tried(tmp_path: Path) -> None:
    target = FakeTarget(lambda _: TransientError("503"))
    async with bench(tmp_path, target, brakes=Brakes(creates_per_hour=2)) as desk:
        await desk.put(*rows([1]))
        await desk.drain(times=5, seconds=30)
        target.answer = succeeds
        await desk.drain(times=5, minutes=1)
        await desk.put(*rows([2]))
        await desk.drain()
        assert (len(target.records), await held(desk)) == (2, 0)


async def test_row_given_back_unsent_is_counted_when_it_leaves(tmp_path: Path) -> None:
    target = FakeTarget(lambda _: TransientError("429", retry_after=120))
    async with bench(tmp_path, target, brakes=Brakes(creates_per_hour=30), workers=1) as desk:
        await desk.put(*rows(range(1, 31)))
        await desk.drain(seconds=121)  # one is told to wait, and the others are given back
        target.answer = succeeds
        await desk.drain(times=30, seconds=30)
        assert (len(target.records), await held(desk)) == (30, 0)


@pytest.mark.parametrize("brakes", [Brakes(), Brakes(closes_per_hour=1)])
async def test_without_a_limit_nothing_is_held(tmp_path: Path, brakes: Brakes) -> None:
    async with bench(tmp_path, FakeTarget(), brakes=brakes) as desk:
        await desk.put(*rows(range(1, 31)))
        await desk.drain()
        assert (len(desk.target.records), await held(desk)) == (30, 0)


async def test_held_row_has_an_outcome_and_can_be_discarded(tmp_path: Path) -> None:
    async with bench(tmp_path, FakeTarget(), brakes=Brakes(creates_per_hour=1)) as desk:
        await desk.put(*rows([1, 2]))
        await desk.drain(times=2, minutes=1)
        outcomes = [row.outcome for row in await desk.audit() if row.kind == AuditKind.HELD]
        assert outcomes == [Outcome.HELD]
        found = await desk.store.read(lambda tx: wanted.of_incident(tx, rows([2])[0].key))
        assert found[0].held == "brake: 1 creates in an hour are reached"
        assert found[0].attempts == 0
        gone = await desk.store.write(lambda tx: operate.discard(tx, Picked("2", None), KIM))
        assert (len(gone.done), await held(desk)) == (1, 0)
