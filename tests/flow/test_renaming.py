"""Names in the configuration are for people: changing them, or losing the state, doubles nothing."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from connector.config import load
from tests.support.inprocess import Lab, lab


def edited(made: Lab, folder: Path, change: Callable[[dict[str, Any]], None]) -> Lab:
    """The same mocks and state, with another configuration."""
    path = folder / "config.yaml"
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    change(document)
    path.write_text(yaml.safe_dump(document), encoding="utf-8")
    return Lab(made.world, load(path))


def rename_routes(document: dict[str, Any]) -> None:
    for route in document["routes"]:
        route["name"] = f"new-{route['name']}"


def rename_all(document: dict[str, Any]) -> None:
    rename_routes(document)
    for named in (*document["targets"], *document["routes"]):
        key = "target" if "target" in named else "name"
        named[key] = f"new-{named[key]}"


def lose_state(folder: Path) -> Callable[[dict[str, Any]], None]:
    def lose(document: dict[str, Any]) -> None:
        rename_all(document)
        for file in folder.glob("state.db*"):
            file.unlink()

    return lose


def told(made: Lab) -> tuple[list[str], list[str]]:
    """The texts of all work notes and of all comments."""
    contents = made.world.sentinel.contents()
    comments = [each for of_one in contents["comments"].values() for each in of_one]
    journal = made.world.servicenow.contents()["sys_journal_field"]
    return [each["value"] for each in journal], [each["properties"]["message"] for each in comments]


@pytest.mark.parametrize("what", ["routes", "all", "state"])
async def test_renaming_doubles_no_record_and_no_note(tmp_path: Path, what: str) -> None:
    made = lab(tmp_path)
    portal = made.world.graph.portal
    portal.create({"displayName": "Phish", "severity": "high"})
    async with made.process() as app:
        await made.settle(app)
        made.advance(timedelta(seconds=1))
        portal.comment("1", "Looking into it.", "soc.analyst@contoso.example")
        await made.settle(app)
    before = told(made)
    assert all(before)

    changes = {"routes": rename_routes, "all": rename_all, "state": lose_state(tmp_path)}
    made = edited(made, tmp_path, changes[what])
    async with made.process() as app:
        await made.settle(app, rescan=True)

    assert told(made) == before
    assert len(made.world.servicenow.contents()["incident"]) == 1
    assert len(made.world.sentinel.contents()["incidents"]) == 1
