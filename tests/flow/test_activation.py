"""Mapping files that are edited while the connector works, and operators who let them, or take them back."""

from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
import yaml

from connector.activation import NothingToDoError
from connector.config import load
from connector.errors import StateError
from connector.store import activations, remaps
from connector.store.offers import Refusal
from tests.support.activating import (
    TARGETS,
    by_operator,
    edit,
    editable,
    in_force,
    mapping_file,
    offered,
    route,
    said,
    titles,
    writes,
)
from tests.support.inprocess import Fate, Lab, sync


@pytest.mark.parametrize("target", TARGETS)
async def test_edit_that_touches_every_record_is_held_until_it_is_let(tmp_path: Path, target: str) -> None:
    made = editable(tmp_path)
    async with made.process() as app:
        await made.settle(app)
        before, (first,) = writes(made), titles(made, target)
        edit(made, target, "Alarm:")
        await made.settle(app)
        assert (titles(made, target), writes(made)) == ({first}, before)
        offer = await offered(app, target)
        assert offer is not None
        assert offer.verdict is Refusal.HELD
        assert "30 of 30 records would change" in offer.reason
        assert f"mapping activate --config {made.config.path} --route {route(target)} --as" in offer.reason
        await by_operator(app, made, target)
        await made.settle(app)
        assert (titles(made, target), writes(made)) == ({"Alarm:"}, before + 30)
        await made.settle(app)
        assert writes(made) == before + 30
        assert await offered(app, target) is None
        await by_operator(app, made, target, "rollback")
        await made.settle(app)
        assert (titles(made, target), writes(made)) == ({first}, before + 60)
        await made.settle(app)
        assert writes(made) == before + 60
        assert said(await made.rows(app)) == [
            "activated",
            "activated",
            "held",
            "activated",
            "rolled back",
            "revoked",
        ]
        assert (await made.verified(app)).ok
    async with made.process() as app:  # the file still holds what was taken back
        await made.settle(app)
        assert (titles(made, target), writes(made)) == ({first}, before + 60)


async def test_edit_that_touches_few_records_comes_into_force_by_itself(tmp_path: Path) -> None:
    made = editable(tmp_path, incidents=19)
    async with made.process() as app:
        await made.settle(app)
        before = writes(made)
        edit(made, "servicenow", "Alarm:")
        await made.settle(app)
        assert (titles(made, "servicenow"), writes(made)) == ({"Alarm:"}, before + 19)
        await made.settle(app)
        assert writes(made) == before + 19
        standing = await in_force(app, "servicenow")
        assert standing.whole is not None
        assert (standing.whole.n, standing.whole.how, standing.whole.reason) == (2, "file", "file changed")
        assert standing.whole.sources[0][1] == mapping_file(made, "servicenow").read_text()


async def test_edit_that_touches_a_small_share_comes_into_force_by_itself(tmp_path: Path) -> None:
    made = editable(tmp_path, incidents=40, changed_share=100)
    async with made.process() as app:
        await made.settle(app)
        edit(made, "sentinel", "Alarm:")
        await made.settle(app)
        assert titles(made, "sentinel") == {"Alarm:"}


async def test_file_that_is_wrong_changes_nothing_and_is_told_once(tmp_path: Path) -> None:
    made = editable(tmp_path, incidents=3)
    file = mapping_file(made, "servicenow")
    right = file.read_text()
    async with made.process() as app:
        await made.settle(app)
        file.write_text(right.replace("fields:", "feilds:", 1))
        for _ in range(3):
            await sync(app)
        offer = await offered(app, "servicenow")
        assert offer is not None
        assert offer.reason.startswith(f"mapping {file} is not valid: {file}:")
        assert "feilds" in offer.reason
        made.world.graph.portal.create({"displayName": "Another", "severity": "low"})
        await made.settle(app)
        assert len(titles(made, "servicenow")) == 1
        assert said(await made.rows(app)).count("invalid") == 1
        file.unlink()
        await sync(app)
        gone = await offered(app, "servicenow")
        assert gone is not None
        assert "cannot be read" in gone.reason
        file.write_text(right)
        await sync(app)
        assert await offered(app, "servicenow") is None


async def test_what_was_rolled_back_comes_again_by_an_operator_alone(tmp_path: Path) -> None:
    made = editable(tmp_path, incidents=3)
    async with made.process() as app:
        await made.settle(app)
        (first,) = titles(made, "servicenow")
        edit(made, "servicenow", "Alarm:")
        await made.settle(app)
        await by_operator(app, made, "servicenow", "rollback")
        await made.settle(app)
        offer = await offered(app, "servicenow")
        assert offer is not None
        assert offer.verdict is Refusal.REVOKED
        assert titles(made, "servicenow") == {first}
        with pytest.raises(NothingToDoError):
            await by_operator(app, made, "servicenow", "rollback", to=7)
        await by_operator(app, made, "servicenow")
        await made.settle(app)
        assert titles(made, "servicenow") == {"Alarm:"}
        known = await app.store.read(lambda tx: activations.history(tx, route("servicenow")))
        assert [each.revoked for each in known] == [False, True, False, False]
        assert [each.until is None for each in known] == [False, False, False, True]
        await by_operator(app, made, "servicenow", "rollback", to=1)
        await made.settle(app)
        assert titles(made, "servicenow") == {first}


async def test_base_that_is_edited_counts_like_the_file_itself(tmp_path: Path) -> None:
    made = editable(tmp_path, incidents=3)
    file = mapping_file(made, "servicenow")
    base = file.with_name("base.yaml")
    base.write_text(file.read_text())
    file.write_text("version: 1\nname: child\ntarget: servicenow\nextends: base.yaml\n")
    made = Lab(made.world, load(made.config.path))
    async with made.process() as app:
        await made.settle(app)
        (first,) = titles(made, "servicenow")
        base.write_text(base.read_text().replace("[XDR", "Alarm: [", 1))
        await made.settle(app)
        assert titles(made, "servicenow") == {"Alarm:"}
        base.unlink()  # what is gone back to needs no file
        file.unlink()
        await by_operator(app, made, "servicenow", "rollback")
        await made.settle(app)
        assert titles(made, "servicenow") == {first}


async def test_crash_at_any_step_between_activation_and_the_last_record(tmp_path: Path) -> None:
    stage = editable(tmp_path, incidents=0)
    right = mapping_file(stage, "servicenow").read_text()
    steps = await _die_at(stage, 0)
    assert steps > 20
    for number in range(1, steps + 1, 3):
        mapping_file(stage, "servicenow").write_text(right)
        await _die_at(stage, number)


async def _die_at(stage: Lab, number: int) -> int:
    """An edit, a process that dies at a step, and another one; how many steps there are."""
    made = stage.afresh()
    for name in ("Phish", "Scan"):
        made.world.graph.portal.create({"displayName": name, "severity": "high"})
    async with made.process() as app:
        await made.settle(app)
    before = writes(made)
    edit(made, "servicenow", "Alarm:")
    fate = Fate(number)
    await made.live(fate, made.settle)
    async with made.process() as app:
        await made.settle(app)
        assert titles(made, "servicenow") == {"Alarm:"}
        assert before + 2 <= writes(made) <= before + 3  # an answer that was lost is asked for once more
        assert not await app.store.read(remaps.count)
        known = await app.store.read(lambda tx: activations.history(tx, route("servicenow")))
        assert [each.how for each in known] == ["first", "file"]
    return len(fate.steps)


async def test_daemon_that_started_before_the_vars_changed_leaves_what_an_operator_put_into_force(
    tmp_path: Path,
) -> None:
    made = editable(tmp_path, incidents=3)
    async with made.process() as app:
        await made.settle(app)
        written = yaml.safe_load(made.config.path.read_text())
        for each in written["routes"]:
            each["vars"] = {"customer": "Contoso", "api_token": "false-token"}
        made.config.path.write_text(yaml.safe_dump(written))
        new = await by_operator(app, made, "servicenow")
        for _ in range(3):
            await made.settle(app)
        standing = await in_force(app, "servicenow")
        assert standing.whole is not None
        assert (standing.whole.n, standing.whole.hash) == (2, new.hash)
        assert standing.whole.vars == {"customer": "Contoso"}  # what sounds like a secret is not kept
    made = Lab(made.world, load(made.config.path))
    async with made.process() as app:
        await made.settle(app)
        standing = await in_force(app, "servicenow")
        assert standing.whole is not None
        assert standing.whole.n == 2


async def test_mapping_in_force_that_cannot_be_compiled_any_more_stops_the_program(tmp_path: Path) -> None:
    made = editable(tmp_path, incidents=2)
    async with made.process() as app:
        await made.settle(app)
        standing = await in_force(app, "servicenow")
        assert standing.whole is not None
        old = replace(standing.whole, n=2, hash="0" * 64, sources=(("old.yaml", "version: 1"),))
        await app.store.write(partial(activations.end, route=old.route, numbers=[1]))
        await app.store.write(partial(activations.add, new=old))
        with pytest.raises(StateError, match="route contoso-servicenow cannot be used any more"):
            await sync(app)
        await by_operator(app, made, "servicenow")
        await made.settle(app)


async def test_brake_that_was_loosened_lets_a_held_edit_pass_at_the_next_start(tmp_path: Path) -> None:
    made = editable(tmp_path, incidents=3, changed_least=1)
    async with made.process() as app:
        await made.settle(app)
        edit(made, "servicenow", "Alarm:")
        await made.settle(app)
        assert await offered(app, "servicenow") is not None
    written = yaml.safe_load(made.config.path.read_text())
    made.config.path.write_text(yaml.safe_dump({**written, "brakes": {"changed_share": 100}}))
    made = Lab(made.world, load(made.config.path))
    async with made.process() as app:
        await made.settle(app)
        assert titles(made, "servicenow") == {"Alarm:"}
        assert await offered(app, "servicenow") is None
