"""A target that waits as a whole: what makes it wait, what is told of it, and what ends it."""

import asyncio
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest

from connector.audit import AuditKind
from connector.errors import AuthError, NotThereYetError, RejectedError, TransientError
from connector.model import Quota
from connector.store import wanted
from tests.support.faketarget import FakeTarget, bench, notes_fail, succeeds
from tests.support.states import START, note, wanted_row

HOUR = 60  # minutes
ROUNDS = 5  # done in as many seconds if none waits for the next look, a second later


async def test_wait_that_one_row_was_told_holds_all_of_them(tmp_path: Path) -> None:
    target = FakeTarget(lambda _: TransientError("429", retry_after=120))
    async with bench(tmp_path, target) as desk:
        await desk.put(*[wanted_row(number) for number in range(1, 31)])
        await desk.drain()
        assert len(target.calls) <= desk.deliverer.workers
        asked = len(target.calls)
        await desk.drain(times=100, seconds=1)
        assert len(target.calls) == asked
        target.answer = succeeds
        await desk.drain(times=30, seconds=1)
        assert await desk.left() == (0, 0)


@pytest.mark.parametrize("seconds", [1e11, 1e15, float("inf")])
async def test_wait_of_any_length_ends_within_a_day(tmp_path: Path, seconds: float) -> None:
    async with bench(tmp_path, FakeTarget(lambda _: TransientError("429", retry_after=seconds))) as desk:
        await desk.put(wanted_row())
        await desk.drain()
        due = await desk.store.read(lambda tx: wanted.next_due(tx, "snow"))
        assert due is not None
        assert due <= START + timedelta(days=1, seconds=1)


async def test_wait_of_nothing_does_not_take_the_place_of_ours(tmp_path: Path) -> None:
    target = FakeTarget(lambda _: TransientError("429", retry_after=0))
    async with bench(tmp_path, target) as desk:
        await desk.put(wanted_row())
        await desk.drain(times=300, seconds=1)
        assert len(target.calls) < 10


async def test_pause_lasts_until_a_write_succeeds_however_often_reading_does(tmp_path: Path) -> None:
    target = FakeTarget(lambda delivery: AuthError(f"403 [request {delivery.key.incident}]"))
    async with bench(tmp_path, target) as desk:
        await desk.put(*[wanted_row(number) for number in range(1, 11)])
        await desk.drain(times=HOUR, seconds=61)
        pause = await desk.pause()
        assert pause is not None
        assert (pause.reason, pause.since) == ("403", START)
        assert target.probes == HOUR - 1
        assert await desk.left() == (10, 0)
        target.answer = succeeds
        await desk.drain()
        assert await desk.pause() is None
        assert await desk.left() == (0, 0)
        kinds = await desk.kinds()
        assert (kinds[AuditKind.PAUSED], kinds[AuditKind.RESUMED]) == (1, 1)


async def test_paused_target_is_tried_with_a_single_row(tmp_path: Path) -> None:
    target = FakeTarget(lambda _: AuthError("403"))
    async with bench(tmp_path, target) as desk:
        await desk.put(*[wanted_row(number) for number in range(1, 11)])
        await desk.drain(seconds=61)
        before = len(target.calls)
        await desk.drain()
        assert len(target.calls) == before + 1


async def test_target_that_does_not_answer_the_probe_stays_paused(tmp_path: Path) -> None:
    target = FakeTarget(lambda _: AuthError("401"))
    async with bench(tmp_path, target) as desk:
        await desk.put(wanted_row())
        await desk.drain(seconds=61)
        target.silent = KeyError("our own mistake")
        await desk.drain(times=5, seconds=61)
        pause = await desk.pause()
        assert pause is not None
        assert (pause.since, target.calls) == (START, ["1"])


async def test_pause_with_nothing_left_to_deliver_ends_with_a_probe(tmp_path: Path) -> None:
    target = FakeTarget(lambda _: AuthError("401"))
    async with bench(tmp_path, target) as desk:
        await desk.put(wanted_row())
        await desk.drain(seconds=61)
        await desk.store.write(lambda tx: wanted.remove(tx, [1]))
        await desk.drain()
        assert await desk.pause() is None


async def test_note_that_may_not_be_written_pauses_the_target_and_says_why(tmp_path: Path) -> None:
    async with bench(tmp_path, FakeTarget(notes_fail(AuthError("comment: 403")))) as desk:
        await desk.put(wanted_row(), notes_too=[note("a")])
        await desk.drain()
        pause = await desk.pause()
        assert pause is not None
        assert pause.reason == "comment: 403"
        (row,) = await desk.store.read(wanted.delayed)
        assert row.last_error == "comment: 403"


async def test_rows_parked_on_the_way_to_a_pause_arrive_once_it_ends(tmp_path: Path) -> None:
    target = FakeTarget(lambda _: RejectedError("a field is mandatory"))
    async with bench(tmp_path, target) as desk:
        await desk.put(*[wanted_row(number) for number in range(1, 11)])
        await desk.drain()
        assert await desk.left() == (10, 0)
        target.answer = succeeds
        await desk.drain(times=3, seconds=121)
        assert await desk.left() == (0, 0)


async def test_refusal_that_pauses_the_target_can_be_erased_with_its_incident(tmp_path: Path) -> None:
    person = "new.person@contoso.example"
    async with bench(tmp_path, FakeTarget(lambda _: RejectedError(f"{person} is locked"))) as desk:
        await desk.put(*[wanted_row(number) for number in range(1, 11)])
        await desk.drain()
        (row,) = [row for row in await desk.audit() if row.kind == AuditKind.PAUSED]
        assert (row.private, row.said()["tenant"]) == ({"reason": f"{person} is locked"}, "tenant-a")
        assert not [row for row in await desk.audit() if person.encode() in row.body]


async def test_row_that_is_refused_again_and_again_does_not_hide_the_others(tmp_path: Path) -> None:
    refused = {str(number) for number in range(1, 7)}
    target = FakeTarget(lambda each: RejectedError("refused") if each.key.incident in refused else None)
    async with bench(tmp_path, target) as desk:
        await desk.put(*[wanted_row(number) for number in range(1, 7)])
        await desk.drain(seconds=1)
        await desk.put(*[wanted_row(number, since=desk.clock()) for number in range(7, 15)])
        await desk.drain(times=30, seconds=61)
        assert {key.incident for key in target.records} == {str(number) for number in range(7, 15)}


async def test_what_was_not_sent_because_of_a_pause_is_not_charged(tmp_path: Path) -> None:
    quotas = {"writes": Quota("group", 24, 300)}
    target = FakeTarget(lambda _: AuthError("403"), quotas=quotas, price=lambda _: {"writes": 1})
    async with bench(tmp_path, target) as desk:
        await desk.put(*[wanted_row(number) for number in range(1, 21)])
        await desk.drain(seconds=61)
        assert len(target.calls) <= 4
        target.answer = succeeds
        await desk.drain()
        assert await desk.left() == (0, 0)


async def test_rows_that_wait_for_others_use_up_no_quota(tmp_path: Path) -> None:
    quotas = {"writes": Quota("group", 5, 300)}
    target = FakeTarget(
        lambda each: NotThereYetError("not there") if each.key.incident != "9" else None,
        quotas=quotas,
        price=lambda _: {"writes": 1},
    )
    async with bench(tmp_path, target) as desk:
        await desk.put(*[wanted_row(number) for number in range(1, 9)])
        await desk.drain(seconds=1)
        await desk.put(wanted_row(9, since=desk.clock()))
        await desk.drain(times=60, seconds=1)
        assert Counter(target.calls)["9"] == 1


async def test_row_that_met_a_mended_refusal_is_waited_for_by_a_pass_with_patience(tmp_path: Path) -> None:
    async def read() -> None: ...

    target = FakeTarget(lambda _: AuthError("401"))
    async with bench(tmp_path, target) as desk:
        await desk.put(wanted_row())
        await desk.drain()
        target.answer = succeeds
        reading = asyncio.create_task(read())
        await reading
        patient = desk.deliverer.finish(reading, patience=timedelta(minutes=2), stop=asyncio.Event())
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(patient, 0.2)
        desk.clock.turn(seconds=61)
        await desk.deliverer.finish(reading, patience=timedelta(minutes=2), stop=asyncio.Event())
        assert await desk.left() == (0, 0)


async def test_pass_ends_with_its_reading(tmp_path: Path) -> None:
    async with bench(tmp_path, FakeTarget(succeeds)) as desk, asyncio.timeout(ROUNDS):
        for _ in range(ROUNDS):
            reading = asyncio.create_task(asyncio.sleep(0.05))
            await desk.deliverer.finish(reading, patience=timedelta(), stop=asyncio.Event())
            assert reading.done()
