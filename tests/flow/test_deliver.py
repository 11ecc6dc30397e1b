"""Rows on their way: each leaves once, what fails is tried again at growing intervals, and what was left is known."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from connector import app as composition
from connector.app import App, Feed
from connector.audit import AuditKind, Outcome
from connector.config import load
from connector.deliver.attempt import Answered
from connector.deliver.deliverer import LEASE
from connector.deliver.settle import Judged, settle
from connector.errors import AuthError, ConnectorError, RejectedError, TransientError
from connector.model import Delivery, Link, Page, Position, Receipt, Revision
from connector.plan import Park
from connector.poll import Poll
from connector.store import claims, links, wanted
from connector.telemetry import null
from tests.support.faketarget import FakeTarget, bench, notes_fail, succeeds
from tests.support.inprocess import Lab, lab
from tests.support.states import key, note, wanted_row

PERSON = "new.person@contoso.example"


def rows(count: int) -> list[wanted.Wanted]:
    return [wanted_row(number) for number in range(1, count + 1)]


async def test_row_that_waited_too_long_for_its_turn_is_given_back_and_leaves_once(tmp_path: Path) -> None:
    target = FakeTarget()
    async with bench(tmp_path, target) as desk:

        def four_at_a_time_take_minutes() -> None:
            if len(target.calls) % 4 == 0:
                desk.clock.turn(minutes=3)

        target.meanwhile = four_at_a_time_take_minutes
        await desk.put(*rows(100))
        started = desk.clock()
        await desk.drain()
        assert desk.clock() - started > 2 * LEASE
        assert Counter(target.calls) == {str(number): 1 for number in range(1, 101)}
        assert not any(delivery.in_doubt for delivery in target.deliveries)


async def test_end_is_not_delayed_by_what_was_claimed_but_not_begun(tmp_path: Path) -> None:
    target, stop = FakeTarget(), asyncio.Event()
    target.meanwhile = stop.set
    async with bench(tmp_path, target) as desk:
        await desk.put(*rows(50))
        await desk.deliverer.run(stop)
        assert len(target.calls) == desk.deliverer.workers
        assert await desk.left() == (50 - desk.deliverer.workers, 0)
        target.meanwhile = lambda: None
        await desk.drain()
        assert max(Counter(target.calls).values()) == 1


async def test_note_that_keeps_failing_is_tried_at_growing_intervals_and_given_up(tmp_path: Path) -> None:
    target = FakeTarget(notes_fail(TransientError("comment: 500")))
    async with bench(tmp_path, target) as desk:
        await desk.put(wanted_row(), notes_too=[note("a")])
        await desk.drain(times=400, seconds=9)  # an hour
        assert 5 < len(target.calls) < 20
        kinds = await desk.kinds()
        assert (kinds[AuditKind.DELIVERED], kinds[AuditKind.FAILED]) == (1, len(target.calls) - 1)
        (row,) = await desk.store.read(wanted.delayed)
        assert row.last_error == "comment: 500"
        await desk.drain(times=2, days=8)
        assert await desk.parked_notes() == {"soc": 1}
        assert await desk.left() == (0, 0)


async def test_change_of_a_row_given_up_by_age_is_not_given_up_at_its_first_failure(tmp_path: Path) -> None:
    target = FakeTarget(lambda _: TransientError("503"))
    async with bench(tmp_path, target) as desk:
        await desk.put(wanted_row())
        await desk.drain(times=20, hours=12)
        assert await desk.left() == (0, 1)
        now = desk.clock()
        await desk.put(wanted_row(content="newer", revision=Revision.of(now), since=now, due=now))
        await desk.drain(times=12, hours=1)
        assert await desk.left() == (1, 0)


async def test_first_failure_after_a_long_outage_gives_nothing_up(tmp_path: Path) -> None:
    async with bench(tmp_path, FakeTarget(lambda _: TransientError("503"))) as desk:
        await desk.put(wanted_row())
        desk.clock.turn(days=30)
        await desk.drain()
        assert await desk.left() == (1, 0)


@pytest.mark.parametrize("step", ["closed", "unprepared"])
@pytest.mark.parametrize("error", [KeyError("a bug"), TransientError("503"), AuthError("401")])
async def test_target_that_fails_before_a_write_delays_its_rows_and_leaves_no_doubt(
    tmp_path: Path, step: str, error: Exception
) -> None:
    target = FakeTarget()
    setattr(target, step, error)
    async with bench(tmp_path, target) as desk:
        await desk.put(*rows(3))
        await desk.drain(times=2, seconds=61)
        assert (target.calls, await desk.left()) == ([], (3, 0))
        setattr(target, step, None)
        await desk.drain()
        assert sorted(target.calls) == ["1", "2", "3"]
        assert not any(delivery.in_doubt for delivery in target.deliveries)


async def test_lost_answer_stays_in_doubt_when_the_next_look_up_fails(tmp_path: Path) -> None:
    target = FakeTarget(lambda _: TransientError("cut"))
    async with bench(tmp_path, target) as desk:
        await desk.put(wanted_row())
        await desk.drain(seconds=61)
        target.unprepared = TransientError("503")
        await desk.drain(seconds=61)
        target.unprepared, target.answer = None, succeeds
        await desk.drain()
        assert [delivery.in_doubt for delivery in target.deliveries] == [False, True]


async def test_what_was_left_on_the_target_is_intended_and_not_applied(tmp_path: Path) -> None:
    def leaves(delivery: Delivery) -> Receipt:
        return Receipt(Link("id"), created=True, left={"state": "edited by a person"})

    async with bench(tmp_path, FakeTarget(leaves)) as desk:
        await desk.put(wanted_row())
        await desk.drain()
        (found,) = await desk.store.read(lambda tx: links.of_incident(tx, key()))
        assert (dict(found.link.applied), dict(found.link.left)) == ({}, {"state": "1"})


async def test_what_the_far_side_says_of_persons_can_be_erased(tmp_path: Path) -> None:
    def answer(delivery: Delivery) -> Exception | Receipt:
        if delivery.key.incident == "2":
            return RejectedError(f"{PERSON} is locked")
        errors: dict[str, ConnectorError] = {each.id: RejectedError(PERSON) for each in delivery.notes}
        return Receipt(Link("id"), created=True, left={"state": f"no row: {PERSON}"}, note_errors=errors)

    async with bench(tmp_path, FakeTarget(answer)) as desk:
        await desk.put(*rows(2), notes_too=[note("a")])
        await desk.drain()
        told = [row for row in await desk.audit() if PERSON in str(row.private)]
        assert sorted(row.kind for row in told) == [AuditKind.DELIVERED, AuditKind.FAILED]
        assert not [row for row in await desk.audit() if PERSON.encode() in row.body]


async def test_answer_to_a_claim_that_is_no_longer_ours_changes_no_note(tmp_path: Path) -> None:
    async with bench(tmp_path, FakeTarget()) as desk:
        await desk.put(wanted_row(), notes_too=[note("a")])
        tokens = iter("ab")

        def claim(tx: Any) -> list[claims.Claimed]:
            return claims.claim(tx, "snow", 1, LEASE, lambda: next(tokens))

        (stale,) = await desk.store.write(claim)
        desk.clock.turn(hours=1)
        await desk.store.write(claim)
        refused = RejectedError("no", part="notes")
        receipt = Receipt(Link("id"), note_errors={"note-a": refused})
        answer = Answered(stale, stale.at, desk.clock(), receipt)
        judged = Judged(answer, None, (("note-a", refused, Park()),))
        assert await desk.store.write(lambda tx: settle(tx, desk.target.catalogue, [judged])) == []
        assert await desk.parked_notes() == {}
        assert await desk.audit() == []


@dataclass
class Endless:
    """A source whose second page never comes; by then the end was asked for."""

    stop: asyncio.Event
    name: str = "endless"
    tenant: str = "tenant-a"

    async def changes(
        self, since: Position, *, start: Position | None = None, again: Sequence[str] = ()
    ) -> AsyncIterator[Page]:
        yield Page((), None, read=0)
        self.stop.set()
        await asyncio.Event().wait()

    async def probe(self) -> None: ...

    async def close(self) -> None: ...


async def test_end_of_a_pass_does_not_wait_for_its_pages(tmp_path: Path) -> None:
    stop = asyncio.Event()
    async with bench(tmp_path, FakeTarget()) as desk:
        poll = Poll(
            Endless(stop),
            [],
            desk.store,
            start=Revision.of,
            now=desk.clock,
            emit=null,
            history=1,
            woken=desk.deliverer.wake.set,
        )
        app = App(
            desk.store, [Feed(poll, timedelta(hours=1))], [desk.deliverer], timedelta(), desk.clock, null
        )
        async with asyncio.timeout(10):
            synced = await composition.sync(app, rescan=False, patience=timedelta(), stop=stop)
        assert synced.left == {"snow": 0}


async def change(made: Lab, app: App, **values: Any) -> None:
    """Somebody changes the incident, and everything is delivered."""
    made.advance(timedelta(seconds=1))
    made.world.graph.portal.set("1", values, "Kim")
    await made.settle(app)


def ticket(made: Lab) -> Mapping[str, str]:
    (row,) = made.world.servicenow.contents()["incident"]
    return row


def known_people(made: Lab) -> list[Mapping[str, str]]:
    users = made.world.servicenow.contents()["sys_user"]
    return [row for row in users if row["email"] and row["active"] == "true"]


@pytest.mark.parametrize("assigned", [False, True])
async def test_person_who_is_not_known_is_no_edit_by_a_person(tmp_path: Path, assigned: bool) -> None:
    made = lab(tmp_path)
    before, after = known_people(made)[:2]
    first = before["email"] if assigned else None
    made.world.graph.portal.create({"displayName": "Phish", "assignedTo": first})
    async with made.process() as app:
        await made.settle(app)
        await change(made, app, assignedTo=PERSON)
        assert ticket(made)["assigned_to"] == (before["sys_id"] if assigned else "")
        await change(made, app, assignedTo=after["email"])
        assert ticket(made)["assigned_to"] == after["sys_id"]


async def test_person_who_becomes_known_later_is_assigned_at_the_next_change(tmp_path: Path) -> None:
    made = lab(tmp_path)
    made.world.graph.portal.create({"displayName": "Phish", "severity": "high", "assignedTo": PERSON})
    async with made.process() as app:
        await made.settle(app)
        added = made.world.servicenow.create("sys_user", {"user_name": PERSON, "email": PERSON}, "admin")
        made.advance(timedelta(hours=1))
        await change(made, app, severity="low")
        assert ticket(made)["assigned_to"] == added["sys_id"]
        assert not [row for row in await made.rows(app) if PERSON.encode() in row.body]


def excluding(made: Lab, condition: str) -> Lab:
    """The same world with a ServiceNow mapping that excludes what meets the condition."""
    said = yaml.safe_load(made.config.path.read_text())
    (route,) = [each for each in said["routes"] if each["target"] == "servicenow"]
    (mapping,) = [each.mapping for each in made.config.routes if each.target == "servicenow"]
    document = yaml.safe_load(mapping.text)
    document["scope"] = [{"id": "low", "exclude_when": condition, "reason": "too low"}]
    document.pop("examples", None)
    own = made.config.path.parent / "own.yaml"
    own.write_text(yaml.safe_dump(document, sort_keys=False))
    route["mapping"] = str(own)
    made.config.path.write_text(yaml.safe_dump(said))
    return Lab(made.world, load(made.config.path))


async def test_comment_made_while_its_incident_was_excluded_arrives_when_it_is_not(tmp_path: Path) -> None:
    made = excluding(lab(tmp_path), "severity == 'low'")
    portal = made.world.graph.portal
    portal.create({"displayName": "Phish", "severity": "high"})
    async with made.process() as app:
        await made.settle(app)
        await change(made, app, severity="low")
        made.advance(timedelta(seconds=1))
        portal.comment("1", "said meanwhile", "Kim")
        await made.settle(app)
        outcomes = {row.said().get("outcome") for row in await made.rows(app)}
        assert Outcome.EXCLUDED in outcomes
        await change(made, app, severity="high")
        await change(made, app, displayName="Phish again")
    said = [row["value"] for row in made.world.servicenow.contents()["sys_journal_field"]]
    assert sum("said meanwhile" in text for text in said) == 1
