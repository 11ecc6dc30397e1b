"""What agreement costs: nothing. Second passes, steady state, and living beside Microsoft's own connector.

Requests are counted in the mocks' own log.
"""

import json
from collections import Counter
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from connector.config import shipped_mappings
from connector.mocks.world import WorldSettings
from tests.support.harness import call, mocks, run
from tests.support.rig import Rig, rig
from tests.support.tasks import give_tasks

POPULATION = 150
POLLS = 20


@pytest.fixture
async def settled(tmp_path: Path) -> AsyncIterator[Rig]:
    """A varied population that is in agreement."""
    async with rig(tmp_path, WorldSettings(incidents=POPULATION, seed=3)) as made:
        await made.sync()
        yield made


def audit_rows(config: Path, since: int) -> list[dict[str, Any]]:
    """The audit's rows after number `since`."""
    arguments = ("audit", "list", "--json", "--limit", "0", "--since", str(since), "--config", str(config))
    done = call(*arguments)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.usefixtures("preloaded")
def test_new_process_that_reads_everything_again_writes_nothing() -> None:
    with mocks("--incidents", "120", "--seed", "11") as served:
        assert run(served.config, "sync")["fresh"] == 120
        seen = run(served.config, "audit", "verify")["checked"]
        since = served.control.last_entry()
        assert run(served.config, "sync", "--rescan")["left"] == {"sentinel": 0, "servicenow": 0}
        heard = served.control.log(since=since)
        assert [entry for entry in heard if entry["mock"] in ("sentinel", "servicenow")] == []
        assert run(served.config, "audit", "verify")["ok"]
        outcomes = Counter((row.get("route"), row.get("outcome")) for row in audit_rows(served.config, seen))
        records = {
            "contoso-sentinel": len(served.control.contents("sentinel")["incidents"]),
            "contoso-servicenow": len(served.control.contents("servicenow")["incident"]),
        }
        for route, number in records.items():
            assert outcomes[route, "unchanged"] == number
            # The others were over when they were first seen, and the mapping wants no record for them.
            assert outcomes[route, "excluded"] == 120 - number


async def test_new_incident_costs_one_write_a_target_and_few_look_ups(settled: Rig) -> None:
    sentinel, servicenow = len(settled.sentinel_names()), len(settled.servicenow())
    spent = settled.spent()
    assert spent["sentinel PUT incident"] == sentinel
    assert spent["sentinel GET incident"] == 0
    assert spent["sentinel GET list"] <= 1
    assert spent["servicenow POST list"] == servicenow
    assert spent["servicenow PATCH incident"] == 0
    reads = sum(count for what, count in spent.items() if what.startswith("servicenow GET"))
    assert reads <= 1 + POPULATION / 50  # the first is the look at the table before anything is written
    assert settled.refused() == []


@pytest.mark.parametrize("commented", [False, True], ids=["untouched", "commented by us"])
async def test_change_costs_one_write_a_target(settled: Rig, commented: bool) -> None:
    """And one read of the Sentinel incident where a comment of ours gave it a new etag."""
    first, second = active_incidents(settled, commented=commented)[:2]
    async with settled.running() as sync:
        change(settled, first)
        await sync()
        since = settled.mark()
        change(settled, second)
        await sync()
    expected = {"sentinel PUT incident": 1, "servicenow PATCH incident": 1}
    assert settled.spent(since) == expected | ({"sentinel GET incident": 1} if commented else {})
    assert settled.refused() == []


async def test_comment_costs_one_write_a_target(settled: Rig) -> None:
    first, second = active_incidents(settled, commented=False)[:2]
    async with settled.running() as sync:
        change(settled, first)
        await sync()
        since = settled.mark()
        settled.world.graph.portal_comment(second, "Looking into it.", "soc.analyst@contoso.example")
        await sync()
    assert settled.spent(since) == {"sentinel PUT comment": 1, "servicenow PATCH incident": 1}


async def test_first_write_of_a_process_costs_one_look_at_the_workspace(settled: Rig) -> None:
    since = settled.mark()
    change(settled, active_incidents(settled, commented=False)[0])
    await settled.sync()
    assert settled.spent(since)["sentinel GET list"] <= 1


async def test_polls_without_news_cost_the_targets_nothing(settled: Rig) -> None:
    since = settled.mark()
    for _ in range(3):
        await settled.sync()
    assert settled.spent(since) == {}


async def test_task_costs_one_write_and_later_passes_nothing(tmp_path: Path) -> None:
    async with rig(tmp_path) as made:
        give_tasks(made.config)
        made.world.graph.portal.create({"displayName": "One", "customTags": ["vip", "finance"]})
        await made.sync()
        spent = made.spent()
        assert {what: count for what, count in spent.items() if "task" in what} == {
            "sentinel PUT task": 2,
            "servicenow POST task": 2,
        }
        made.world.graph.portal_set("1", {"status": "awaitingAction"}, "soc")
        since = made.mark()
        await made.sync()
        spent = made.spent(since)
        # One look each, because an earlier attempt without answer might have made it.
        assert {what: count for what, count in spent.items() if "task" in what} == {
            "sentinel GET task": 1,
            "sentinel PUT task": 1,
            "servicenow GET task": 1,
            "servicenow POST task": 1,
        }
        since = made.mark()
        await made.sync()
        await made.sync(rescan=True)
        assert made.spent(since) == {}


async def test_what_microsoft_copies_back_is_never_written_again(tmp_path: Path) -> None:
    async with rig(tmp_path, WorldSettings(incidents=40, seed=5, microsoft=True)) as both:
        give_sentinel_to_microsoft(both.config)
        both.world.clock.advance(timedelta(minutes=15))
        both.world.tick()
        await both.sync()
        written = both.writes()
        assert any(entry.mock == "sentinel" for entry in written)
        held = [each["properties"] for each in both.world.sentinel.contents()["incidents"]]
        named = [label["labelName"] for each in held for label in each["labels"]]
        assert {f"ticket:{ticket['number']}" for ticket in both.servicenow().values()} <= set(named)
        since = both.mark()
        for _ in range(POLLS):
            both.world.clock.advance(timedelta(seconds=30))
            both.world.tick()
            await both.sync()
        tags = [tag for each in both.world.graph.incidents() for tag in each["customTags"]]
        assert any(tag.startswith("Determination") for tag in tags)
        assert both.writes(since) == []


def give_sentinel_to_microsoft(config: Path) -> None:
    """Let Microsoft's connector own the Sentinel incidents; ours adds what that one does not carry."""
    document = yaml.safe_load(config.read_text(encoding="utf-8"))
    document["targets"][0]["incidents"] = "microsoft"
    document["routes"][0]["mapping"] = str(shipped_mappings() / "sentinel-microsoft.yaml")
    config.write_text(yaml.safe_dump(document), encoding="utf-8")


def change(settled: Rig, incident_id: str) -> None:
    settled.world.graph.portal_set(incident_id, {"status": "inProgress", "assignedTo": "Customer"}, "soc")


def active_incidents(settled: Rig, *, commented: bool) -> list[str]:
    """Active incidents that both targets hold, with or without comments of ours on them."""
    held = settled.servicenow()
    return [
        each["id"]
        for each in settled.world.graph.incidents()
        if each["id"] in held and each["status"] == "active" and bool(each["comments"]) == commented
    ]
