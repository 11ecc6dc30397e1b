"""Decision tables: which row wins, what a cell accepts, and what is wrong with a table as a whole."""

from typing import Any

import pytest

from connector.model import Lookup, Mapped, Mode, Unmapped


def table(given: str, *rows: str, rest: str = "otherwise: [none]") -> str:
    written = "".join(f"      - {row}\n" for row in rows)
    return f"decisions:\n  - id: d\n    given: [{given}]\n    set: [u_out]\n    rows:\n{written}    {rest}\n"


@pytest.mark.parametrize(
    ("given", "cell", "incident", "matches"),
    [
        ("severity", "high", {}, True),
        ("severity", "High", {"severity": "HIGH"}, True),
        ("severity", "low", {}, False),
        ("severity", "[low, high]", {}, True),
        ("severity", "any", {}, True),
        ("severity", "'>= medium'", {}, True),
        ("severity", "'> medium'", {"severity": "medium"}, False),
        ("severity", "'<= low'", {"severity": "informational"}, True),
        ("severity", "'< low'", {"severity": "low"}, False),
        ("severity", "not high", {}, False),
        ("severity", "not low", {}, True),
        ("severity", "[informational, '>= high']", {}, True),
        ("old.status", "null", {}, True),
        ("old.status", "not null", {}, False),
        ("old.status", "active", {}, False),
        ("status == 'active'", "true", {}, True),
        ("status == 'active'", "false", {}, False),
        ("deviceGroups", "{has: pci}", {"deviceGroups": ["Office", "PCI"]}, True),
        ("deviceGroups", "{has: [lab, pci]}", {"deviceGroups": ["PCI"]}, True),
        ("deviceGroups", "{has: pci}", {"deviceGroups": ["PCI zone"]}, False),
        ("deviceGroups", "[{has: a}, {has: b}]", {"deviceGroups": ["b"]}, True),
        ("deviceGroups", "any", {}, True),
        ("vars.groups", "{has: soc}", {}, True),
        ("assignedTo", "customer", {"assignedTo": " Customer"}, True),
        ("assignedTo", "null", {"assignedTo": "Unassigned"}, True),
        ("assignedTo", "not Customer", {}, True),
        ("assignedTo", "[Customer, null]", {}, True),
        ("displayName", "Malware", {}, True),
        ("displayName", "malware", {}, False),
        ("displayName", "not Malware", {}, False),
        ("displayName", "null", {"displayName": None}, True),
        ("displayName", "not null", {}, True),
        ("id", "42", {}, True),
        ("alertCount", "'>= 3'", {"alertCount": 3}, True),
        ("alertCount", "'>= 3'", {}, False),
        ("createdDateTime", "'< 2025-01-01T00:00:00Z'", {}, True),
    ],
)
def test_cells(apply: Any, given: str, cell: str, incident: dict[str, Any], matches: bool) -> None:
    options = {"vars": {"groups": ["SOC"]}}
    mapped: Mapped = apply(table(given, f"[{cell}, hit]"), options=options, **incident)

    assert mapped.record.fields == {"u_out": "hit" if matches else "none"}


def test_the_first_row_that_matches_wins(apply: Any) -> None:
    body = table("severity, deviceGroups", "[high, {has: pci}, first]", "['>= medium', any, second]")

    assert apply(body, deviceGroups=["PCI"]).record.fields == {"u_out": "first"}
    assert apply(body).record.fields == {"u_out": "second"}
    assert apply(body, severity="low").record.fields == {"u_out": "none"}


ROUTING = """\
decisions:
  - id: routing
    when: status != 'resolved'
    given: [severity]
    set: [assignment_group, u_a]
    rows:
      - [high, "{{ vars.group }}", {literal: copy}]
      - [low, leave, "{{ id }}"]
    otherwise: [{lookup: {table: sys_user_group, by: [name], value: Tier 1}}, clear]
    else: [leave, over]
    mode: unless_edited
"""


@pytest.mark.parametrize(
    ("incident", "fields"),
    [
        ({}, {"assignment_group": Lookup("sys_user_group", ("name",), "SOC"), "u_a": "copy"}),
        ({"severity": "low"}, {"u_a": "42"}),
        (
            {"severity": "unknown"},
            {"assignment_group": Lookup("sys_user_group", ("name",), "Tier 1"), "u_a": None},
        ),
        ({"status": "resolved"}, {"u_a": "over"}),
        ({"status": "resolved", "severity": "brandNew"}, {"u_a": "over"}),
    ],
)
def test_outcomes(apply: Any, incident: dict[str, Any], fields: dict[str, Any]) -> None:
    mapped: Mapped = apply(ROUTING, options={"vars": {"group": "SOC"}}, **incident)

    assert mapped.record.fields == fields
    assert set(mapped.record.modes.values()) == {Mode.UNLESS_EDITED}


@pytest.mark.parametrize("cell", ["any", "not high", "'>= low'"])
def test_no_cell_swallows_a_word_added_later(apply: Any, cell: str) -> None:
    mapped: Mapped = apply(table("severity", f"[{cell}, hit]"), severity="dire")

    assert mapped.record.fields == {}
    assert mapped.unmapped == (Unmapped("decisions.d", "severity", "dire"),)


def test_without_otherwise_a_row_that_is_missing_leaves_the_field(apply: Any) -> None:
    assert apply(table("old.status", "[any, hit]", rest="mode: follow")).record.fields == {"u_out": "hit"}
    body = table("status == 'active'", "[true, hit]", "[false, leave]", rest="when: id == '42'")
    assert apply(body, id="43").record.fields == {}


def test_a_row_for_another_condition_is_no_repetition(load: Any) -> None:
    load(table("severity, deviceGroups", "[any, {has: a}, x]", "[high, {has: b}, y]", "[high, any, z]"))


def test_very_large_tables_are_refused(complaints: Any) -> None:
    given = "severity, status, classification, determination, old.status, old.determination"
    rows = [f"[{', '.join(['any'] * 6)}, x]"] * 20

    assert complaints(table(given, *rows)) == [
        f"8:5 decisions[0].rows: 20 rows over {given} are too many to check; make two tables of it"
    ]
