"""Everything around the connector that can be wrong: it says so in one line, waits, and loses nothing."""

import asyncio
import sqlite3
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from connector import app as composition
from connector.app import App
from connector.audit import AuditKind, Outcome, SealedRow
from connector.cli.exits import Exit
from connector.cli.mock_folder import write_config
from connector.config import load
from connector.errors import ConnectorError, StateError
from connector.http import Runtime
from connector.mocks.server import serving
from connector.mocks.world import World
from connector.store import pauses, wanted
from tests.support import agreement, endstate
from tests.support.commandline import command_line
from tests.support.inprocess import Lab, lab, sync


@pytest.fixture
def bench(tmp_path: Path) -> Lab:
    made = lab(tmp_path)
    made.world.graph.portal.create({"displayName": "Phish", "status": "inProgress", "customTags": ["vip"]})
    return made


async def agrees(bench: Lab, app: App) -> list[str]:
    return list(agreement.disagreements(bench.world, await agreement.wishes(app, bench.config), {}))


async def paused(app: App) -> dict[str, pauses.Pause]:
    return {pause.target: pause for pause in await app.store.read(pauses.every)}


async def told(bench: Lab, app: App, kind: AuditKind) -> list[SealedRow]:
    return [row for row in await bench.rows(app) if row.kind == kind]


def password_file(bench: Lab) -> Path:
    return bench.config.path.parent / "servicenow_password"


async def test_wrong_credentials_pause_one_target_and_keep_its_rows(
    bench: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    right = password_file(bench).read_text(encoding="utf-8")
    password_file(bench).write_text("mistyped", encoding="utf-8")
    async with bench.process() as app:
        since = bench.world.clock.now()
        assert (await sync(app)).left == {"sentinel": 0, "servicenow": 1}
        bench.advance(timedelta(minutes=30))
        await sync(app)
        pause = (await paused(app))["servicenow"]
        assert (pause.since, set(await paused(app))) == (since, {"servicenow"})
        assert "answered 401" in pause.reason
        assert "check auth" in pause.reason
        assert len(await told(bench, app, AuditKind.PAUSED)) == 1
    done = await asyncio.to_thread(command_line, monkeypatch, ["status", "--config", str(bench.config.path)])
    assert done.code == Exit.WAITING
    assert f"target servicenow is paused since {since:%Y-%m-%dT%H:%M:%SZ}: " in done.out
    assert "mistyped" not in done.out
    password_file(bench).write_text(right, encoding="utf-8")
    async with bench.process() as app:  # a new process asks at once
        assert (await sync(app)).left == {"sentinel": 0, "servicenow": 0}
        assert await paused(app) == {}
        assert len(await told(bench, app, AuditKind.RESUMED)) == 1
        assert await agrees(bench, app) == []


def records(bench: Lab) -> Any:
    """What the targets hold, without ServiceNow's notes: that a word changed may be said there."""
    held = endstate.held(bench.world)
    return {**held, "servicenow": {name: {**each, "notes": ""} for name, each in held["servicenow"].items()}}


async def test_unknown_words_of_the_vendor_move_nothing(bench: Lab) -> None:
    portal = bench.world.graph.portal
    closing = {"classification": "truePositive", "determination": "phishing"}
    async with bench.process() as app:
        await sync(app)
        portal.set("1", {"status": "resolved", **closing, "severity": "high"}, "Kim")
        bench.advance(timedelta(minutes=1))
        await sync(app)
        before = records(bench)
        for name in ("status", "classification", "determination", "severity"):
            bench.advance(timedelta(minutes=1))
            portal.set("1", {"overrides": {name: "unknownFutureValue"}}, "Kim")
            since = max(row.seq for row in await bench.rows(app))
            await sync(app)
            decided = [
                row.said()["data"] for row in await told(bench, app, AuditKind.DECIDED) if row.seq > since
            ]
            assert [f"{name} is unknownFutureValue" in str(data["unmapped"]) for data in decided] == [
                True,
                True,
            ]
            assert records(bench) == before, name


async def test_unknown_words_of_the_vendor_create_nothing(bench: Lab) -> None:
    bench.world.graph.portal.set("1", {"overrides": {"status": "escalatedToMars"}}, "Kim")
    async with bench.process() as app:
        passed = await sync(app)
        assert passed.reasons == {"unmapped": 2}
        assert not any(records(bench).values())
        rows = [row for row in await bench.rows(app) if row.outcome == Outcome.UNMAPPED]
        assert len(rows) == 2
        bench.advance(timedelta(minutes=1))
        bench.world.graph.portal.set("1", {"overrides": {}}, "Kim")
        await sync(app)
        assert await agrees(bench, app) == []


async def test_unknown_property_of_the_vendor_changes_nothing(bench: Lab) -> None:
    async with bench.process() as app:
        await sync(app)
        before = endstate.held(bench.world)
        bench.advance(timedelta(minutes=1))
        bench.world.graph.portal.set("1", {"overrides": {"mood": {"colour": ["grim"]}}}, "Kim")
        assert set((await sync(app)).reasons) <= {"unchanged"}
        assert endstate.held(bench.world) == before


async def test_refusals_that_are_all_alike_pause_the_target(bench: Lab) -> None:
    for number in range(9):
        bench.world.graph.portal.create({"displayName": f"Another {number}"})
    bench.world.servicenow.settings.failing_rule = "Close the gates"
    async with bench.process() as app:
        await sync(app)
        pause = (await paused(app))["servicenow"]
        assert "Close the gates" in pause.reason
        parked = len(await app.store.read(wanted.parked))
        assert parked < 9
        bench.advance(timedelta(minutes=5))
        since = max(entry.seq for entry in bench.world.log.entries())
        await sync(app)  # one row is tried, not all of them
        assert len(list(bench.world.log.entries("servicenow", since, writes_only=True))) == 1
        bench.world.servicenow.settings.failing_rule = ""
        await bench.settle(app)
        assert await paused(app) == {}
        assert len(await app.store.read(wanted.parked)) == parked
        assert len(bench.world.servicenow.contents()["incident"]) == 10 - parked


async def test_refused_comment_never_delays_a_status(bench: Lab) -> None:
    portal, world = bench.world.graph.portal, bench.world
    world.sentinel.settings.comment_limit = 0
    async with bench.process() as app:
        await sync(app)
        bench.advance(timedelta(minutes=1))
        portal.comment("1", "Mind the gap.", "Kim")
        portal.set("1", {"status": "resolved", "classification": "truePositive"}, "Kim")
        await sync(app)
        (incident,) = endstate.sentinel(world).values()
        (ticket,) = endstate.servicenow(world).values()
        assert (incident["status"], incident["comments"], ticket["state"]) == ("Closed", [], "6")


TROUBLES: dict[str, tuple[Callable[[dict[str, Any], World], None], tuple[str, ...]]] = {
    "unreachable": (
        lambda target, _: target.update(base_url="http://127.0.0.1:9"),
        ("127.0.0.1:9: no connection", "check base_url and proxy"),
    ),
    "unknown host": (
        lambda target, _: target.update(base_url="https://nowhere.invalid"),
        ("nowhere.invalid", "check base_url, proxy"),
    ),
    "no TLS": (
        lambda target, _: target.update(base_url=target["base_url"].replace("http:", "https:")),
        ("no TLS connection", "check base_url, proxy and ca_file"),
    ),
    "HTML": (
        lambda _, world: setattr(world.servicenow.settings, "hibernating", True),
        ("HTML instead of JSON", "check base_url and proxy"),
    ),
    "wrong table": (
        lambda target, _: target.update(table="u_incidnet"),
        ("Invalid table", "check the table"),
    ),
    "missing permission": (
        lambda _, world: world.servicenow.settings.unreadable_tables.add("incident"),
        ("", "give the account a role"),
    ),
    "wrong password": (
        lambda _, world: setattr(world.servicenow.settings, "basic_refused", True),
        ("answered 401", "check auth"),
    ),
}


@pytest.mark.parametrize("trouble", TROUBLES)
async def test_peer_that_cannot_be_used_is_told_in_one_line_with_a_remedy(
    tmp_path: Path, trouble: str
) -> None:
    breaks, words = TROUBLES[trouble]
    world = World()
    world.servicenow.create("incident", {"short_description": "There already"})
    async with serving(world) as addresses:
        path = write_config(addresses.as_json(), tmp_path)
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
        breaks(document["targets"][1], world)
        path.write_text(yaml.safe_dump(document), encoding="utf-8")
        target = load(path).settings.targets[1].build(runtime=Runtime(sleep=_at_once))
        with pytest.raises(ConnectorError) as caught:
            await target.probe()
        await target.close()
    line = str(caught.value)
    assert "\n" not in line
    assert all(word in line for word in words)
    assert caught.value.remedy


async def _at_once(seconds: float) -> None:
    del seconds


async def test_certificate_that_is_not_trusted_is_told(tmp_path: Path) -> None:
    async with serving(World(), tls=True, ca_folder=tmp_path) as addresses:
        without_authority = {**addresses.as_json(), "ca_file": None}
        (source,) = load(write_config(without_authority, tmp_path)).settings.sources
        built = source.build(Runtime(sleep=_at_once))
        with pytest.raises(ConnectorError, match=r"certificate is not trusted.*; check base_url and ca_file"):
            await built.probe()
        await built.close()


async def test_full_disk_stops_the_connector_and_nothing_is_lost(bench: Lab) -> None:
    for number in range(150):
        bench.world.graph.portal.create({"displayName": f"Another {number}", "description": 400 * "x"})
    with pytest.RaisesGroup(pytest.RaisesExc(StateError, match="is full; free some space")):
        async with bench.process() as app:
            await app.store.write(lambda tx: tx.connection.exec_driver_sql("PRAGMA max_page_count = 60"))
            await sync(app)
    async with bench.process() as app:
        await bench.settle(app)
        assert await agrees(bench, app) == []
        assert len(bench.world.servicenow.contents()["incident"]) == 151
        assert endstate.wrongly_told(await bench.rows(app)) == []


async def test_state_of_a_newer_version_is_refused(bench: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    async with bench.process() as app:
        await sync(app)
    state = sqlite3.connect(bench.config.path.parent / "state.db")
    with state:
        state.execute("UPDATE alembic_version SET version_num = '9999'")
    state.close()
    with pytest.raises(StateError, match=r"has version 9999.*; install the newer program again"):
        async with bench.process():
            pass
    done = await asyncio.to_thread(command_line, monkeypatch, ["status", "--config", str(bench.config.path)])
    assert done.code == Exit.STATE
    assert len(done.err.splitlines()) == 1


async def test_second_holder_is_refused_and_told_who_is_there(bench: Lab) -> None:
    async with bench.process():
        with pytest.raises(StateError, match=r"is in use by .*; stop that process first"):
            await composition.open_store(bench.config)
