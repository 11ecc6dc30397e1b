"""Rules that write fields: tables, templates, look-ups, constants; their modes, limits and conditions."""

from typing import Any

import pytest

from connector.mapping import load_mapping
from connector.model import Catalogue, FieldKind, FieldSpec, FieldValue, Lookup, Mapped, Mode, Unmapped

OPEN = "{active: 1, inProgress: 2, awaitingAction: 3"
USER = ("sys_user", ("user_name", "email"))


@pytest.mark.parametrize(
    ("rule", "incident", "value"),
    [
        ("impact: {from: severity, values: {high: 1, medium: 2, low: 3}, otherwise: 3}", {}, "1"),
        (
            "impact: {from: severity, values: {high: 1, medium: 2, low: 3}, otherwise: 3}",
            {"severity": "Unknown"},
            "3",
        ),
        ("impact: {from: severity, values: {HIGH: '1'}, otherwise: leave}", {}, "1"),
        (
            "u_note: {from: classification, values: {unknown: none yet}, otherwise: copy}",
            {"classification": None},
            "none yet",
        ),
        (
            "u_note: {from: determination, values: {clean: harmless}, otherwise: copy}",
            {"determination": "notMalicious"},
            "harmless",
        ),
        (
            "u_note: {from: determination, values: {clean: harmless}, otherwise: copy}",
            {"determination": "insufficientData"},
            "notEnoughDataToValidate",
        ),
        ("u_note: {from: old.status, values: {null: first}, otherwise: copy}", {}, "first"),
        ("u_note: {from: displayName, values: {Malware: m}, otherwise: other}", {}, "m"),
        (
            "u_note: {from: displayName, values: {null: nameless}, otherwise: copy}",
            {"displayName": None},
            "nameless",
        ),
        ("u_note: {from: id, values: {42: the answer}, otherwise: copy}", {}, "the answer"),
        ("u_note: {from: status == 'active', values: {true: open, false: over}}", {}, "open"),
        (
            "u_note: {from: assignedTo, values: {CUSTOMER: theirs}, otherwise: copy}",
            {"assignedTo": " customer "},
            "theirs",
        ),
        (
            "u_note: {from: assignedTo, values: {null: nobody}, otherwise: copy}",
            {"assignedTo": "UNASSIGNED"},
            "nobody",
        ),
        (
            "u_note: {from: assignedTo, values: {null: nobody}, otherwise: copy}",
            {"assignedTo": "  "},
            "nobody",
        ),
        ("u_note: {from: assignedTo, values: {Unassigned: nobody}, otherwise: copy}", {}, "nobody"),
        ("u_note: {from: assignedTo, values: {}, otherwise: copy}", {}, None),
        ("u_note: {from: assignedTo, otherwise: copy}", {"assignedTo": " Kim "}, "Kim"),
        ("u_note: {from: alertCount, otherwise: copy}", {"alertCount": 7}, "7"),
        ("u_note: {template: '{{ id }}-{{ status | text }}'}", {}, "42-Active"),
        ("u_note: {template: ' padded '}", {}, "padded"),
        ("u_note: {template: '{{ summary }}'}", {}, None),
        ("u_note: {template: copy}", {}, "copy"),
        ("u_note: '{{ id }}'", {}, "42"),
        ("u_note: {value: {literal: clear}}", {}, "clear"),
        ("u_note: {value: {template: 'x{{ id }}'}}", {}, "x42"),
        ("u_note: clear", {}, None),
        ("u_note: true", {}, "true"),
        ("u_note: 5", {}, "5"),
        ("u_note: {value: '', when: status == 'active'}", {}, None),
        ("u_note: {value: x, when: status == 'resolved', else: y}", {}, "y"),
        ("u_note: {value: x, when: true}", {}, "x"),
        ("u_note: {value: x, when: false, else: clear}", {}, None),
        ("impact: {template: '{{ vars.level }}'}", {}, "2"),
        ("impact: {template: ' {{ alertCount }} '}", {"alertCount": 3}, "3"),
        (
            "due_date: \"{{ createdDateTime | plus('4h') | date('yyyy-MM-dd HH:mm:ss') }}\"",
            {},
            "2024-05-01 14:00:00",
        ),
        ("assignment_group: SOC Tier 2", {}, Lookup("sys_user_group", ("name",), "SOC Tier 2")),
        ("assignment_group: 0123456789ABCDEF0123456789abcdef", {}, "0123456789abcdef0123456789abcdef"),
        ("cmdb_ci: '{{ devices | first }}'", {"devices": ["web01"]}, Lookup("cmdb_ci", ("name",), "web01")),
        (
            "u_site: {lookup: {table: u_site, by: [u_code, u_name], value: '{{ vars.level }}'}}",
            {},
            Lookup("u_site", ("u_code", "u_name"), "2"),
        ),
        (
            "company: {lookup: {table: core_company, value: Contoso}}",
            {},
            Lookup("core_company", ("name",), "Contoso"),
        ),
        ("assigned_to: {from: assignedTo, otherwise: copy}", {"assignedTo": "kim"}, Lookup(*USER, "kim")),
        ("assigned_to: {from: assignedTo, otherwise: copy}", {}, None),
        (
            "assigned_to: {from: assignedTo, otherwise: {lookup: {table: sys_user, by: [email]}}}",
            {"assignedTo": "kim"},
            Lookup("sys_user", ("email",), "kim"),
        ),
        ("assigned_to: {from: assignedTo, otherwise: {lookup: {table: sys_user, by: [email]}}}", {}, None),
        (
            (
                "assigned_to: {lookup: {table: sys_user, by: [name], value: 'u{{ id }}', on_missing: "
                "clear, on_many: clear}}"
            ),
            {},
            Lookup("sys_user", ("name",), "u42", "clear", "clear"),
        ),
        (
            "u_who: {from: assignedTo, lookup: {table: sys_user, by: [name]}}",
            {"assignedTo": "kim"},
            Lookup("sys_user", ("name",), "kim"),
        ),
        ("u_who: {from: assignedTo, value: copy}", {"assignedTo": "kim"}, "kim"),
    ],
)
def test_values(apply: Any, rule: str, incident: dict[str, Any], value: FieldValue) -> None:
    name = rule.partition(":")[0]
    mapped: Mapped = apply(f"fields:\n  {rule}\n", options={"vars": {"level": 2}}, **incident)

    assert mapped.record.fields[name] == value
    assert type(mapped.record.fields[name]) is type(value)


@pytest.mark.parametrize(
    ("rule", "incident"),
    [
        ("impact: {from: severity, values: {high: leave}, otherwise: 3}", {}),
        ("impact: leave", {}),
        ("impact: {value: 1, when: status == 'resolved'}", {}),
        ("impact: {template: '{{ summary }}'}", {}),
        (
            (
                "u_note: {from: old.status, values: {active: a, inProgress: b, awaitingAction: c, "
                "resolved: d, redirected: e}}"
            ),
            {},
        ),
    ],
)
def test_fields_left_alone(apply: Any, rule: str, incident: dict[str, Any]) -> None:
    mapped: Mapped = apply(f"fields:\n  {rule}\n", **incident)

    assert (mapped.record.fields, mapped.unmapped) == ({}, ())


@pytest.mark.parametrize(
    ("rule", "incident", "unmapped"),
    [
        (
            "impact: {from: severity, values: {high: 1}, otherwise: 3}",
            {"severity": "dire"},
            ("severity", "dire"),
        ),
        ("u_note: '{{ status | text }}'", {"status": "unknownFutureValue"}, ("status", "unknownFutureValue")),
        ("u_note: {value: x, when: status != 'active', else: y}", {"status": "paused"}, ("status", "paused")),
        ("u_note: '{{ status }}'", {"status": None}, ("status", "null")),
        ("u_note: '{{ status }}'", {"status": {"a": 1}}, ("status", "not a word")),
        ("u_note: '{{ status }}'", {"status": "x" * 999}, ("status", "x" * 200)),
        ("u_note: '{{ experts }}'", {"status": "paused"}, ("status", "paused")),
        ("impact: '{{ displayName }}'", {"displayName": "5"}, ("impact", "5")),
    ],
)
def test_fields_that_cannot_be_decided(
    apply: Any, rule: str, incident: dict[str, Any], unmapped: Any
) -> None:
    mapped: Mapped = apply(f"fields:\n  short_description: kept\n  {rule}\n", **incident)

    assert mapped.record.fields == {"short_description": "kept"}
    assert mapped.unmapped == (Unmapped(f"fields.{rule.partition(':')[0]}", *unmapped),)


def test_modes_are_named_where_they_do_not_follow(apply: Any) -> None:
    mapped: Mapped = apply(
        "fields:\n"
        "  impact: {value: 1, mode: initial}\n"
        "  urgency: {value: 1, mode: unless_edited}\n"
        "  severity: {value: 1, mode: enforce}\n"
        "  category: {value: security, mode: follow}\n"
        "  subcategory: {value: leave, mode: initial}\n"
    )

    modes = {"impact": Mode.INITIAL, "urgency": Mode.UNLESS_EDITED, "severity": Mode.ENFORCE}
    assert mapped.record.modes == modes


def test_long_text_is_cut_and_said_so(apply: Any) -> None:
    body = "fields:\n  short_description: '{{ displayName }}'\n  description: '{{ displayName }}'\n"
    mapped: Mapped = apply(body, displayName="x" * 200)

    assert mapped.record.fields["short_description"] == "x" * 159 + "…"
    assert mapped.record.fields["description"] == "x" * 200
    assert mapped.cut == ("short_description",)


def test_let_names_are_worked_out_from_the_incident_and_earlier_names(apply: Any) -> None:
    body = (
        "let:\n"
        "  open: status == 'active'\n"
        '  title: "[{{ id }}] {{ displayName }}"\n'
        '  shout: "{{ title | upper }}!"\n'
        "  tier: 2\n"
        "  soc: \"{{ 'SOC' }}\"\n"
        'fields: {u_a: "{{ shout }} {{ tier }} {{ soc }}", u_b: {from: open, values: {true: 1, false: 2}}}\n'
    )

    assert apply(body).record.fields == {"u_a": "[42] MALWARE! 2 SOC", "u_b": "1"}


def test_let_names_may_lead_far_but_not_for_ever(apply: Any, complaints: Any) -> None:
    chain = "let:\n  n0: id\n" + "".join(f"  n{number}: n{number - 1} or 'x'\n" for number in range(1, 100))

    assert apply(chain + "fields: {u_a: '{{ n99 }}'}\n").record.fields == {"u_a": "42"}
    assert complaints(chain + "  n100: id\n")[0] == "5:3 let: has 101 entries; keep at most 100"


def other_target() -> Catalogue:
    """A target whose fields have the kinds that the shipped ones have not."""
    specs = (
        FieldSpec("score", FieldKind.NUMBER),
        FieldSpec("vip", FieldKind.BOOLEAN),
        FieldSpec("level", FieldKind.CHOICE, (1, 2), clearable=False),
        FieldSpec("name", clearable=False),
    )
    return Catalogue("other", {spec.name: spec for spec in specs})


@pytest.mark.parametrize(
    ("rule", "value"),
    [
        ("score: 7", 7),
        ("score: '{{ alertCount }}'", 3),
        ("vip: true", True),
        ("vip: \"{{ 'vip' in customTags }}\"", False),
        ("level: '2'", 2),
        ("level: '{{ alertCount | default(1) }}'", None),
        ("score: '{{ displayName }}'", None),
        ("vip: '{{ displayName }}'", None),
        ("name: '{{ summary }}'", None),
    ],
)
def test_numbers_booleans_and_typed_choices(rule: str, value: FieldValue) -> None:
    text = f"version: 1\nname: x\ntarget: other\nfields:\n  {rule}\n"
    mapping = load_mapping(text, "m.yaml", catalogues={"other": other_target()}, vars={})
    incident = {"status": "active", "alertCount": 3, "displayName": "Malware", "customTags": []}

    assert mapping.apply(incident, None).record.fields.get(rule.partition(":")[0]) == value


def test_an_undecided_verdict_holds_back_the_state_that_needs_it(apply: Any) -> None:
    body = (
        "fields:\n"
        "  state: {from: status, values: {active: 1, inProgress: 2, awaitingAction: 3, resolved: "
        "6, redirected: 6}}\n"
        "  impact: 1\n"
        "  close_notes: {value: Over, mode: initial}\n"
        "decisions:\n"
        "  - {id: closing, given: [classification], set: [close_code], rows: [[any, Solution provided]]}\n"
    )
    mapped: Mapped = apply(body, status="resolved", classification="somethingNew")
    still_open: Mapped = apply(body, classification="somethingNew")

    assert (mapped.record.fields, mapped.record.modes) == ({"impact": "1"}, {})
    assert mapped.unmapped == (Unmapped("decisions.closing", "classification", "somethingNew"),)
    assert still_open.record.fields == {"state": "1", "impact": "1", "close_notes": "Over"}
