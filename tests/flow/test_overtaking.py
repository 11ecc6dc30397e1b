"""Changes that overtake what is under way: an answer not yet there, or one that never came."""

from datetime import timedelta
from pathlib import Path

import pytest

from tests.support import agreement, endstate
from tests.support.inprocess import LATER, Lab, lab, sync


@pytest.fixture
def fresh(tmp_path: Path) -> Lab:
    return lab(tmp_path)


async def test_change_during_a_delivery_is_delivered_next_and_each_revision_has_one_outcome(
    fresh: Lab,
) -> None:
    portal = fresh.world.graph.portal
    portal.create({"displayName": "Old title"})
    async with fresh.process() as app:
        (feed,) = app.feeds
        await app.sweep(feed)

        async def changes() -> None:
            fresh.advance(timedelta(seconds=5))
            portal.set("1", {"displayName": "New title"}, "Kim")
            await app.sweep(feed)

        fresh.meanwhile = changes
        await fresh.settle(app)
        wished = await agreement.wishes(app, fresh.config)
        assert list(agreement.disagreements(fresh.world, wished, {})) == []
        assert endstate.wrongly_told(await fresh.rows(app)) == []
        outcomes = [row.outcome for row in await fresh.rows(app) if row.route.endswith("servicenow")]
        assert sorted(filter(None, outcomes)) == ["coalesced", "updated"]


@pytest.mark.parametrize(
    "later", [(None,), ("gone@example.com", None), ("gone@example.com", "dana@example.com")]
)
async def test_person_assigned_by_an_attempt_without_answer_is_known_as_ours(
    fresh: Lab, later: tuple[str | None, ...]
) -> None:
    portal = fresh.world.graph.portal
    portal.create({"displayName": "One", "status": "inProgress", "assignedTo": "sam.rivera@example.com"})
    fresh.world.faults.add(
        {"mock": "servicenow", "method": "POST", "times": 1, "fault": {"kind": "cut_after"}}
    )
    async with fresh.process() as app:
        await sync(app)
    for owner in later:
        fresh.advance(LATER)
        portal.set("1", {"assignedTo": owner}, "Kim")
        async with fresh.process() as app:  # nothing is remembered but what the state says
            await fresh.settle(app)
    async with fresh.process() as app:
        wished = await agreement.wishes(app, fresh.config)
    assert list(agreement.disagreements(fresh.world, wished, {})) == []
