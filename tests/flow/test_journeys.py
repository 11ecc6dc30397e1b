"""Every shipped journey through the whole connector with the shipped mappings, against a golden table.

The table says what Microsoft documents for each stage on the Sentinel side, and what the shipped ServiceNow
mapping makes of it: one entry for each incident after each step. A change of status or owner is a work note
there, and so are every comment and every change of tags.
"""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import NamedTuple

import pytest

from connector.mocks.scenario import read_journeys
from connector.mocks.world import WorldSettings
from tests.support.rig import Rig, rig


class Sentinel(NamedTuple):
    """What a Sentinel incident shows: `owner` as displayed, `awaiting` for the tag of that name."""

    status: str
    owner: str | None = None
    classification: str | None = None
    reason: str | None = None
    awaiting: bool = False
    comments: int = 0


class ServiceNow(NamedTuple):
    """Raw values of a ServiceNow incident, and how many notes it has."""

    state: str
    hold_reason: str = ""
    close_code: str = ""
    notes: int = 0


EXPERTS = "Defender Experts"
ANALYST = "soc.analyst@contoso.example"
LEAD = "soc.lead@contoso.example"
NEW, IN_PROGRESS, ON_HOLD, RESOLVED = "1", "2", "3", "6"
AWAITING = "Awaiting Customer Action"
FALSE_POSITIVE = ("FalsePositive", "InaccurateData")
EXPECTED_ACTIVITY = ("BenignPositive", "SuspiciousButExpected")
TRUE_POSITIVE = ("TruePositive", "SuspiciousActivity")
UNDETERMINED = ("Undetermined", None)

# (step, name of the incident in the journey): what Sentinel and ServiceNow hold by then.
GOLDEN: dict[str, list[tuple[str, str, Sentinel, ServiceNow]]] = {
    "false-positive": [
        ("new", "backup", Sentinel("New"), ServiceNow(NEW)),
        ("experts-start", "backup", Sentinel("Active", EXPERTS), ServiceNow(IN_PROGRESS, notes=1)),
        (
            "concluded",
            "backup",
            Sentinel("Closed", None, *FALSE_POSITIVE, comments=1),
            ServiceNow(RESOLVED, close_code="No resolution provided", notes=4),
        ),
    ],
    "informational": [
        ("new", "scan", Sentinel("New"), ServiceNow(NEW)),
        ("experts-start", "scan", Sentinel("Active", EXPERTS), ServiceNow(IN_PROGRESS, notes=1)),
        (
            "concluded",
            "scan",
            Sentinel("Closed", None, *EXPECTED_ACTIVITY, comments=1),
            ServiceNow(RESOLVED, close_code="Resolved by caller", notes=4),
        ),
    ],
    "true-positive-resolved": [
        ("new", "malware", Sentinel("New"), ServiceNow(NEW)),
        ("experts-start", "malware", Sentinel("Active", EXPERTS), ServiceNow(IN_PROGRESS, notes=1)),
        (
            "concluded",
            "malware",
            Sentinel("Closed", "Customer", *TRUE_POSITIVE, comments=1),
            ServiceNow(RESOLVED, close_code="Solution provided", notes=4),
        ),
    ],
    "true-positive-handed-over": [
        ("new", "phish", Sentinel("New"), ServiceNow(NEW)),
        ("experts-start", "phish", Sentinel("Active", EXPERTS), ServiceNow(IN_PROGRESS, notes=1)),
        (
            "handed-over",
            "phish",
            Sentinel("Active", "Customer", awaiting=True, comments=1),
            ServiceNow(ON_HOLD, hold_reason="4", notes=4),
        ),
        (
            "customer-finishes",
            "phish",
            Sentinel("Closed", "Customer", *TRUE_POSITIVE, comments=2),
            ServiceNow(RESOLVED, close_code="Solution provided", notes=7),
        ),
    ],
    "reopened": [
        ("new", "beacon", Sentinel("New"), ServiceNow(NEW)),
        ("taken-up", "beacon", Sentinel("Active", ANALYST), ServiceNow(IN_PROGRESS, notes=1)),
        (
            "resolved",
            "beacon",
            Sentinel("Closed", ANALYST, *FALSE_POSITIVE, comments=1),
            ServiceNow(RESOLVED, close_code="No resolution provided", notes=3),
        ),
        # ServiceNow has no way back from Resolved to New: a reopened ticket is In Progress, and keeps its code.
        (
            "reopened",
            "beacon",
            Sentinel("New", comments=2),
            ServiceNow(IN_PROGRESS, close_code="No resolution provided", notes=5),
        ),
        (
            "resolved-again",
            "beacon",
            Sentinel("Closed", LEAD, *TRUE_POSITIVE, comments=2),
            ServiceNow(RESOLVED, close_code="Solution provided", notes=6),
        ),
    ],
    "merged": [
        ("new", "first", Sentinel("New"), ServiceNow(NEW)),
        ("new", "second", Sentinel("New"), ServiceNow(NEW)),
        ("commented", "first", Sentinel("New"), ServiceNow(NEW)),
        ("commented", "second", Sentinel("New", comments=1), ServiceNow(NEW, notes=1)),
        ("merged", "first", Sentinel("New"), ServiceNow(NEW)),
        (
            "merged",
            "second",
            Sentinel("Closed", None, *UNDETERMINED, comments=1),
            ServiceNow(RESOLVED, close_code="Duplicate", notes=3),
        ),
        (
            "resolved",
            "first",
            Sentinel("Closed", ANALYST, *TRUE_POSITIVE),
            ServiceNow(RESOLVED, close_code="Solution provided", notes=1),
        ),
    ],
}


@pytest.fixture
async def played(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Rig]:
    async with rig(tmp_path, WorldSettings(scenario=request.param)) as made:
        yield made


def test_every_shipped_journey_has_its_table() -> None:
    steps = {each.name: ["new", *(step.name for step in each.steps)] for each in read_journeys()}
    golden = {name: list(dict.fromkeys(step for step, *_ in rows)) for name, rows in GOLDEN.items()}
    assert golden == steps


@pytest.mark.parametrize(("played", "rows"), GOLDEN.items(), ids=GOLDEN, indirect=["played"])
async def test_journey(played: Rig, rows: list[tuple[str, str, Sentinel, ServiceNow]]) -> None:
    (journey,) = played.world.player.state()["journeys"]
    step = "new"
    await played.sync()
    for wanted_step, name, sentinel, servicenow in rows:
        if wanted_step != step:
            (advanced,) = played.world.player.advance()
            step = advanced["step"]
            await played.sync()
        incident_id = journey["incidents"][name]
        assert (step, name, sentinel_of(played, incident_id)) == (wanted_step, name, sentinel)
        assert (step, name, servicenow_of(played, incident_id)) == (wanted_step, name, servicenow)
    assert played.refused() == []


def sentinel_of(played: Rig, incident_id: str) -> Sentinel:
    title = played.world.graph.portal.get(incident_id)["displayName"]
    held = played.sentinel()[title]
    return Sentinel(
        held["status"],
        held["owner"]["assignedTo"],
        held.get("classification"),
        held.get("classificationReason"),
        AWAITING in {label["labelName"] for label in held["labels"]},
        len(played.comments(title)),
    )


def servicenow_of(played: Rig, incident_id: str) -> ServiceNow:
    row = played.servicenow()[incident_id]
    return ServiceNow(
        row["state"], row["hold_reason"], row["close_code"], len(played.work_notes(row["sys_id"]))
    )
