"""Tasks from the mapping to both targets: once each, for what happens from now on, and each failing by itself."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from connector import operate
from connector.audit import AuditKind, Outcome, SealedRow
from connector.cli.mock_folder import write_config
from connector.config import load
from connector.errors import RejectedError
from connector.mocks.graph.portal import Portal
from connector.mocks.server import Addresses
from connector.model import Delivery, NoteInHand, Receipt
from connector.operate import Request
from connector.store import notes
from connector.store.notes import NewNote
from tests.support import endstate
from tests.support.faketarget import FakeTarget, bench, link_of
from tests.support.inprocess import URLS, Lab, lab, new_world
from tests.support.planning import Planner
from tests.support.states import key, wanted_row
from tests.support.tasks import BASES, TASKS, Tasks, give_tasks

HAND_OVER = {"status": "awaitingAction", "assignedTo": "Customer"}
BOTH = {"sentinel": ["Call the customer"], "servicenow": ["Call the customer"]}
NONE: dict[str, list[str]] = {"sentinel": [], "servicenow": []}


class Story:
    """Mocks, and a configuration that may change between two processes."""

    def __init__(self, folder: Path) -> None:
        self.world = new_world()
        self._path = write_config(Addresses(URLS, self.world).as_json(), folder)
        self.lab = Lab(self.world, load(self._path))

    @property
    def portal(self) -> Portal:
        return self.world.graph.portal

    def ask(self, tasks: Tasks = TASKS, table: str = "incident_task") -> None:
        """From now on the mappings have these tasks."""
        self.lab = Lab(self.world, load(give_tasks(self._path, tasks, table=table)))

    async def settle(self, *, rescan: bool = False) -> list[SealedRow]:
        """One process's work; the audit."""
        async with self.lab.process() as app:
            await self.lab.settle(app, rescan=rescan)
            return await self.lab.rows(app)

    def tasks(self) -> dict[str, list[str]]:
        """The titles of the tasks on each target."""
        return {
            "sentinel": sorted(
                title for held in endstate.sentinel(self.world).values() for title, *_ in held["tasks"]
            ),
            "servicenow": sorted(row["short_description"] for row in endstate.tasks(self.world).values()),
        }


@pytest.fixture
def story(tmp_path: Path) -> Story:
    return Story(tmp_path)


async def test_a_task_is_asked_for_once_however_often_its_rule_holds(story: Story) -> None:
    story.ask()
    story.portal.create({"displayName": "Phish"})
    await story.settle()
    assert story.tasks() == NONE
    for values in (HAND_OVER, {"status": "inProgress"}, HAND_OVER, {"severity": "high"}):
        story.portal.set("1", values, "soc")
        await story.settle()
    assert story.tasks() == BOTH


async def test_a_new_rule_is_for_what_happens_from_now_on(story: Story) -> None:
    for name in ("Phish", "Scan"):
        story.portal.create({"displayName": name})
    story.portal.set("1", HAND_OVER, "soc")
    await story.settle()
    story.ask()
    story.portal.comment("1", "Still waiting.", "Kim")
    await story.settle(rescan=True)
    assert story.tasks() == NONE
    # A record that was there long before gets the task when its rule first holds.
    story.portal.set("2", HAND_OVER, "soc")
    await story.settle()
    assert story.tasks() == BOTH


async def test_a_new_rule_with_backfill_is_for_what_holds_already(story: Story) -> None:
    story.portal.create({"displayName": "Phish"})
    story.portal.set("1", HAND_OVER, "soc")
    await story.settle()
    story.portal.comment("1", "Still waiting.", "Kim")
    story.ask(TASKS.replace("when:", "backfill: true, when:"))
    await story.settle(rescan=True)
    assert story.tasks() == BOTH
    before = len(await story.settle())
    story.portal.set("1", {"priorityScore": 7}, "soc")
    rows = await story.settle()
    assert {row.outcome for row in rows[before:] if row.kind == AuditKind.DECIDED} == {Outcome.UNCHANGED}


async def test_a_task_for_a_record_is_asked_for_when_it_comes_into_being(story: Story) -> None:
    story.portal.create({"displayName": "Phish"})
    story.portal.create({"displayName": "Scan", "status": "resolved"})  # of which ServiceNow gets no record
    follow = "tasks: [{name: follow, title: 'Follow {{ number }}', when: number}]\n"
    story.ask({"sentinel": "let: {number: links.servicenow.number}\n" + follow, "servicenow": ""})
    await story.settle()
    assert len(story.tasks()["sentinel"]) == 1
    story.portal.set("2", {"status": "active"}, "soc")
    await story.settle()
    await story.settle(rescan=True)
    assert [title.startswith("Follow INC") for title in story.tasks()["sentinel"]] == [True, True]


async def test_tasks_of_a_merely_renamed_title_are_not_asked_for_again(story: Story) -> None:
    story.ask()
    story.portal.create({"displayName": "Phish", "customTags": ["vip"]})
    await story.settle()
    story.ask(TASKS.replace("Look into", "Examine"))
    await story.settle(rescan=True)
    assert story.tasks() == {"sentinel": ["Look into vip"], "servicenow": ["Look into vip"]}


async def test_tasks_are_audited_beside_notes(story: Story) -> None:
    story.ask()
    story.portal.create({"displayName": "Phish", "customTags": ["vip"]})
    story.portal.comment("1", "Who opened it?", "Kim")

    rows = [row.said() for row in await story.settle()]

    decided = [row["data"] for row in rows if row["kind"] == "decided"]
    assert [(len(data["notes"]), len(data["tasks"])) for data in decided] == [(1, 1), (1, 1)]
    assert all(data["tasks"][0].startswith("tag:") for data in decided)
    delivered = [row["data"] for row in rows if row["kind"] == "delivered"]
    assert [(len(data["notes"]), len(data["tasks"])) for data in delivered] == [(1, 1), (1, 1)]
    assert not any("vip" in str(data) for data in (*decided, *delivered))


def no_right_in_sentinel(story: Story) -> Callable[[], None]:
    settings = story.world.sentinel.settings
    settings.tasks_writable = False
    return lambda: setattr(settings, "tasks_writable", True)


def no_right_in_servicenow(story: Story) -> Callable[[], None]:
    tables = story.world.servicenow.settings.read_only_tables
    tables.add("incident_task")
    return lambda: tables.remove("incident_task")


@pytest.mark.parametrize(
    ("target", "break_it"), [("sentinel", no_right_in_sentinel), ("servicenow", no_right_in_servicenow)]
)
async def test_a_task_that_may_not_be_written_fails_alone_and_comes_with_a_retry(
    story: Story, target: str, break_it: Callable[[Story], Callable[[], None]]
) -> None:
    story.ask()
    mend = break_it(story)
    story.portal.create({"displayName": "Phish", "customTags": ["vip"]})
    story.portal.comment("1", "Who opened it?", "Kim")

    rows = await story.settle()

    held = endstate.held(story.world)
    assert len(held["sentinel"]) == len(held["servicenow"]) == 1
    assert all(any("Who opened it?" in str(one) for one in held[name].values()) for name in BASES)
    assert story.tasks() == {name: [] if name == target else ["Look into vip"] for name in BASES}
    failed = [row for row in rows if "task_errors" in row.said().get("data", {})]
    assert [row.said()["target"] for row in failed] == [target]
    assert any(name.startswith("task_error.") for name in failed[0].private)
    mend()
    async with story.lab.process() as app:
        assert await app.store.read(notes.count_parked) == {f"contoso-{target}": 1}
        await app.store.write(
            lambda tx: operate.retry(tx, "1", {f"contoso-{target}": target}, Request("kim", "mended"))
        )
        await story.lab.settle(app)
    assert story.tasks() == {name: ["Look into vip"] for name in BASES}


async def test_tasks_can_go_into_notes(story: Story) -> None:
    story.ask(table="note")
    story.portal.create({"displayName": "Phish", "customTags": ["vip"]})
    await story.settle()
    await story.settle(rescan=True)
    (ticket,) = endstate.servicenow(story.world).values()
    assert ticket["notes"].count("Task: Look into vip\nIncident 1 [mdxdr:") == 1


async def test_tasks_do_not_wait_for_a_note_that_is_refused(tmp_path: Path) -> None:
    target = FakeTarget(refuses_notes)
    async with bench(tmp_path, target) as desk:
        await desk.put(wanted_row(), notes_too=[stored("note"), stored("task", title="Isolate it")])
        await desk.drain(times=3, minutes=1)
        assert target.said == ["text of task"]
        assert await desk.parked_notes() == {"soc": 1}
        assert await desk.left() == (0, 0)


def refuses_notes(delivery: Delivery) -> Exception | Receipt | None:
    if any(not each.title for each in delivery.notes):
        return RejectedError("no notes here", part="notes")
    return None


def stored(item: str, **given: Any) -> NewNote:
    return NewNote("soc", key(), "rule", item, f"note-{item}", f"text of {item}", **given)


async def test_what_was_asked_for_leaves_no_words_behind(tmp_path: Path) -> None:
    seen: list[NoteInHand] = []

    def answer(delivery: Delivery) -> Receipt:
        seen.extend(delivery.notes)
        return Receipt(link_of(delivery), created=True, notes=tuple(each.id for each in delivery.notes))

    async with bench(tmp_path, FakeTarget(answer)) as desk:
        await desk.put(wanted_row(), notes_too=[stored("task", title="Isolate PC-KIM")])
        await desk.drain()
        assert [each.title for each in seen] == ["Isolate PC-KIM"]
        rows = await desk.store.read(lambda tx: tx.connection.exec_driver_sql("SELECT * FROM notes").all())
        assert "PC-KIM" not in str(rows)


async def test_tasks_come_as_planned(tmp_path: Path) -> None:
    planner = Planner(lab(tmp_path, tasks=True))
    planner.portal.create({"displayName": "Phish", "customTags": ["vip"]})
    await planner.comes_true()
    planner.lab.advance(timedelta(minutes=1))
    planner.portal.set("1", HAND_OVER, "soc")

    plan = await planner.comes_true()

    paths = [write.path for item in plan.items for write in item.writes]
    assert sum("/tasks/" in path for path in paths) == 1
    assert sum(path.endswith("/incident_task") for path in paths) == 1
