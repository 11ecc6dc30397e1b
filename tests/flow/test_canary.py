"""A mapping on trial: it has its share of the incidents, and leaves by itself when its records are refused."""

from datetime import timedelta
from pathlib import Path

import pytest

from connector.activation import NothingToDoError
from connector.poll import tried_on
from connector.store import wanted
from tests.support import endstate
from tests.support.activating import (
    TARGETS,
    TITLES,
    by_operator,
    edit,
    editable,
    in_force,
    mapping_file,
    said,
    titles,
    writes,
)
from tests.support.inprocess import Lab
from tests.support.states import key as key_of

SHARE = 40


def on_trial(made: Lab, target: str, word: str) -> set[str]:
    """The numbers of the incidents whose record begins with a word."""
    held = getattr(endstate, target)(made.world).values()
    return {each[TITLES[target][1]].split()[-1] for each in held if each[TITLES[target][1]].startswith(word)}


def chosen(made: Lab) -> set[str]:
    tenant = made.config.settings.sources[0].tenant_id
    return {str(n) for n in range(30) if tried_on(key_of(n + 1, tenant), SHARE)}


@pytest.mark.parametrize("target", TARGETS)
async def test_trial_has_its_share_and_is_promoted(tmp_path: Path, target: str) -> None:
    made = editable(tmp_path)
    async with made.process() as app:
        await made.settle(app)
        before = writes(made)
        edit(made, target, "Alarm:")
        await by_operator(app, made, target, "canary", canary=SHARE)
        await made.settle(app)
        share = chosen(made)
        assert 5 < len(share) < 25
        assert (on_trial(made, target, "Alarm:"), writes(made)) == (share, before + len(share))
        await made.settle(app, rescan=True)
        assert writes(made) == before + len(share)
        with pytest.raises(NothingToDoError):
            await by_operator(app, made, target, "canary", canary=SHARE)
        made.advance(timedelta(minutes=1))
        made.world.graph.portal.create({"displayName": "Phish 30", "severity": "high"})
    async with made.process() as app:
        await made.settle(app)
        tenant = made.config.settings.sources[0].tenant_id
        assert ("30" in on_trial(made, target, "Alarm:")) is tried_on(key_of(31, tenant), SHARE)
        await by_operator(app, made, target)
        await made.settle(app)
        assert titles(made, target) == {"Alarm:"}
        standing = await in_force(app, target)
        assert standing.trial is None
        done = writes(made)
        await made.settle(app, rescan=True)
        assert writes(made) == done


async def test_trial_that_is_taken_back_leaves_nothing_behind(tmp_path: Path) -> None:
    made = editable(tmp_path)
    async with made.process() as app:
        await made.settle(app)
        (first,) = titles(made, "servicenow")
        edit(made, "servicenow", "Alarm:")
        await by_operator(app, made, "servicenow", "canary", canary=SHARE)
        await made.settle(app)
        await by_operator(app, made, "servicenow", "rollback")
        await made.settle(app)
        assert titles(made, "servicenow") == {first}
        assert (await in_force(app, "servicenow")).trial is None


async def test_trial_whose_records_are_refused_ends_by_itself(tmp_path: Path) -> None:
    made = editable(tmp_path)
    made.world.servicenow.settings.choices_enforced = True
    async with made.process() as app:
        await made.settle(app)
        before = endstate.servicenow(made.world)
        file = mapping_file(made, "servicenow")
        edit(made, "servicenow", "Alarm:")
        file.write_text(file.read_text().replace("\nfields:", "\nfields:\n  category: nonsense", 1))
        await by_operator(app, made, "servicenow", "canary", canary=SHARE)
        await made.settle(app)
        await made.settle(app)
        assert (await in_force(app, "servicenow")).trial is None
        assert endstate.servicenow(made.world) == before
        assert "trial ended" in said(await made.rows(app))
        assert await app.store.read(wanted.parked) == []
