"""Mapping again from what is stored: beside polls, where it fails, and where something else stands in its way."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from connector import app as composition
from connector.app import App
from connector.audit import AuditKind
from connector.config import load
from connector.mapping.view import View
from connector.model import Event, EventKind, IncidentKey
from connector.plan import Reason
from connector.store import evaluations, remaps, set_asides, snapshots, wanted
from connector.store.evaluations import Evaluation
from tests.support.inprocess import Lab, lab, sync
from tests.support.naming import give_names
from tests.support.rig import rig

ROUTE = "contoso-sentinel"


@pytest.fixture
def desk(tmp_path: Path) -> Lab:
    """Mappings that name records, and an incident."""
    made = lab(tmp_path)
    made.world.graph.portal.create({"displayName": "Phish", "severity": "high"})
    return Lab(made.world, load(give_names(made.config.path)))


@pytest.fixture
def key(desk: Lab) -> IncidentKey:
    return IncidentKey(desk.config.settings.sources[0].tenant_id, "1")


async def ask(app: App, key: IncidentKey) -> None:
    await app.store.write(lambda tx: remaps.add(tx, [(ROUTE, key)]))


async def left(app: App) -> dict[str, int]:
    return await app.store.read(remaps.count)


async def decided(desk: Lab, app: App) -> list[dict[str, Any]]:
    """What was decided because it was mapped again."""
    said = [row.said()["data"] for row in await desk.rows(app) if row.kind == AuditKind.DECIDED]
    return [data for data in said if "because" in data]


async def test_mapping_again_without_a_reason_changes_nothing_and_says_so(
    desk: Lab, key: IncidentKey
) -> None:
    async with desk.process() as app:
        await sync(app)
        await ask(app, key)
        assert await app.remap() == {Reason.UNCHANGED: 1}
        assert (await decided(desk, app))[-1] == {"reason": "unchanged", "because": "link"}
        assert await left(app) == {}


async def test_what_is_known_of_nothing_is_forgotten(desk: Lab, key: IncidentKey) -> None:
    async with desk.process() as app:
        await ask(app, replace(key, incident="404"))
        assert await app.remap() == {}
        assert await left(app) == {}


async def test_newer_version_that_waits_is_not_replaced_by_an_older_one(desk: Lab, key: IncidentKey) -> None:
    async with desk.process() as app:
        await sync(app)
        desk.world.faults.add({"mock": "sentinel", "times": 50, "fault": {"kind": "status", "status": 503}})
        desk.advance(timedelta(minutes=1))
        desk.world.graph.portal.set("1", {"status": "inProgress"}, "Kim")
        await sync(app)
        await ask(app, key)
        await app.remap()
        (row,) = await app.store.read(lambda tx: wanted.of_incident(tx, key))
        stored = await app.store.read(lambda tx: snapshots.latest(tx, [key]))
        assert (row.record.fields["status"], row.revision) == ("Active", stored[key].revision)


async def test_revision_that_is_not_stored_yet_is_waited_for(desk: Lab, key: IncidentKey) -> None:
    """Another route cannot evaluate the newest revision, so that only an older one is stored."""
    async with desk.process() as app:
        await sync(app)
        ahead = Evaluation(2**62, "newer", "mapping", "update")
        before = await app.store.read(lambda tx: evaluations.get(tx, ROUTE, [key]))
        await app.store.write(lambda tx: evaluations.put(tx, ROUTE, {key: ahead}))
        await ask(app, key)
        assert await app.remap() == {}
        assert await left(app) == {ROUTE: 1}
        await app.store.write(lambda tx: evaluations.put(tx, ROUTE, before))
        assert await app.remap() == {Reason.UNCHANGED: 1}
        assert await left(app) == {}


async def test_incident_that_cannot_be_mapped_again_is_set_aside_until_it_can(
    desk: Lab, key: IncidentKey
) -> None:
    async with desk.process() as app:
        await sync(app)
        fault = Fault()
        fault.strike(app)
        await ask(app, key)
        assert await app.remap() == {}
        for _ in range(2):
            desk.advance(timedelta(minutes=10))
            await sync(app)
        (kept,) = await app.store.read(set_asides.every)
        assert kept.set_aside.reason.startswith(
            f"route {ROUTE} cannot evaluate it: KeyError at test_remaps.py:"
        )
        assert [row.kind for row in await desk.rows(app)].count(AuditKind.SET_ASIDE) == 1
        fault.mended = True
        desk.advance(timedelta(minutes=10))
        await sync(app)
        assert await app.store.read(set_asides.every) == []


@dataclass
class Fault:
    """A fault in our code, until it is mended."""

    mended: bool = False

    def __call__(self, _view: View) -> bool:
        if not self.mended:
            raise KeyError("Kim")
        return True

    def strike(self, app: App) -> None:
        (feed,) = app.feeds
        routes = [
            replace(route, mapping=replace(route.mapping, create_when=self)) if route.name == ROUTE else route
            for route in feed.poll.routes
        ]
        feed.poll = replace(feed.poll, routes=routes)


@dataclass
class Heard:
    """Rings when a route has delivered so many records."""

    route: str
    awaited: int
    rang: asyncio.Event = field(default_factory=asyncio.Event)

    def __call__(self, event: Event) -> None:
        self.awaited -= event.kind is EventKind.DELIVERED and event.route == self.route
        if not self.awaited:
            self.rang.set()


@asynccontextmanager
async def daemon(config: Path, heard: Heard) -> AsyncIterator[App]:
    async with composition.build(load(config), heard) as app:
        stop = asyncio.Event()
        running = asyncio.create_task(composition.run(app, stop))
        try:
            yield app
        finally:
            stop.set()
            await running


async def test_daemon_maps_again_by_itself(tmp_path: Path) -> None:
    """The tag follows the ticket at once, although the next poll is an hour away."""
    async with rig(tmp_path) as made:
        made.world.graph.portal.create({"displayName": "Phish", "severity": "high"})
        give_names(made.config)
        made.config.write_text(made.config.read_text(encoding="utf-8").replace("every: 2s", "every: 1h"))
        heard = Heard(ROUTE, awaited=2)
        async with daemon(made.config, heard), asyncio.timeout(60):
            await heard.rang.wait()
        (ticket,) = made.servicenow().values()
        labels = [label["labelName"] for label in made.sentinel()["Phish"]["labels"]]
        assert labels == [f"ticket:{ticket['number']}"]
