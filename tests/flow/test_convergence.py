"""Whatever happens, in whatever order: once the trouble ends, the targets hold what the mappings want.

Incidents change, people work on the records, services fail and lose answers, the process dies and comes back.
At the end all faults are lifted and time passes; then every record is compared with the mapping applied to the
incident as it is now, and everything is read once more, which must write nothing.
"""

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from datetime import timedelta
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test

from connector.mocks.graph.errors import GraphError
from connector.mocks.graph.words import CLASSIFICATIONS, DETERMINATIONS, SEVERITIES, STATUSES
from connector.store import wanted
from tests.support import agreement
from tests.support.inprocess import Fate, Lab, lab, sync

T = TypeVar("T")

OWNERS = (
    None,
    "Defender Experts",
    "Customer",
    "dana@example.com",
    "sam.rivera@example.com",
    "gone@example.com",
)
TAGS = ("vip", "VIP", "pci", "Finance")
STRANGE = ("unknownFutureValue", "escalatedToMars")
FAULTS: tuple[dict[str, Any], ...] = (
    {"kind": "throttle", "retry_after": 30},
    {"kind": "status", "status": 500},
    {"kind": "status", "status": 503},
    {"kind": "status", "status": 401},
    {"kind": "cut_before"},
    {"kind": "cut_after"},
    {"kind": "html"},
    {"kind": "malformed"},
)
ANY = st.integers(min_value=0, max_value=99)
has_incidents = precondition(lambda self: self.count > 0)


class Convergence(RuleBasedStateMachine):
    """One world, and the connector's processes in it, one after the other."""

    stage: Lab

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.lab = self.do(afresh(self.stage))
        self.world = self.lab.world
        self.portal = self.world.graph.portal
        self.world.servicenow.settings.journals_readable = False
        self.count = self.said = 0
        self.labels: dict[str, set[str]] = {}
        self.categories: dict[str, str] = {}
        self.strange: set[str] = set()
        self.start()

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(work)

    def start(self) -> None:
        self.process = self.lab.process()
        self.app = self.do(self.process.__aenter__())

    def stop(self) -> None:
        self.do(self.process.__aexit__(None, None, None))

    def incident(self, which: int) -> str:
        return str(which % self.count + 1)

    # What happens to incidents.

    @rule(
        status=st.sampled_from(STATUSES), severity=st.sampled_from(SEVERITIES), owner=st.sampled_from(OWNERS)
    )
    def appears(self, status: str, severity: str, owner: str | None) -> None:
        self.count += 1
        name = f"Incident {self.count}"
        self.portal.create({"displayName": name, "status": status, "severity": severity, "assignedTo": owner})

    @has_incidents
    @rule(which=ANY, status=st.sampled_from(STATUSES), owner=st.sampled_from(OWNERS))
    def moves(self, which: int, status: str, owner: str | None) -> None:
        self.portal.set(self.incident(which), {"status": status, "assignedTo": owner}, "Kim")

    @has_incidents
    @rule(
        which=ANY,
        classification=st.sampled_from(CLASSIFICATIONS),
        determination=st.sampled_from(DETERMINATIONS),
        severity=st.sampled_from(SEVERITIES),
    )
    def is_judged(self, which: int, classification: str, determination: str, severity: str) -> None:
        values = {"classification": classification, "determination": determination, "severity": severity}
        self.portal.set(self.incident(which), values, "Kim")

    @has_incidents
    @rule(which=ANY, tags=st.lists(st.sampled_from(TAGS), unique=True))
    def is_tagged(self, which: int, tags: list[str]) -> None:
        self.portal.set(self.incident(which), {"customTags": tags}, "Kim")

    @has_incidents
    @rule(which=ANY)
    def is_commented(self, which: int) -> None:
        self.said += 1
        self.portal.comment(self.incident(which), f"Remark {self.said}.", "Kim")

    @has_incidents
    @rule(which=ANY, into=ANY)
    def is_merged(self, which: int, into: int) -> None:
        with suppress(GraphError):  # the service would not merge these two
            self.portal.merge(self.incident(which), self.incident(into), "Kim")

    @has_incidents
    @rule(
        which=ANY,
        name=st.sampled_from(("status", "classification", "determination", "severity")),
        word=st.sampled_from(STRANGE),
    )
    def says_something_new(self, which: int, name: str, word: str) -> None:
        self.strange.add(self.incident(which))
        self.portal.set(self.incident(which), {"overrides": {name: word}}, "Kim")

    @has_incidents
    @rule(which=ANY)
    def speaks_plainly_again(self, which: int) -> None:
        self.strange.discard(self.incident(which))
        self.portal.set(self.incident(which), {"overrides": {}}, "Kim")

    # What people do to records.

    @rule(which=ANY, label=st.sampled_from(("person: watch", "person: later")))
    def person_labels(self, which: int, label: str) -> None:
        incidents = self.world.sentinel.contents()["incidents"]
        if incidents:
            chosen = incidents[which % len(incidents)]
            self.world.sentinel.edit(
                chosen["name"], {"labels": [*chosen["properties"]["labels"], {"labelName": label}]}
            )
            self.labels.setdefault(chosen["name"], set()).add(label)

    @rule(which=ANY, category=st.sampled_from(("software", "network")))
    def person_files(self, which: int, category: str) -> None:
        tickets = self.world.servicenow.contents()["incident"]
        if tickets:
            sys_id = tickets[which % len(tickets)]["sys_id"]
            self.world.servicenow.edit("incident", sys_id, {"category": category, "work_notes": "Seen."})
            self.categories[sys_id] = category

    # What happens to the connector and the services.

    @rule(again=st.booleans())
    def passes(self, again: bool) -> None:
        self.do(sync(self.app, rescan=again))

    @rule(
        mock=st.sampled_from(("xdr", "entra", "sentinel", "servicenow")),
        fault=st.sampled_from(FAULTS),
        after=st.integers(0, 4),
        times=st.integers(1, 6),
    )
    def breaks(self, mock: str, fault: dict[str, Any], after: int, times: int) -> None:
        self.world.faults.add({"mock": mock, "fault": fault, "after": after, "times": times})

    @rule()
    def is_mended(self) -> None:
        self.world.faults.clear()

    @rule(minutes=st.sampled_from((1, 11, 240)))
    def time_passes(self, minutes: int) -> None:
        self.lab.advance(timedelta(minutes=minutes))

    @rule()
    def restarts(self) -> None:
        self.stop()
        self.start()

    @rule(at=st.integers(1, 40))
    def dies(self, at: int) -> None:
        self.stop()
        self.do(self.lab.live(Fate(at), sync))
        self.start()

    def teardown(self) -> None:
        try:
            self.do(self.calm())
        finally:
            self.stop()
            self.runner.close()

    async def calm(self) -> None:
        """The end of all trouble, and what must hold then."""
        self.world.faults.clear()
        await self.lab.settle(self.app)
        assert await self.parked() <= self.strange
        for incident in self.strange:
            self.lab.advance(timedelta(seconds=1))
            self.portal.set(incident, {"overrides": {}}, "Kim")
        passes = await self.lab.settle(self.app)
        assert passes[-1].failures == ()
        assert await self.parked() == set()
        await self.check()
        last = max((entry.seq for entry in self.world.log.entries()), default=0)
        await sync(self.app, rescan=True)
        writes = self.world.log.entries(since=last, writes_only=True)
        assert [f"{each.method} {each.path} {each.request_body}" for each in writes] == []

    async def parked(self) -> set[str]:
        rows = await self.app.store.read(wanted.parked)
        return {row.key.incident for row in rows}

    async def check(self) -> None:
        wished = await agreement.wishes(self.app, self.lab.config)
        assert {wish.key.incident for wish in wished} == {str(n + 1) for n in range(self.count)}
        found = [*agreement.disagreements(self.world, wished, self.labels)]
        assert not found, "\n".join(found)
        held = {row["sys_id"]: row["category"] for row in self.world.servicenow.contents()["incident"]}
        assert {sys_id: held[sys_id] for sys_id in self.categories} == self.categories
        assert agreement.without_outcome(await self.lab.rows(self.app)) == []
        assert (await self.lab.verified(self.app)).ok


async def afresh(stage: Lab) -> Lab:
    return stage.afresh()


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Lab:
    return lab(tmp_path_factory.mktemp("stage"))


def explore(stage: Lab, examples: int, steps: int, *, repeatable: bool) -> None:
    run_state_machine_as_test(
        type("Staged", (Convergence,), {"stage": stage}),
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            derandomize=repeatable,
            deadline=None,
            database=None,
            phases=[Phase.generate],  # a failure is told as found: making it smaller would take many minutes
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_targets_agree_once_trouble_ends(stage: Lab) -> None:
    explore(stage, 15, 25, repeatable=True)


@pytest.mark.verify
@pytest.mark.timeout(1800)
def test_targets_agree_after_long_trouble(stage: Lab) -> None:
    explore(stage, 200, 40, repeatable=False)
