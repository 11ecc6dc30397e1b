"""Plays the shipped journeys against a running connector and records a scene after every step.

All journeys move together, one step a round, because what a round costs is the wait for the next poll.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from connector.cli.demo_daemon import Daemon, connector_json, daemon
from connector.cli.demo_scenes import Contents, Scene, count_duplicates
from connector.cli.demo_settle import TARGETS, last_entry, refused, settled, target_writes
from connector.cli.mock_folder import mock_folder, write_config
from connector.mocks.scenario import Journey, read_journeys
from connector.mocks.server import serving
from connector.mocks.world import World, WorldSettings

FIRST_STEP = "new"
FIRST_TITLE = "The incident appears"
POLL_EVERY = "1s"
PEERS = ("xdr", *TARGETS)


@dataclass(frozen=True, slots=True)
class Round:
    """What the targets held once everything that followed from one step of every journey had arrived."""

    number: int
    scenes: tuple[Scene, ...]


@dataclass(slots=True)
class Report:
    """What it came to, by the mocks' logs and contents; `problems` is empty when all is as expected."""

    scenes: list[Scene] = field(default_factory=list)
    writes: dict[str, int] = field(default_factory=dict)
    requests: dict[str, int] = field(default_factory=dict)
    second_pass_writes: int = 0
    duplicates: int = 0
    audit_records: int = 0
    problems: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """The form in which `demo --json` writes it."""
        return {
            "steps": [scene.as_json() for scene in self.scenes],
            "second_pass_writes": self.second_pass_writes,
            "duplicates": self.duplicates,
            "audit_records": self.audit_records,
            "requests": self.requests,
            "problems": self.problems,
        }


class Demonstration:
    """One play of all shipped journeys; `report` grows as it goes."""

    def __init__(self, world: World, config: Path) -> None:
        self.report = Report()
        self._world = world
        self._config = config
        self._journeys = read_journeys(world.settings.journeys)
        self._player = world.player

    async def rounds(self) -> AsyncIterator[Round]:
        """Run the daemon, play step after step, and yield each round once the targets have settled."""
        async with daemon(self._config) as running:
            self._player.start("all")
            yield await self._observe(running, 0, 0)
            for number in range(1, 1 + max(len(journey.steps) for journey in self._journeys)):
                since = last_entry(self._world)
                self._player.advance()
                yield await self._observe(running, number, since)
            code = await running.stop()
        if code != 0:
            self.report.problems.append(f"the daemon ended with exit code {code}")

    async def second_pass(self) -> None:
        """Let a new process read and decide everything again, and count what it writes."""
        since = last_entry(self._world)
        code, _ = await connector_json(self._config, "sync", "--rescan")
        audit_code, audit = await connector_json(self._config, "audit", "verify")
        report, world = self.report, self._world
        report.second_pass_writes = target_writes(world, since)
        report.duplicates = count_duplicates(world)
        report.audit_records = int(audit["checked"])
        counts = world.log.counts()
        report.requests = {peer: sum(counts.get(peer, {}).values()) for peer in PEERS}
        report.writes = {peer: counts.get(peer, {}).get("write", 0) for peer in TARGETS}
        report.problems += _ending_problems(code, audit_code, report)
        report.problems += [f"{each.mock} refused {each.method} {each.path}" for each in refused(world)]

    async def _observe(self, running: Daemon, number: int, since: int) -> Round:
        await settled(self._world, since, running.check)
        contents = Contents(self._world)
        scenes = tuple(
            scene
            for journey in self._journeys
            if number <= len(journey.steps)
            for scene in self._scenes(journey, number, contents)
        )
        self.report.scenes += scenes
        self.report.problems += [problem for scene in scenes for problem in scene.problems()]
        return Round(number, scenes)

    def _scenes(self, journey: Journey, number: int, contents: Contents) -> list[Scene]:
        step = journey.steps[number - 1] if number else None
        name, title = (step.name, step.title) if step else (FIRST_STEP, FIRST_TITLE)
        return [
            _scene(journey.name, name, title, incident, incident_id, contents)
            for incident, incident_id in self._ids(journey.name).items()
        ]

    def _ids(self, journey: str) -> Mapping[str, str]:
        runs = {run["journey"]: run["incidents"] for run in self._player.state()["journeys"]}
        found: Mapping[str, str] = runs[journey]
        return found


@asynccontextmanager
async def demonstration() -> AsyncIterator[Demonstration]:
    """Serve new mocks on free loopback ports, with a configuration in a folder that goes with the context."""
    world = World(WorldSettings())
    with mock_folder() as folder:
        async with serving(world) as addresses:
            yield Demonstration(world, write_config(addresses.as_json(), folder, every=POLL_EVERY))


def _scene(journey: str, step: str, title: str, incident: str, incident_id: str, contents: Contents) -> Scene:
    xdr = contents.xdr(incident_id)
    return Scene(
        journey,
        step,
        title,
        incident,
        xdr,
        contents.sentinel(xdr["displayName"]),
        contents.servicenow(incident_id),
    )


def _ending_problems(sync_code: int, audit_code: int, report: Report) -> list[str]:
    checks = {
        f"the second pass ended with exit code {sync_code}": sync_code != 0,
        f"the second pass wrote {report.second_pass_writes} times": report.second_pass_writes > 0,
        f"{report.duplicates} records, comments or notes are there twice": report.duplicates > 0,
        f"audit verify ended with exit code {audit_code}": audit_code != 0,
    }
    return [problem for problem, holds in checks.items() if holds]
