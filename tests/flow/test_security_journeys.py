"""Every shipped journey through the whole connector with the shipped mapping for security incidents.

One entry for each record after each step, records that follow others under the incident's name and a number. Closed is
final there: what is reopened goes on in a new record, and so does a merged incident's part in none.
"""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import NamedTuple

import pytest
import yaml

from connector.mocks.scenario import read_journeys
from connector.mocks.world import WorldSettings
from tests.support.rig import Rig, notes_in, rig


class Held(NamedTuple):
    """The label of a record's state, its close code, and how many notes it has."""

    state: str
    close_code: str = ""
    notes: int = 0


FALSE_POSITIVE, COMPLETED, MITIGATED = "False positive", "Investigation completed", "Threat mitigated"

# Per journey and step: what ServiceNow holds by then, by name of the incident in the journey.
GOLDEN: dict[str, list[tuple[str, dict[str, Held]]]] = {
    "false-positive": [
        ("new", {"backup": Held("Draft")}),
        ("experts-start", {"backup": Held("Analysis", notes=1)}),
        ("concluded", {"backup": Held("Closed", FALSE_POSITIVE, notes=4)}),
    ],
    "informational": [
        ("new", {"scan": Held("Draft")}),
        ("experts-start", {"scan": Held("Analysis", notes=1)}),
        ("concluded", {"scan": Held("Closed", COMPLETED, notes=4)}),
    ],
    "true-positive-resolved": [
        ("new", {"malware": Held("Draft")}),
        ("experts-start", {"malware": Held("Analysis", notes=1)}),
        ("concluded", {"malware": Held("Closed", MITIGATED, notes=4)}),
    ],
    "true-positive-handed-over": [
        ("new", {"phish": Held("Draft")}),
        ("experts-start", {"phish": Held("Analysis", notes=1)}),
        ("handed-over", {"phish": Held("Contain", notes=4)}),
        ("customer-finishes", {"phish": Held("Closed", MITIGATED, notes=7)}),
    ],
    "reopened": [
        ("new", {"beacon": Held("Draft")}),
        ("taken-up", {"beacon": Held("Analysis", notes=1)}),
        ("resolved", {"beacon": Held("Closed", FALSE_POSITIVE, notes=3)}),
        # The account may not write into a closed record: only the new one names the other. Its notes: that, the
        # reopening, and what was said about it.
        (
            "reopened",
            {"beacon": Held("Closed", FALSE_POSITIVE, notes=3), "beacon:1": Held("Draft", notes=3)},
        ),
        (
            "resolved-again",
            {
                "beacon": Held("Closed", FALSE_POSITIVE, notes=3),
                "beacon:1": Held("Closed", MITIGATED, notes=4),
            },
        ),
    ],
    "merged": [
        ("new", {"first": Held("Draft"), "second": Held("Draft")}),
        ("commented", {"first": Held("Draft"), "second": Held("Draft", notes=1)}),
        ("merged", {"first": Held("Draft"), "second": Held("Closed", COMPLETED, notes=3)}),
        (
            "resolved",
            {"first": Held("Closed", MITIGATED, notes=1), "second": Held("Closed", COMPLETED, notes=3)},
        ),
    ],
}


@pytest.fixture
async def played(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Rig]:
    async with rig(tmp_path, WorldSettings(scenario=request.param)) as made:
        document = yaml.safe_load(made.config.read_text(encoding="utf-8"))
        (target,) = (each for each in document["targets"] if each["type"] == "servicenow")
        target |= {"type": "servicenow-sir", "table": "sn_si_incident"}
        document["targets"] = [target]
        (route,) = (each for each in document["routes"] if each["target"] == "servicenow")
        document["routes"] = [route | {"mapping": "shipped:servicenow-sir.yaml"}]
        made.config.write_text(yaml.safe_dump(document), encoding="utf-8")
        yield made


def held(played: Rig, names: dict[str, str]) -> dict[str, Held]:
    """What the instance holds, by name of the incident and, for followers, their number."""
    contents = played.world.servicenow.contents()
    labels = {
        row["value"]: row["label"]
        for row in contents["sys_choice"]
        if (row["name"], row["element"]) == ("sn_si_incident", "state")
    }
    found = {}
    for row in contents["sn_si_incident"]:
        _, _, incident, *generation = row["correlation_id"].split(":")
        journal = [
            each["value"] for each in contents["sys_journal_field"] if each["element_id"] == row["sys_id"]
        ]
        name = ":".join([names[incident], *generation])
        found[name] = Held(labels[row["state"]], row["close_code"], len(notes_in(*journal)))
    return found


def test_every_shipped_journey_has_its_table() -> None:
    steps = {each.name: ["new", *(step.name for step in each.steps)] for each in read_journeys()}
    assert {name: [step for step, _ in rows] for name, rows in GOLDEN.items()} == steps


@pytest.mark.parametrize(("played", "rows"), GOLDEN.items(), ids=GOLDEN, indirect=["played"])
async def test_journey(played: Rig, rows: list[tuple[str, dict[str, Held]]]) -> None:
    (journey,) = played.world.player.state()["journeys"]
    names = {str(incident): name for name, incident in journey["incidents"].items()}
    for number, (step, wanted) in enumerate(rows):
        if number:
            played.world.player.advance()
        await played.sync()
        assert (step, held(played, names)) == (step, wanted)
    await played.sync(rescan=True)
    assert held(played, names) == rows[-1][1]
