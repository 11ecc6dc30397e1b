"""Polls that meet trouble: what one incident or one source does to us, and how it is told."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from connector.app import App
from connector.audit import AuditKind
from connector.cli.exits import Exit
from connector.config import load
from connector.mapping.view import View
from connector.model import Page
from connector.store import set_asides
from tests.support import endstate
from tests.support.commandline import Done, command_line
from tests.support.inprocess import Lab, lab, sync

Ask = Callable[..., Awaitable[Done]]


@pytest.fixture
def bench(tmp_path: Path) -> Lab:
    made = lab(tmp_path)
    made.world.graph.portal.create({"displayName": "First", "severity": "high"})
    made.advance(timedelta(seconds=1))
    made.world.graph.portal.create({"displayName": "Second", "severity": "high"})
    return made


@pytest.fixture
def status(bench: Lab, monkeypatch: pytest.MonkeyPatch) -> Ask:
    async def call(*options: str) -> Done:
        arguments = ["status", "--config", str(bench.config.path), *options]
        return await asyncio.to_thread(command_line, monkeypatch, arguments)

    return call


@dataclass
class Fault:
    """A fault in our code that one incident meets under one route, until it is mended."""

    incident: str = "1"
    mended: bool = False

    def __call__(self, view: View) -> bool:
        if not self.mended and view.snapshot["id"] == self.incident:
            raise KeyError("Kim")
        return True

    def strike(self, app: App, target: str) -> None:
        (feed,) = app.feeds
        routes = [
            replace(route, mapping=replace(route.mapping, create_when=self))
            if route.target == target
            else route
            for route in feed.poll.routes
        ]
        feed.poll = replace(feed.poll, routes=routes)


def titles(bench: Lab) -> dict[str, set[str]]:
    return {
        "sentinel": {each["title"] for each in endstate.sentinel(bench.world).values()},
        "servicenow": {each["short_description"] for each in endstate.servicenow(bench.world).values()},
    }


async def aside(app: App) -> dict[str, str]:
    kept = await app.store.read(set_asides.every)
    return {each.set_aside.incident: each.set_aside.reason for each in kept}


async def told(bench: Lab, app: App, kind: AuditKind) -> list[dict[str, Any]]:
    return [row.said() for row in await bench.rows(app) if row.kind == kind]


async def test_incident_that_cannot_be_evaluated_stops_no_other_and_no_other_route(
    bench: Lab, status: Ask
) -> None:
    async with bench.process() as app:
        Fault().strike(app, "servicenow")
        for _ in range(2):
            assert (await sync(app)).failures == ()
            bench.advance(timedelta(minutes=10))
        assert {name: len(found) for name, found in titles(bench).items()} == {"sentinel": 2, "servicenow": 1}
        ((incident, reason),) = (await aside(app)).items()
        assert incident == "1"
        assert reason.startswith("route contoso-servicenow cannot evaluate it: KeyError at test_poll.py:")
        (row,) = await told(bench, app, AuditKind.SET_ASIDE)  # said once, tried twice
        assert (row["incident"], row["data"]) == ("1", {"reason": reason})
    done = await status()
    assert done.code == Exit.WAITING
    assert "incident 1 of contoso: route contoso-servicenow cannot evaluate it" in done.out


async def test_incident_that_can_be_evaluated_again_has_missed_nothing(bench: Lab, status: Ask) -> None:
    portal, fault = bench.world.graph.portal, Fault(mended=True)
    async with bench.process() as app:
        fault.strike(app, "servicenow")
        await sync(app)
        fault.mended = False
        bench.advance(timedelta(minutes=10))
        portal.comment("1", "Mind the gap.", "Kim")
        await sync(app)
        bench.advance(timedelta(minutes=10))
        portal.set("2", {"severity": "low"}, "Kim")  # the position moves past the comment
        await sync(app)
        assert [*await aside(app)] == ["1"]
        fault.mended = True
        bench.advance(timedelta(minutes=10))
        await sync(app)
        assert await aside(app) == {}
        (row,) = await told(bench, app, AuditKind.RECOVERED)
        assert (row["incident"], row["data"]) == ("1", {"how": "read"})
    notes = "".join(each["notes"] for each in endstate.servicenow(bench.world).values())
    assert notes.count("Mind the gap.") == 1
    comments = [text for each in endstate.sentinel(bench.world).values() for text in each["comments"]]
    assert sum("Mind the gap." in text for text in comments) == 1
    assert (await status()).code == Exit.OK


async def test_incident_that_is_gone_when_tried_again_is_forgotten(bench: Lab) -> None:
    async with bench.process() as app:
        Fault().strike(app, "servicenow")
        await sync(app)
        bench.advance(timedelta(minutes=10))
        bench.world.graph.portal.set("2", {"severity": "low"}, "Kim")
        await sync(app)
        assert [*await aside(app)] == ["1"]
        fault = {"kind": "status", "status": 404}
        bench.world.faults.add({"mock": "xdr", "path_regex": "/incidents/1", "fault": fault})
        await sync(app)
        assert await aside(app) == {}
        (row,) = await told(bench, app, AuditKind.RECOVERED)
        assert (row["incident"], row["data"]) == ("1", {"how": "gone"})


async def test_row_without_an_id_is_forgotten_once_it_is_met_no_more(bench: Lab, status: Ask) -> None:
    portal = bench.world.graph.portal
    portal.set("2", {"omit": ["id"]}, "Kim")
    async with bench.process() as app:
        await sync(app)
        await sync(app)
        (name,) = await aside(app)
        assert (await status()).code == Exit.WAITING
        bench.advance(timedelta(minutes=10))
        portal.set("2", {"omit": []}, "Kim")
        await sync(app)
        assert await aside(app) == {}
        (row,) = await told(bench, app, AuditKind.RECOVERED)
        assert (row["incident"], row["data"]) == (name, {"how": "gone"})
    assert (await status()).code == Exit.OK


async def test_first_poll_reads_nothing_from_before_its_start(bench: Lab) -> None:
    document = yaml.safe_load(bench.config.path.read_text(encoding="utf-8"))
    document["sources"][0]["start"] = "now"
    bench.config.path.write_text(yaml.safe_dump(document), encoding="utf-8")
    late = Lab(bench.world, load(bench.config.path))
    late.advance(timedelta(seconds=90))
    async with late.process() as app:
        for _ in range(2):
            assert (await sync(app)).read == 0
            late.advance(timedelta(seconds=1))
        late.world.graph.portal.set("2", {"severity": "low"}, "Kim")
        assert (await sync(app)).fresh == 1
        assert (await sync(app, rescan=True)).read == 1


async def test_incident_from_the_future_is_delivered_and_hides_no_later_update(bench: Lab) -> None:
    portal = bench.world.graph.portal
    portal.create({"displayName": "Odd", "lastUpdateDateTime": "9999-12-31T23:59:59Z"})
    async with bench.process() as app:
        await sync(app)
        assert any("Odd" in title for title in titles(bench)["servicenow"])
        (poll,) = await told(bench, app, AuditKind.POLL)
        assert "9999-12-31T23:59:59Z" in poll["data"]["warnings"][0]
        bench.advance(timedelta(hours=1))
        portal.set("1", {"severity": "low"}, "Kim")
        assert (await sync(app)).fresh == 1


async def test_source_that_cannot_be_read_is_told_with_since_when_and_why(bench: Lab, status: Ask) -> None:
    async def source() -> dict[str, Any]:
        (found,) = json.loads((await status("--json")).out)["sources"]
        return dict(found)

    async with bench.process() as app:
        await sync(app)
        read, broken = bench.world.clock.now(), bench.world.clock.now() + timedelta(minutes=10)
        assert (await source())["failing"] is None
        fault = {"kind": "status", "status": 403}
        bench.world.faults.add({"mock": "xdr", "fault": fault})
        for _ in range(2):
            bench.advance(timedelta(minutes=10))
            assert len((await sync(app)).failures) == 1
        found = await source()
        assert found["last_read"] == f"{read:%Y-%m-%dT%H:%M:%SZ}"
        assert found["failing"]["since"] == f"{broken:%Y-%m-%dT%H:%M:%SZ}"
        assert "403" in found["failing"]["reason"]
        done = await status()
        assert done.code == Exit.WAITING
        assert f"source contoso cannot be read since {broken:%Y-%m-%dT%H:%M:%SZ}: " in done.out
        bench.world.faults.clear()
        await sync(app)
        assert (await source())["failing"] is None
        assert (await status()).code == Exit.OK


class Broken:
    """A source that our own code cannot read."""

    def __init__(self, name: str, tenant: str) -> None:
        self.name, self.tenant = name, tenant

    def changes(self, *_: Any, **__: Any) -> AsyncIterator[Page]:
        raise KeyError("Kim")

    async def probe(self) -> None:
        """There is nothing to ask."""

    async def close(self) -> None:
        """There is nothing to give back."""


async def test_fault_of_our_own_in_a_sweep_is_told_like_one_of_the_source(bench: Lab, status: Ask) -> None:
    async with bench.process() as app:
        (feed,) = app.feeds
        feed.poll = replace(feed.poll, source=Broken(feed.poll.source.name, feed.poll.source.tenant))
        with pytest.raises(KeyError):
            await app.sweep(feed)
    done = await status()
    assert done.code == Exit.WAITING
    assert "unexpected: KeyError at test_poll.py:" in done.out
    assert "Kim" not in done.out
