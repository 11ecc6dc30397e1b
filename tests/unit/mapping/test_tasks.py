"""Tasks: asked for when their rule first holds, once for each item or once for an incident."""

from dataclasses import replace
from typing import Any

import pytest

from connector.model import Facts, Mapped, RecordFacts, Unmapped
from tests.unit.mapping.conftest import INCIDENT

HANDED_OVER = {"status": "awaitingAction"}
CONTAIN = """tasks:
  - {name: contain, title: "Isolate {{ item }}", text: "See {{ id }}", each: devices, when: status == 'awaitingAction'}
"""
ONCE = "tasks: [{name: call, title: Call the customer, when: status == 'awaitingAction'}]\n"


def tasks(mapped: Mapped) -> list[tuple[str, bool]]:
    return [(task.title, task.fresh) for task in mapped.notes]


@pytest.mark.parametrize(
    ("old", "incident", "expected"),
    [
        (None, {"devices": ["a"]}, []),
        (None, {**HANDED_OVER, "devices": ["a", "b"]}, [("Isolate a", True), ("Isolate b", True)]),
        # The device was known before, but nobody had to isolate it.
        ({"devices": ["a"]}, {**HANDED_OVER, "devices": ["a"]}, [("Isolate a", True)]),
        (
            {**HANDED_OVER, "devices": ["a"]},
            {**HANDED_OVER, "devices": ["a", "b"]},
            [("Isolate a", False), ("Isolate b", True)],
        ),
        ({**HANDED_OVER, "devices": ["a"]}, {"devices": ["a"]}, []),
        ({"status": "paused", "devices": ["a"]}, {**HANDED_OVER, "devices": ["a"]}, [("Isolate a", True)]),
        (None, {**HANDED_OVER, "devices": "not a list"}, []),
    ],
)
def test_a_task_for_each_item_is_fresh_when_its_rule_begins_to_hold(
    apply: Any, old: dict[str, Any] | None, incident: dict[str, Any], expected: list[tuple[str, bool]]
) -> None:
    assert tasks(apply(CONTAIN, old, **incident)) == expected


@pytest.mark.parametrize(
    ("old", "incident", "expected"),
    [
        (None, {}, []),
        (None, HANDED_OVER, [True]),
        ({}, HANDED_OVER, [True]),
        (HANDED_OVER, HANDED_OVER, [False]),
        (HANDED_OVER, {}, []),
    ],
)
def test_a_task_without_items_is_fresh_when_its_rule_begins_to_hold(
    apply: Any, old: dict[str, Any] | None, incident: dict[str, Any], expected: list[bool]
) -> None:
    assert [fresh for _, fresh in tasks(apply(ONCE, old, **incident))] == expected


def test_a_tasks_identity_is_its_item_and_never_its_words(apply: Any) -> None:
    (first,) = apply(CONTAIN, **HANDED_OVER, devices=["a"]).notes
    (reworded,) = apply(CONTAIN.replace("Isolate", "Unplug"), **HANDED_OVER, devices=["a"]).notes
    (other,) = apply(CONTAIN, **HANDED_OVER, devices=["b"]).notes
    (once,) = apply(ONCE, **HANDED_OVER).notes

    assert (first.rule, first.item) == (reworded.rule, reworded.item)
    assert first.item != other.item
    assert once.item == "once"


def test_a_task_and_a_note_of_one_name_are_stored_apart(apply: Any) -> None:
    body = "notes: [{name: n, each: customTags, text: '{{ item }}'}]\n"
    body += "tasks: [{name: n, each: customTags, title: '{{ item }}'}]\n"

    note, task = apply(body, customTags=["x"]).notes

    assert note.item == task.item
    assert (note.stored_rule, task.stored_rule) == ("n", "task:n")


def test_a_condition_that_cannot_be_decided_asks_for_nothing(apply: Any) -> None:
    mapped: Mapped = apply(ONCE, status="paused")

    assert mapped.notes == ()
    assert mapped.unmapped == (Unmapped("tasks.call", "status", "paused"),)


def test_a_new_word_is_printed_as_it_came(apply: Any) -> None:
    body = "tasks: [{name: t, title: 'Look at {{ determination | text }}'}]\n"

    assert tasks(apply(body, determination="ransomware")) == [("Look at ransomware", True)]


def test_title_and_text_are_cut_to_what_the_target_holds(apply: Any, load: Any) -> None:
    body = "tasks: [{name: t, title: '{{ displayName }}', text: '{{ description }}'}]\n"
    mapped: Mapped = apply(body, displayName="two\n words " + "x" * 200, description="y" * 5000)
    (task,) = mapped.notes

    catalogue = load(body).catalogue
    assert len(task.title) == catalogue.task_title_limit
    assert task.title.startswith("two words x")
    assert catalogue.task_text_limit - 100 == len(task.text)
    assert task.title[-1] == task.text[-1] == "…"
    assert mapped.cut == ("tasks.t",)


def test_a_task_without_a_title_is_none(apply: Any) -> None:
    assert apply("tasks: [{name: t, title: '{{ summary }}', text: x}]\n").notes == ()


def test_backfill_is_handed_on(apply: Any) -> None:
    (task,) = apply(ONCE.replace("when:", "backfill: true, when:"), HANDED_OVER, **HANDED_OVER).notes

    assert (task.fresh, task.backfill) == (False, True)


def test_a_record_that_came_into_being_since_makes_a_task_fresh(load: Any) -> None:
    mapping = load("tasks: [{name: t, title: 'Follow {{ links.snow.number }}', when: links.snow.number}]\n")
    facts = Facts(links={"snow": RecordFacts("INC0007")})

    assert mapping.apply(INCIDENT, INCIDENT).notes == ()
    assert tasks(mapping.apply(INCIDENT, INCIDENT, facts)) == [("Follow INC0007", False)]
    assert tasks(mapping.apply(INCIDENT, INCIDENT, replace(facts, recent=True))) == [("Follow INC0007", True)]


def test_examples_expect_tasks_by_title(complaints: Any) -> None:
    body = (
        ONCE
        + "examples: [{name: e, incident: {status: awaitingAction}, expect: {notes: [], tasks: [Call]}}]\n"
    )

    assert complaints(body) == [
        (
            "5:85 examples[0].expect.tasks: example `e`: tasks: expected [Call], found [Call the customer]; "
            "correct the rule or the example"
        )
    ]


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        ("tasks: [{name: t, title: x, textt: y}]", "4:29 tasks[0].textt: unknown key; did you mean `text`?"),
        ("tasks: [{name: t, title: ''}]", "4:26 tasks[0].title: is too short; at least 1 is needed"),
        (
            "tasks: [{name: t, title: x, each: device}]",
            "4:35 tasks[0].each: `device` is not a list; did you mean `devices`?",
        ),
        (
            "tasks: [{name: t, title: x, when: sttus}]",
            "4:35 tasks[0].when: unknown name `sttus`; did you mean `status`?",
        ),
        (
            "tasks: [{name: t, title: '{{ item }}'}]",
            "4:26 tasks[0].title: `item` exists only beside `each`; name a property",
        ),
        (
            "tasks: [{name: t, title: x}, {name: t, title: y}]",
            "4:37 tasks[1].name: a second `t`; give it another name",
        ),
    ],
)
def test_mistakes(complaints: Any, body: str, complaint: str) -> None:
    assert complaints(body + "\n")[0] == complaint
