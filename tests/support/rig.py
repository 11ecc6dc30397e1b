"""The whole connector in the test's own event loop, against mocks over real sockets.

A `sync` builds everything anew from the configuration, as a new process would, and shares nothing with that
before but the state on disk.
"""

import asyncio
import re
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Protocol

from connector import app as composition
from connector.app import Synced
from connector.cli.mock_folder import write_config
from connector.config import load
from connector.mocks.kernel import Exchange
from connector.mocks.server import serving
from connector.mocks.world import World, WorldSettings
from connector.model import MARKER
from connector.telemetry import null

_NOTE = re.compile(rf".*?{MARKER.pattern}", re.DOTALL)


PATIENCE = timedelta(seconds=20)
EXPECTED_REFUSALS = {401}  # how an expired token is noticed


class Pass(Protocol):
    """Polls once and delivers until nothing is due."""

    async def __call__(self, *, rescan: bool = False, patience: timedelta = PATIENCE) -> Synced: ...


@dataclass
class Rig:
    """Mocks, a configuration for them, and the connector on request."""

    world: World
    config: Path

    async def sync(self, *, rescan: bool = False, patience: timedelta = PATIENCE) -> Synced:
        """One pass of a connector that knows only the state; `patience` is the wait for delayed rows."""
        async with self.running() as passing:
            return await passing(rescan=rescan, patience=patience)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Pass]:
        """One connector for several passes, as a daemon makes them; yields what makes a pass."""
        async with composition.build(load(self.config), null) as app:

            async def passing(*, rescan: bool = False, patience: timedelta = PATIENCE) -> Synced:
                return await composition.sync(app, rescan=rescan, patience=patience, stop=asyncio.Event())

            yield passing

    def mark(self) -> int:
        """The number of the newest log entry, for `heard`."""
        return max((entry.seq for entry in self.world.log.entries()), default=0)

    def heard(self, since: int = 0, mock: str | None = None) -> list[Exchange]:
        return list(self.world.log.entries(mock, since))

    def writes(self, since: int = 0) -> list[Exchange]:
        """Writes to the targets."""
        return [
            entry
            for mock in ("sentinel", "servicenow")
            for entry in self.world.log.entries(mock, since, writes_only=True)
        ]

    def spent(self, since: int = 0) -> Counter[str]:
        """Requests to the targets after an entry, by target, method and what they are about."""
        return Counter(
            f"{entry.mock} {entry.method} {kind_of_path(entry.path)}"
            for entry in self.heard(since)
            if entry.mock in ("sentinel", "servicenow")
        )

    def refused(self) -> list[str]:
        """Every request that was answered with an error, but for expired tokens."""
        return [
            f"{entry.status} {entry.mock} {entry.method} {entry.path}"
            for entry in self.world.log.entries()
            if (entry.status or 500) >= 400 and entry.status not in EXPECTED_REFUSALS
        ]

    def sentinel(self) -> dict[str, dict[str, Any]]:
        """Sentinel's incidents by title, `properties` only."""
        return {
            each["properties"]["title"]: each["properties"]
            for each in self.world.sentinel.contents()["incidents"]
        }

    def sentinel_names(self) -> list[str]:
        return [each["name"] for each in self.world.sentinel.contents()["incidents"]]

    def comments(self, title: str) -> list[str]:
        """The messages of the comments on the Sentinel incident of that title."""
        contents = self.world.sentinel.contents()
        (name,) = (each["name"] for each in contents["incidents"] if each["properties"]["title"] == title)
        return [comment["properties"]["message"] for comment in contents["comments"].get(name, ())]

    def servicenow(self) -> dict[str, dict[str, Any]]:
        """ServiceNow's incidents by the number of the XDR incident."""
        rows = self.world.servicenow.contents()["incident"]
        return {row["correlation_id"].rpartition(":")[2]: row for row in rows}

    def work_notes(self, sys_id: str) -> list[str]:
        """The notes on a ServiceNow incident, oldest first; those written together are taken apart."""
        journal = self.world.servicenow.contents()["sys_journal_field"]
        return notes_in(*(row["value"] for row in journal if row["element_id"] == sys_id))


def notes_in(*texts: str) -> list[str]:
    """The notes of ours that journal entries hold, each ending with its marker."""
    return [found.group().strip() for text in texts for found in _NOTE.finditer(text)]


def kind_of_path(path: str) -> str:
    """What a target's path is about: `incident`, `comment`, `task` or `list`."""
    if "/comments/" in path:
        return "comment"
    if "/tasks/" in path or "/incident_task" in path:
        return "task"
    last = path.rstrip("/").rpartition("/")[2]
    return "list" if last in ("incidents", "incident") else "incident"


@asynccontextmanager
async def rig(folder: Path, settings: WorldSettings | None = None) -> AsyncIterator[Rig]:
    """New mocks, and a configuration in `folder`."""
    world = World(settings or WorldSettings())
    async with serving(world) as addresses:
        yield Rig(world, write_config(addresses.as_json(), folder))
