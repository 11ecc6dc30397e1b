"""An edited mapping in a plan: what it would change is foretold, and carried out as foretold."""

from pathlib import Path

import pytest

from connector.app import Scope
from connector.config import load
from tests.support.activating import TARGETS, by_operator, edit, editable, route, titles
from tests.support.planning import Planner


@pytest.mark.parametrize("target", TARGETS)
async def test_edit_that_would_come_into_force_is_planned_and_applied(tmp_path: Path, target: str) -> None:
    planner = Planner(editable(tmp_path, incidents=3))
    await planner.sync()
    edit(planner.lab, target, "Alarm:")
    planner.lab.config = load(planner.lab.config.path)
    assert (await planner.plan(Scope(route=route(target)))).writes == 3
    plan = await planner.comes_true()
    assert (plan.writes, titles(planner.lab, target)) == (3, {"Alarm:"})


async def test_edit_that_would_be_held_is_planned_once_it_is_let(tmp_path: Path) -> None:
    planner = Planner(editable(tmp_path, incidents=3, changed_least=1))
    await planner.sync()
    edit(planner.lab, "servicenow", "Alarm:")
    planner.lab.config = load(planner.lab.config.path)
    assert (await planner.plan()).writes == 0
    async with planner.lab.process() as app:
        await by_operator(app, planner.lab, "servicenow")
    assert (await planner.comes_true()).writes == 3
