"""What another mapping would change, counted by kind."""

from typing import Any

import pytest

from connector.mapping.diff import OTHER, Differences, Kind
from tests.unit.mapping.conftest import INCIDENT

OLD = """\
scope: [{id: out, exclude_when: severity == 'informational'}]
create_when: status != 'resolved'
fields:
  impact: {from: severity, values: {high: 1}, otherwise: 2}
  short_description: "{{ displayName }}"
  u_a: x
tags: {into: note, add: [{tag: ours, when: severity == 'high'}]}
notes: [{name: comment, each: customTags, text: "{{ item }}"}]
"""


def compared(load: Any, old: str, new: str, *incidents: dict[str, Any]) -> Differences:
    found = Differences(load(old), load(new))
    for number, incident in enumerate(incidents, 1):
        found.add(str(number), INCIDENT | {"id": str(number)} | incident, None)
    return found


@pytest.mark.parametrize(
    ("before", "after", "incident", "kinds"),
    [
        ("otherwise: 2}", "otherwise: 2}", {}, []),
        ("{high: 1}", "{high: 3}", {}, [Kind("field", "impact", "1", "3")]),
        ("{high: 1}", "{high: leave}", {}, [Kind("field", "impact", "1", "leave")]),
        ("u_a: x", "u_a: clear", {}, [Kind("field", "u_a", "x", "clear")]),
        ("  u_a: x\n", "", {}, [Kind("field", "u_a", "x", "leave")]),
        ("u_a: x", "u_b: y", {}, [Kind("field", "u_a", "x", "leave"), Kind("field", "u_b", "leave", "y")]),
        ("u_a: x", "u_a: {value: x, mode: enforce}", {}, [Kind("mode", "u_a", "follow", "enforce")]),
        ("tag: ours", "tag: theirs", {}, [Kind("tag", "", "", "theirs"), Kind("tag", "", "ours", "")]),
        ("tag: ours", "tag: OURS", {}, []),
        ("!= 'resolved'", "!= 'active'", {}, [Kind("create", "", "yes", "no")]),
        ("!= 'resolved'", "!= 'active'", {"status": "resolved"}, [Kind("create", "", "no", "yes")]),
        (
            "name: comment",
            "name: said",
            {"customTags": ["a"]},
            [Kind("note", "comment", "said", ""), Kind("note", "said", "", "said")],
        ),
        ('"{{ item }}"}]', '"new {{ item }}"}]', {"customTags": ["a"]}, []),
        (
            "'informational'",
            "'high'",
            {},
            [
                Kind("create", "", "yes", "no"),
                Kind("scope", "", "", "out"),
                Kind("field", "impact", "1", "leave"),
                Kind("field", "short_description", "Malware", "leave"),
                Kind("field", "u_a", "x", "leave"),
                Kind("tag", "", "ours", ""),
            ],
        ),
    ],
)
def test_kinds(load: Any, before: str, after: str, incident: dict[str, Any], kinds: list[Kind]) -> None:
    assert before in OLD
    found = compared(load, OLD, OLD.replace(before, after), incident)
    assert sorted(kind for kind, _ in found.ordered() if kind.name != "into") == sorted(kinds)
    assert found.changed == bool(found.groups)


def test_incidents_are_counted_and_some_are_named(load: Any) -> None:
    severities = ["high"] * 7 + ["low"] * 3
    found = compared(
        load, OLD, OLD.replace("{high: 1}", "{high: 3}"), *({"severity": each} for each in severities)
    )
    ((kind, group),) = found.ordered()
    assert (kind.name, group.count, group.incidents) == ("impact", 7, ["1", "2", "3", "4", "5"])
    assert (found.incidents, found.changed) == (10, 7)


def test_what_is_excluded_or_has_no_record_is_counted(load: Any) -> None:
    found = Differences(load(OLD), load(OLD.replace("{high: 1}", "{high: 3}")))
    for number, severity in enumerate(["high", "high", "high", "low", "informational", "informational"]):
        found.add(str(number), INCIDENT | {"severity": severity}, None, recorded=number == 0)

    assert (found.incidents, found.changed, found.recordless, found.excluded) == (6, 3, 2, 2)


def test_memory_does_not_grow_with_texts_that_all_differ(load: Any) -> None:
    new = OLD.replace('"{{ displayName }}"', '"{{ displayName }}!"')
    found = compared(load, OLD, new, *({"displayName": f"title {number}"} for number in range(200)))
    assert len(found.groups) < 30
    assert sum(group.count for group in found.groups.values()) == 200
    assert found.groups[Kind("field", "short_description", OTHER, OTHER)].count > 150
    assert max(len(kind.before) for kind in compared(load, OLD, new, {"displayName": "x" * 150}).groups) <= 80


def test_what_was_said_before_is_no_change(load: Any) -> None:
    """A new note rule skips what is there already, unless it says `backfill`."""
    new = OLD.replace("name: comment", "name: said")
    for backfill, kinds in (("", []), (", backfill: true", [Kind("note", "said", "", "said")])):
        found = Differences(load(OLD), load(new.replace('"{{ item }}"}]', f'"{{{{ item }}}}"{backfill}}}]')))
        found.add("1", INCIDENT | {"customTags": ["a"]}, INCIDENT | {"customTags": ["a"]})
        assert [kind for kind, _ in found.ordered()] == kinds
