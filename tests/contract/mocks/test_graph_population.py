"""The seeded population of the Graph mock: repeatable, complete, ordered, and changeable as a whole."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connector.mocks.graph.population import OWNERS, make_population
from connector.mocks.graph.times import parse_ticks, ticks_of
from connector.mocks.graph.words import CLASSIFICATIONS, LEGAL_PAIRS, SEVERITIES, STATUSES
from tests.contract.mocks.graph_caller import INCIDENTS, SHOW_NEW, Caller

NOW = datetime(2026, 1, 5, 8, tzinfo=UTC)


@pytest.fixture(scope="module")
def incidents() -> list[dict[str, Any]]:
    return make_population(1_000, 7, NOW, tenant_id="tenant-1")


def test_the_same_seed_gives_the_same_incidents(incidents: list[dict[str, Any]]) -> None:
    assert make_population(1_000, 7, NOW, tenant_id="tenant-1") == incidents
    assert make_population(1_000, 8, NOW, tenant_id="tenant-1") != incidents


def test_every_word_occurs(incidents: list[dict[str, Any]]) -> None:
    pairs = {(left, right) for left, rights in LEGAL_PAIRS.items() for right in rights}

    assert {item["status"] for item in incidents} == set(STATUSES)
    assert {item["severity"] for item in incidents} == set(SEVERITIES)
    assert {item["classification"] for item in incidents} == set(CLASSIFICATIONS)
    assert pairs <= {(item["classification"], item["determination"]) for item in incidents}
    assert {"apt", "securityPersonnel"} <= {item["determination"] for item in incidents}
    assert {item["assignedTo"] for item in incidents} == set(OWNERS)


def test_alerts_and_evidence_vary(incidents: list[dict[str, Any]]) -> None:
    kinds = {
        item["@odata.type"].rpartition(".")[2]
        for incident in incidents
        for alert in incident["alerts"]
        for item in alert["evidence"]
    }
    wanted = {"deviceEvidence", "userEvidence", "mailboxEvidence", "fileEvidence", "processEvidence"}

    assert {len(item["alerts"]) for item in incidents} == set(range(6))
    assert wanted <= kinds


def test_texts_are_odd_and_long(incidents: list[dict[str, Any]]) -> None:
    titles = "".join(item["displayName"] for item in incidents)
    descriptions = [item["description"] or "" for item in incidents]

    for mark in ("\u202e", "\u2028", "👩", "<script>", "[code]", "=cmd", "\u0301"):
        assert mark in titles
    assert max(len(item["displayName"]) for item in incidents) == 400
    assert max(map(len, descriptions)) == 8_000


def test_update_times_ascend_with_the_id_and_sometimes_tie(incidents: list[dict[str, Any]]) -> None:
    times = [parse_ticks(item["lastUpdateDateTime"]) for item in incidents]
    ties = Counter(Counter(times).values())

    assert times == sorted(times)
    assert [item["id"] for item in incidents] == [str(number) for number in range(1, 1_001)]
    assert ticks_of(NOW - timedelta(days=7)) < times[0] < times[-1] <= ticks_of(NOW)
    assert set(ties) <= {1, 2, 3, 4, 5}
    assert len(ties) == 5


def test_redirected_incidents_point_at_one_that_is_not(incidents: list[dict[str, Any]]) -> None:
    status = {item["id"]: item["status"] for item in incidents}
    targets = [item["redirectIncidentId"] for item in incidents if item["status"] == "redirected"]

    assert targets
    assert all(status[target] != "redirected" for target in targets)


async def test_a_population_is_served_and_numbered_after_what_is_there() -> None:
    caller = Caller()
    caller.create({"displayName": "first"})
    caller.mock.populate(120, seed=1)

    pages = await caller.sweep(orderby="createdDateTime asc", expand="alerts")

    assert [len(page) for page in pages] == [50, 50, 21]
    assert sorted(int(name) for page in pages for name in page) == list(range(1, 122))


async def test_a_change_of_all_moves_every_incident_but_the_redirected() -> None:
    caller = Caller()
    caller.mock.populate(40, seed=1)
    before = {item["id"]: item for item in caller.mock.incidents()}
    start = caller.clock.now()
    changed = caller.mock.change_population(seed=2)

    after = {item["id"]: item for item in caller.mock.incidents()}
    moved = [name for name in before if after[name]["status"] != before[name]["status"]]
    assert len(moved) == changed == 35
    assert all(parse_ticks(after[name]["lastUpdateDateTime"]) > ticks_of(start) for name in moved)
    assert len({after[name]["lastUpdateDateTime"] for name in moved}) == changed
    answer = await caller.http.get(f"{INCIDENTS}/{moved[0]}", headers=SHOW_NEW)
    assert answer.json()["status"] == after[moved[0]]["status"]
