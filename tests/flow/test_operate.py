"""What was given up comes back, or goes for good: when its incident changes, and when an operator says so.

Operators' commands write to the state while a connector holds it.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from connector import operate
from connector.app import App
from connector.audit import AuditKind, Outcome
from connector.errors import StateError
from connector.operate import Request
from connector.store import Store, claims, notes, undelivered, wanted
from connector.store.undelivered import Picked, Stray
from tests.support.commandline import Done
from tests.support.inprocess import BEGINNING, Lab, lab, sync
from tests.support.states import wanted_row

SENTINEL, SERVICENOW = "contoso-sentinel", "contoso-servicenow"
REFUSED_RECORD = {
    "mock": "servicenow",
    "method": "POST",
    "times": 1,
    "fault": {"kind": "status", "status": 400},
}
REFUSED_COMMENT = {
    "mock": "sentinel",
    "method": "PUT",
    "path_regex": "/comments/",
    "times": 1,
    "fault": {"kind": "status", "status": 400},
}
KIM = Request("kim", "mended")
Call = Callable[..., Done]


@pytest.fixture
def made(tmp_path: Path) -> Lab:
    """Mocks with one incident, and a connector for them."""
    found = lab(tmp_path)
    found.world.graph.portal.create({"displayName": "Phish", "severity": "high"})
    return found


@asynccontextmanager
async def guest(of: Lab) -> AsyncIterator[Store]:
    """The state as a command opens it."""
    store = await Store.open(
        of.config.settings.state.url,
        now=of.world.clock.now,
        salt=lambda: b"fedcba9876543210",
        holder="guest",
        guest=True,
    )
    try:
        yield store
    finally:
        await store.close()


def targets(of: Lab) -> dict[str, str]:
    return {route.name: route.target for route in of.config.routes}


async def retry(of: Lab, incident: str | None = None) -> list[undelivered.Undelivered]:
    async with guest(of) as store:
        return await store.write(lambda tx: operate.retry(tx, incident, targets(of), KIM))


async def discard(of: Lab, incident: str, *, notes_only: bool = False) -> operate.Discarded:
    async with guest(of) as store:
        return await store.write(lambda tx: operate.discard(tx, Picked(incident), KIM, notes_only=notes_only))


async def left(app: App) -> list[tuple[str, bool, int]]:
    """What is undelivered: route, whether there is a row, how many notes."""
    found = await app.store.read(lambda tx: undelivered.find(tx, Picked()))
    return [(each.route, each.row is not None, each.notes) for each in found]


async def said(of: Lab, app: App) -> list[dict[str, Any]]:
    """What the audit says of operators."""
    assert (await of.verified(app)).ok
    return [row.said() for row in await of.rows(app) if row.kind == AuditKind.OPERATOR]


def tickets(of: Lab) -> list[dict[str, Any]]:
    return list(of.world.servicenow.contents()["incident"])


def comments(of: Lab) -> list[str]:
    kept = of.world.sentinel.contents()["comments"].values()
    return [comment["properties"]["message"] for of_one in kept for comment in of_one]


def incident_writes(of: Lab) -> int:
    writes = of.world.log.entries("sentinel", 0, writes_only=True)
    return sum("/comments/" not in entry.path for entry in writes)


async def with_parked_row(of: Lab, app: App) -> None:
    of.world.faults.add(REFUSED_RECORD)
    await of.settle(app)
    assert await left(app) == [(SERVICENOW, True, 0)]


async def with_parked_note(of: Lab, app: App) -> None:
    """The record agrees, and a comment was refused."""
    await of.settle(app)
    of.world.faults.add(REFUSED_COMMENT)
    of.advance(timedelta(minutes=1))
    of.world.graph.portal.comment("1", "Mind the gap.", "Kim")
    await of.settle(app)
    assert await left(app) == [(SENTINEL, False, 1)]


async def test_retried_row_is_delivered_by_the_connector_that_holds_the_state(made: Lab) -> None:
    async with made.process() as app:
        await with_parked_row(made, app)
        (retried,) = await retry(made, "1")
        assert (retried.route, retried.notes) == (SERVICENOW, 0)
        await made.settle(app)
        assert (len(tickets(made)), await left(app)) == (1, [])
        (entry,) = await said(made, app)
    assert (entry["route"], entry["target"], entry["incident"]) == (SERVICENOW, "servicenow", "1")
    assert entry["data"] == {"action": "retry", "by": "kim", "why": "mended", "row": True, "notes": 0}
    assert "outcome" not in entry


async def test_retried_note_travels_alone_when_its_record_agrees(made: Lab) -> None:
    async with made.process() as app:
        await with_parked_note(made, app)
        written = incident_writes(made)
        await retry(made)
        await made.settle(app)
        assert [text.count("Mind the gap.") for text in comments(made)] == [1]
        assert incident_writes(made) == written
        assert await left(app) == []
        outcomes = [row.outcome for row in await made.rows(app) if row.route == SENTINEL and row.outcome]
    assert outcomes == [Outcome.CREATED, Outcome.UPDATED]


async def test_parked_note_comes_back_when_its_incident_changes(made: Lab) -> None:
    async with made.process() as app:
        await with_parked_note(made, app)
        made.advance(timedelta(minutes=1))
        made.world.graph.portal.set("1", {"severity": "low"}, "Kim")
        await made.settle(app)
        assert await left(app) == []
    assert [text.count("Mind the gap.") for text in comments(made)] == [1]


async def test_retrying_what_was_not_given_up_changes_nothing(made: Lab) -> None:
    async with made.process() as app:
        await made.settle(app)
        assert await retry(made, "1") == []
        assert await said(made, app) == []


async def test_discarded_row_stays_away_until_its_incident_changes(made: Lab) -> None:
    async with made.process() as app:
        await with_parked_row(made, app)
        await discard(made, "1")
        made.advance(timedelta(minutes=1))
        await made.settle(app)
        assert (tickets(made), await left(app)) == ([], [])
        made.world.graph.portal.set("1", {"severity": "low"}, "Kim")
        await made.settle(app)
        assert len(tickets(made)) == 1
        (entry,) = await said(made, app)
    assert (entry["data"]["action"], entry.get("outcome")) == ("discard", None)  # it was parked: its outcome


async def test_row_discarded_before_it_was_given_up_has_its_outcome_from_that(made: Lab) -> None:
    made.world.faults.add({"mock": "servicenow", "fault": {"kind": "status", "status": 503}})
    async with made.process() as app:
        await sync(app)
        await discard(made, "1")
        (entry,) = await said(made, app)
    assert entry["outcome"] == Outcome.DISCARDED


async def test_discarded_notes_are_never_written(made: Lab) -> None:
    async with made.process() as app:
        await with_parked_note(made, app)
        await discard(made, "1", notes_only=True)
        assert await app.store.read(notes.count_parked) == {}
        made.advance(timedelta(minutes=1))
        made.world.graph.portal.set("1", {"severity": "low"}, "Kim")
        await made.settle(app, rescan=True)
        assert await retry(made) == []
    assert comments(made) == []


async def test_discarding_notes_leaves_rows(made: Lab) -> None:
    async with made.process() as app:
        await with_parked_row(made, app)
        result = await discard(made, "1", notes_only=True)
        assert (result.done, await left(app)) == ([], [(SERVICENOW, True, 0)])


async def test_what_is_being_delivered_is_not_discarded(made: Lab) -> None:
    lease = timedelta(minutes=5)
    async with made.process() as app:
        await app.store.write(lambda tx: wanted.put(tx, [wanted_row(due=BEGINNING)]))
        await app.store.write(lambda tx: claims.claim(tx, "snow", 1, lease, lambda: "token"))
        result = await discard(made, "1")
        assert (len(result.done), len(result.busy)) == (0, 1)
        made.advance(lease)
        result = await discard(made, "1")
        assert (len(result.done), len(result.busy), await left(app)) == (1, 0, [])


def test_guest_needs_a_state_and_makes_none(made: Lab, tmp_path: Path) -> None:
    before = sorted(tmp_path.iterdir())
    with pytest.raises(StateError, match="there is no state"):
        asyncio.run(retry(made))
    assert sorted(tmp_path.iterdir()) == before


async def test_rows_take_the_target_that_their_route_has_now(made: Lab) -> None:
    async with made.process() as app:
        rows = [wanted_row(1, "soc"), wanted_row(2, "soc", target="new"), wanted_row(3, "old")]
        await app.store.write(lambda tx: wanted.put(tx, rows))
        assert await app.store.write(lambda tx: undelivered.retarget(tx, {"soc": "new"})) == 1
        found = await app.store.read(wanted.backlogs)
        assert {target: backlog.waiting for target, backlog in found.items()} == {"new": 2, "snow": 1}
        strays = await app.store.read(lambda tx: undelivered.strays(tx, {"soc": "new"}))
    assert strays == [Stray("old", rows=1)]
