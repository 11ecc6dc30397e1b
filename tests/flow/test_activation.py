"""Mapping files that are edited while the connector works, and operators who let them, or take them back."""

from pathlib import Path

import pytest

from connector.store.offers import Refusal
from tests.support.activating import (
    TARGETS,
    by_operator,
    edit,
    editable,
    offered,
    route,
    said,
    titles,
    writes,
)


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
        assert not (await made.verified(app)).problems
    async with made.process() as app:  # the file still holds what was taken back
        await made.settle(app)
        assert (titles(made, target), writes(made)) == ({first}, before + 60)
