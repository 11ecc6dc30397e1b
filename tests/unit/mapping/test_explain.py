"""Explanations: the same outcome as `apply`, with what was looked at and the line that decided."""

from typing import Any

import pytest

from connector.mapping import load_mapping
from connector.mapping.explain import Explanation, FieldReason, explain
from connector.mapping.joint import every_state
from connector.mapping.outcome import written
from connector.mapping.reading import names_in
from connector.model import NO_FACTS, Facts, RecordFacts
from tests.unit.mapping.conftest import CATALOGUES, INCIDENT
from tests.unit.mapping.test_shipped import MAPPINGS, NAMES

# The body begins in line 4.
BODY = """\
let: {urgent: severity >= 'medium', title: "{{ displayName }}!"}
scope: [{id: out, exclude_when: id == '9', reason: a test}]
create_when: status != 'resolved'
fields:
  short_description: {template: "{{ title }}"}
  impact: {from: severity, values: {high: 1, medium: 2}, otherwise: 3}
  u_owner:
    from: assignedTo
    values:
      null: clear
      kim: K
    otherwise: copy
    mode: unless_edited
  u_title: {template: "{{ displayName | upper }}", when: urgent, else: leave}
  u_link: {template: "{{ links.sentinel.number }}"}
decisions:
  - id: routing
    given: [status, customTags]
    set: [assignment_group, u_team]
    rows:
      - [active, {has: PCI}, "{{ displayName }}", "{{ vars.team }}"]
      - [active, any, SOC, "{{ old.status }}"]
    otherwise: [Other, leave]
tags: {into: note, add: [{tag: urgent, when: urgent}, {each: customTags, tag: "{{ item }}"}]}
notes: [{name: comment, each: comments, text: "{{ item.comment }}"}]
"""


def explained(
    load: Any, old: dict[str, Any] | None = None, facts: Facts = NO_FACTS, **incident: Any
) -> Explanation:
    before = None if old is None else INCIDENT | old
    return explain(load(BODY, vars={"team": "hidden"}), INCIDENT | incident, before, facts)


def field(found: Explanation, name: str) -> FieldReason:
    (reason,) = (reason for reason in found.fields if reason.field == name)
    return reason


def seen(reason: Any) -> dict[str, Any]:
    return {looked.name: looked.value for looked in reason.looked}


@pytest.mark.parametrize(
    ("incident", "name", "outcome", "rule", "decided", "looked"),
    [
        ({}, "short_description", "Malware!", 8, 8, {"title": "Malware!", "displayName": "Malware"}),
        ({}, "impact", "1", 9, 9, {"severity": "high"}),
        ({}, "u_owner", "clear", 10, 13, {"assignedTo": None}),
        ({"assignedTo": "KIM"}, "u_owner", "K", 10, 14, {"assignedTo": "KIM"}),
        ({"assignedTo": "lee"}, "u_owner", "lee", 10, 15, {"assignedTo": "lee"}),
        ({}, "u_title", "MALWARE", 17, 17, {"urgent": True, "severity": "high", "displayName": "Malware"}),
        ({"severity": "low"}, "u_title", "leave", 17, 17, {"urgent": False, "severity": "low"}),
        ({}, "u_link", "INC1", 18, 18, {"links.sentinel.number": "INC1"}),
        ({}, "assignment_group", "SOC", 20, 25, {"status": "active", "customTags": []}),
        (
            {},
            "u_team",
            "inProgress",
            20,
            25,
            {"status": "active", "customTags": [], "old.status": "inProgress"},
        ),
        (
            {"customTags": ["pci"]},
            "assignment_group",
            "Malware",
            20,
            24,
            {"status": "active", "customTags": ["pci"], "displayName": "Malware"},
        ),
        ({"customTags": ["pci"]}, "u_team", "hidden", 20, 24, {"status": "active", "customTags": ["pci"]}),
        ({"status": "resolved"}, "u_team", "leave", 20, 26, {"status": "resolved", "customTags": []}),
    ],
)
def test_fields(
    load: Any, incident: Any, name: str, outcome: str, rule: int, decided: int, looked: dict[str, Any]
) -> None:
    facts = Facts(links={"sentinel": RecordFacts("INC1")})
    reason = field(explained(load, {"status": "inProgress"}, facts, **incident), name)
    assert (reason.outcome, reason.rule.line, reason.decided.line) == (outcome, rule, decided)
    assert seen(reason) == looked
    assert (reason.unknown, reason.partner, reason.decided.file) == ("", "", "m.yaml")


def test_a_word_of_tomorrow_is_named_where_it_stops_a_rule(load: Any) -> None:
    found = explained(load, severity="later", status="new")
    assert {reason.field: reason.unknown for reason in found.fields} == {
        "short_description": "",
        "impact": "severity later",
        "u_owner": "",
        "u_title": "severity later",
        "u_link": "",
        "assignment_group": "status new",
        "u_team": "status new",
    }
    assert {each.unmapped.rule: each.rule.line for each in found.undecided} == {
        "fields.impact": 9,
        "fields.u_title": 17,
        "decisions.routing": 20,
        "create_when": 6,
        "tags.add[0]": 27,
    }
    (looked,) = field(found, "impact").looked
    assert (looked.name, looked.value, looked.unknown) == ("severity", "later", True)
    assert not found.create.may


def test_tags_notes_and_creation(load: Any) -> None:
    comment = {"comment": "hello", "createdByDisplayName": "Kim", "createdDateTime": "x"}
    found = explained(load, customTags=["vip", "VIP"], comments=[comment])
    assert [(each.tag, each.rule.line, seen(each)) for each in found.tags] == [
        ("urgent", 27, {"urgent": True, "severity": "high"}),
        ("vip", 27, {"customTags": ["vip", "VIP"]}),
    ]
    assert [(each.note.text, each.rule.line, each.cut) for each in found.notes] == [("hello", 28, False)]
    assert (found.create.may, found.create.missing) == (True, ())
    assert found.create.rule is not None
    assert (found.create.rule.line, seen(found.create)) == (6, {"status": "active"})


@pytest.mark.parametrize(("record", "later"), [(None, [False, True]), (RecordFacts("INC1"), [False, False])])
def test_notes_of_changes_are_marked_where_the_incident_may_be_new(
    load: Any, record: Any, later: Any
) -> None:
    mapping = load(
        "notes: [{name: tag, each: customTags, text: '{{ item }}'}, {name: status, changed: [status], text: x}]\n"
    )
    old = INCIDENT | {"status": "resolved"}
    found = explain(mapping, INCIDENT | {"customTags": ["a"]}, old, Facts(record=record))

    assert [each.later for each in found.notes] == later


def test_an_excluded_incident_has_the_rule_and_nothing_else(load: Any) -> None:
    found = explained(load, id="9")
    (rule,) = found.scope
    assert (rule.id, rule.reason, rule.excludes, rule.rule.line, seen(rule)) == (
        "out",
        "a test",
        True,
        5,
        {"id": "9"},
    )
    assert (found.fields, found.tags, found.notes, found.create.may) == ((), (), (), False)
    assert explained(load).scope[0].excludes is False


def test_texts_that_are_cut_are_marked(load: Any) -> None:
    found = explained(load, displayName="x" * 200)
    assert field(found, "short_description").cut
    assert not field(found, "u_owner").cut


def test_fields_that_are_left_with_an_undecided_partner() -> None:
    (sentinel,) = (mapping for mapping in MAPPINGS if mapping.name == "sentinel")
    found = explain(sentinel, INCIDENT | {"status": "resolved", "classification": "later"}, None)
    status = field(found, "status")
    assert (status.outcome, status.unknown) == ("leave", "")
    assert "classification" in status.partner


def test_the_file_is_the_one_in_which_the_rule_stands() -> None:
    base = "version: 1\nname: base\ntarget: servicenow\nfields:\n  short_description: x\n  impact: 2\n"
    text = "version: 1\nname: child\ntarget: servicenow\nextends: base.yaml\nfields: {impact: 3}\n"
    mapping = load_mapping(
        text, "child.yaml", catalogues=CATALOGUES, vars={}, read=lambda name: base.encode()
    )
    places = {reason.field: str(reason.decided) for reason in explain(mapping, INCIDENT, None).fields}
    assert places == {"short_description": "base.yaml:5", "impact": "child.yaml:5"}


@pytest.mark.parametrize("mapping", MAPPINGS, ids=NAMES)
def test_explanations_are_about_what_apply_gives(mapping: Any) -> None:
    for number, (_, incident) in enumerate(every_state()):
        if number % 13 == 0:
            mapped, found = mapping.apply(incident, None), explain(mapping, incident, None)
            fields = {reason.field: reason.outcome for reason in found.fields}
            assert fields == {name: written(mapped.record.fields, name) for name in fields}
            assert set(mapped.record.fields) <= set(fields)
            assert tuple(each.tag for each in found.tags) == mapped.record.tags


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("status == 'active' and old.status", ["status", "old.status"]),
        ("{{ a | default(b) }} x {{ item.comment }}", ["a", "b", "item.comment"]),
        ("just text", []),
        ("{{ broken", []),
    ],
)
def test_names_in_texts(text: str, names: list[str]) -> None:
    assert names_in(text) == names
