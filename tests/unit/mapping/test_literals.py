"""What a mapping can write is known before any incident is seen, as far as it stands in the file and the vars."""

from typing import Any

import pytest

from connector.model import FieldValue, Lookup, Writing

GROUP = ("sys_user_group", ("name",))
USER = ("sys_user", ("user_name", "email"))
TIER_2 = Lookup(*GROUP, "SOC Tier 2")


@pytest.mark.parametrize(
    ("rule", "values", "lookups"),
    [
        ("impact: 1", ["1"], []),
        ("impact: {from: severity, values: {high: 1, low: leave}, otherwise: 3}", ["1", "3"], []),
        ("impact: {value: 1, when: severity == 'high', else: 2}", ["1", "2"], []),
        ("short_description: '{{ displayName }}'", [], []),
        ("short_description: '{{ vars.level }}'", ["2"], []),
        ("short_description: {literal: leave}", ["leave"], []),
        ("category: clear", [], []),
        ("assignment_group: SOC Tier 2", [TIER_2], [GROUP]),
        ("assignment_group: '{{ vars.group }}'", [TIER_2], [GROUP]),
        ("assigned_to: {from: assignedTo, otherwise: copy}", [], [USER]),
        ("assigned_to: '{{ users | first }}'", [], [USER]),
        (
            "u_site: {lookup: {table: u_site, by: [u_code], value: '{{ vars.group }}'}}",
            [Lookup("u_site", ("u_code",), "SOC Tier 2")],
            [("u_site", ("u_code",))],
        ),
        (
            "u_site: {from: assignedTo, otherwise: {lookup: {table: u_site, by: [u_code]}}}",
            [],
            [("u_site", ("u_code",))],
        ),
    ],
)
def test_constants_and_look_ups(
    load: Any, rule: str, values: list[FieldValue], lookups: list[tuple[str, tuple[str, ...]]]
) -> None:
    if "literal" in rule:
        rule = rule.replace("{literal: leave}", "{value: {literal: leave}}")
    mapping = load(f"fields:\n  {rule}\n", vars={"level": 2, "group": "SOC Tier 2"})
    writing: Writing = mapping.writing()
    name = rule.partition(":")[0]
    assert [*writing.values[name]] == values
    assert writing.lookups == ({name: frozenset(lookups)} if lookups else {})


@pytest.mark.parametrize(
    ("rule", "texts"),
    [
        ("u_site: '{{ displayName }}'", {"u_site"}),
        ("u_site: {from: assignedTo, otherwise: copy}", {"u_site"}),
        ("u_site: '{{ vars.group }}'", set()),
        ("u_site: {from: severity, values: {high: clear}, otherwise: leave}", set()),
        ("u_site: {from: assignedTo, otherwise: {lookup: {table: u_site, by: [u_code]}}}", set()),
        ("assigned_to: '{{ users | first }}'", set()),
    ],
)
def test_texts_that_only_an_incident_tells(load: Any, rule: str, texts: set[str]) -> None:
    assert load(f"fields:\n  {rule}\n", vars={"group": "SOC Tier 2"}).writing().texts == texts


def test_decisions_tags_and_notes(load: Any) -> None:
    mapping = load(
        "fields: {state: {from: status, values: {resolved: 6}, otherwise: 2}}\n"
        "decisions:\n"
        "  - id: closing\n"
        "    when: status == 'resolved'\n"
        "    given: [classification]\n"
        "    set: [close_code, close_notes]\n"
        "    rows: [[truePositive, Solution provided, 'x{{ id }}'], [any, Duplicate, {literal: clear}]]\n"
        "    otherwise: [User error, y]\n"
        "tags: {into: u_tags, add: [{tag: T}]}\n"
    )
    writing = mapping.writing()
    assert writing.values["close_code"] == ("Solution provided", "Duplicate", "User error")
    assert writing.values["close_notes"] == ("clear", "y")
    assert (writing.mapping, writing.tags_into) == ("test", "u_tags")
    assert (writing.notes, writing.tasks) == (False, False)
    assert load("notes: [{name: c, each: comments, text: x}]\n").writing().notes
    assert load("tags: {into: note, add: [{tag: T}]}\n").writing().notes
    assert load("tasks: [{name: t, title: x}]\n").writing().tasks
