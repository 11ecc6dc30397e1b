"""Journeys: what the shipped ones tell, how they are played, and how a bad file is refused."""

import copy
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from connector.mocks.player import Player, UnknownJourneyError
from connector.mocks.scenario import SHIPPED, JourneyError, parse_journey, read_journey, read_journeys
from tests.contract.mocks.graph_caller import INCIDENTS, SHOW_NEW, Caller

UNKNOWN = ("unknown", "unknown")


class Stage:
    """A mock in which journeys are played."""

    def __init__(self) -> None:
        self.caller = Caller()
        self.player = Player(self.caller.clock, self.caller.mock.portal, read_journeys())

    def incident(self, journey: str, name: str) -> dict[str, Any]:
        ids = {run["journey"]: run["incidents"] for run in self.player.state()["journeys"]}
        return self.caller.stored(ids[journey][name])

    def row(self, journey: str, name: str) -> tuple[Any, ...]:
        item = self.incident(journey, name)
        return item["status"], item["assignedTo"], item["classification"], item["determination"]


@pytest.fixture
def stage() -> Stage:
    return Stage()


@pytest.mark.parametrize(
    ("journey", "name", "rows"),
    [
        (
            "false-positive",
            "backup",
            [
                ("active", None, *UNKNOWN),
                ("inProgress", "Defender Experts", *UNKNOWN),
                ("resolved", None, "falsePositive", "notMalicious"),
            ],
        ),
        (
            "informational",
            "scan",
            [
                ("active", None, *UNKNOWN),
                ("inProgress", "Defender Experts", *UNKNOWN),
                ("resolved", None, "informationalExpectedActivity", "securityTesting"),
            ],
        ),
        (
            "true-positive-resolved",
            "malware",
            [
                ("active", None, *UNKNOWN),
                ("inProgress", "Defender Experts", *UNKNOWN),
                ("resolved", "Customer", "truePositive", "malware"),
            ],
        ),
        (
            "true-positive-handed-over",
            "phish",
            [
                ("active", None, *UNKNOWN),
                ("inProgress", "Defender Experts", *UNKNOWN),
                ("awaitingAction", "Customer", "truePositive", "compromisedAccount"),
                ("resolved", "Customer", "truePositive", "compromisedAccount"),
            ],
        ),
        (
            "reopened",
            "beacon",
            [
                ("active", None, *UNKNOWN),
                ("inProgress", "soc.analyst@contoso.example", *UNKNOWN),
                ("resolved", "soc.analyst@contoso.example", "falsePositive", "notEnoughDataToValidate"),
                ("active", None, *UNKNOWN),
                ("resolved", "soc.lead@contoso.example", "truePositive", "malware"),
            ],
        ),
    ],
)
def test_each_journey_tells_its_story(
    stage: Stage, journey: str, name: str, rows: list[tuple[Any, ...]]
) -> None:
    stage.player.start(journey)
    seen = [stage.row(journey, name)]
    while stage.player.advance(journey):
        seen.append(stage.row(journey, name))

    assert seen == rows


def test_the_merged_journey_redirects_one_into_the_other(stage: Stage) -> None:
    stage.player.start("merged")
    stage.player.advance("merged", 2)

    source, target = stage.incident("merged", "second"), stage.incident("merged", "first")
    assert (source["status"], source["redirectIncidentId"]) == ("redirected", target["id"])
    assert target["customTags"] == ["finance"]
    assert len(source["comments"]) == 1
    assert len(target["alerts"]) == 2
    stage.player.advance("merged", to_end=True)
    assert stage.incident("merged", "first")["status"] == "resolved"


@pytest.mark.parametrize("path", sorted(SHIPPED.glob("*.yaml")), ids=lambda path: path.stem)
def test_shipped_journeys_can_be_played_to_their_end(stage: Stage, path: Path) -> None:
    journey = read_journey(path)
    stage.player.start(journey.name)

    played = stage.player.advance(journey.name, to_end=True)

    assert journey.name == path.stem
    assert [entry["step"] for entry in played] == [step.name for step in journey.steps]
    assert stage.player.advance(journey.name) == []


async def test_experts_tag_and_comment_when_they_conclude(stage: Stage) -> None:
    stage.player.start("true-positive-handed-over")
    stage.player.advance(steps=2)

    item = (await stage.caller.http.get(f"{INCIDENTS}/1", headers=SHOW_NEW)).json()
    assert item["status"] == "awaitingAction"
    assert item["systemTags"] == ["Defender Experts"]
    assert item["lastModifiedBy"] == "Defender Experts"
    assert [comment["createdByDisplayName"] for comment in item["comments"]] == ["Defender Experts"]


def test_all_journeys_advance_together(stage: Stage) -> None:
    stage.player.start("all")

    assert len(stage.player.advance()) == len(stage.player.names()) == 6
    assert {step["step"] for step in stage.player.advance()} >= {"concluded", "handed-over", "merged"}


def test_the_clock_plays_what_is_due(stage: Stage) -> None:
    stage.player.start("false-positive")
    assert stage.player.tick() == []

    stage.caller.clock.advance(timedelta(minutes=3))
    assert [entry["step"] for entry in stage.player.tick()] == ["experts-start"]
    assert stage.player.tick() == []
    stage.caller.clock.advance(timedelta(minutes=25))
    assert [entry["step"] for entry in stage.player.tick()] == ["concluded"]
    assert stage.player.state()["journeys"][0]["next"] is None


def test_unknown_names_are_refused(stage: Stage) -> None:
    with pytest.raises(UnknownJourneyError, match="known are false-positive"):
        stage.player.start("nothing")
    with pytest.raises(UnknownJourneyError, match="has not been started"):
        stage.player.advance("merged")


GOOD: dict[str, Any] = {
    "journey": "j",
    "title": "t",
    "incidents": {"one": {"properties": {}}},
    "steps": [{"step": "s", "title": "t", "after": "5m", "changes": [{"incident": "one", "by": "x"}]}],
}


def broken(*path: Any, value: Any) -> Any:
    document = copy.deepcopy(GOOD)
    place = document
    for key in path[:-1]:
        place = place[key]
    if value is None:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    return document


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ([], "a mapping is needed"),
        (broken("title", value=None), "'title' is missing"),
        (broken("tittle", value="x"), "'tittle' is unknown"),
        (broken("incidents", "one", value={}), r"incidents.one: 'properties' is missing"),
        (broken("steps", 0, "after", value="soon"), r"steps\[1\].after: 'soon' is no duration"),
        (broken("steps", 0, "changes", 0, "incident", value="two"), "no incident 'two'"),
        (broken("steps", 0, "changes", 0, "merge_into", value="two"), "no incident 'two'"),
        (broken("steps", 0, "changes", 0, "by", value=None), "'by' is missing"),
        (broken("steps", 0, "changes", 0, "comment", value={"by": "x"}), "'text' is missing"),
        (broken("steps", 0, "changes", 0, "set", value=[]), "a mapping is needed"),
        (broken("steps", 0, "changes", 0, "add_system_tags", value="x"), "tags are a list"),
    ],
    ids=str,
)
def test_a_bad_journey_is_refused_with_its_place(document: Any, message: str) -> None:
    with pytest.raises(JourneyError, match=message):
        parse_journey(document)


def test_files_are_named_in_refusals(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("journey: [", encoding="utf-8")
    with pytest.raises(JourneyError, match=r"a\.yaml"):
        read_journeys(tmp_path)

    for name in ("a.yaml", "b.yaml"):
        (tmp_path / name).write_text(yaml.safe_dump(GOOD), encoding="utf-8")
    with pytest.raises(JourneyError, match="same name"):
        read_journeys(tmp_path)
