"""What is wrong with a mapping as a whole: names, owners, states that a target refuses, examples that fail."""

from typing import Any

import pytest

from connector.errors import ConfigError
from connector.mapping import load_mapping
from tests.unit.mapping.conftest import CATALOGUES, INCIDENT


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        ("fields: {stat: 1}", "4:10 fields.stat: servicenow has no field `stat`; did you mean `state`?"),
        (
            "fields: {zzzzzzzz: 1}",
            "4:10 fields.zzzzzzzz: servicenow has no field `zzzzzzzz`; see the reference",
        ),
        (
            "fields: {priority: 1}",
            (
                "4:10 fields.priority: priority cannot be written; "
                "priority is computed by the instance from impact and urgency: map those"
            ),
        ),
        (
            "fields: {sys_domain: x}",
            "4:10 fields.sys_domain: sys_domain cannot be written; sys_domain is kept by the instance",
        ),
        (
            "fields: {work_notes: x}",
            (
                "4:10 fields.work_notes: work_notes cannot be written; "
                "work notes are appended: say it under `notes`"
            ),
        ),
        (
            "decisions: [{id: d, given: [severity], set: [impcat], rows: [[any, 1]]}]",
            "4:46 decisions[0].set[0]: servicenow has no field `impcat`; did you mean `impact`?",
        ),
        (
            "fields: {impact: 1}\ndecisions: [{id: d, given: [severity], set: [impact], rows: [[any, 1]]}]",
            "5:46 decisions[0].set[0]: impact is already written in line 4; keep one of the two rules",
        ),
        (
            "decisions: [{id: d, given: [severity], set: [u_a, u_a], rows: [[any, 1, 2]]}]",
            "4:51 decisions[0].set[1]: u_a is already written in line 4; keep one of the two rules",
        ),
        (
            "fields: {state: {value: 6}}",
            (
                "4:18 fields.state.value: with any incident: state 6 needs close_code (rules in line 4); "
                "give it a legal value there"
            ),
        ),
        (
            "fields: {state: {value: 2}, hold_reason: {value: 4, when: status == 'awaitingAction'}}",
            (
                "4:43 fields.hold_reason.value: with status awaitingAction: a hold_reason is only legal with "
                "state 3 (On Hold) (rules in line 4); give it a legal value there"
            ),
        ),
        ("version: 2", "4:1 version: the same key as in line 1; keep one of the two"),
        ("fields: []", "4:9 fields: must be a mapping of keys to values, not a list; change the value"),
        (
            "extends: base.yaml",
            "4:10 extends: no other file can be read here; write its rules into this file",
        ),
        ("field: {}", "4:1 field: unknown key; did you mean `fields`?"),
        (
            "examples: [{name: e, incident: {foo: 1}, expect: {}}]",
            "4:33 examples[0].incident.foo: an incident has no `foo`; name a property of the incident",
        ),
        (
            "examples: [{name: e, incident: {}, old: {statsu: active}, expect: {}}]",
            "4:42 examples[0].old.statsu: an incident has no `statsu`; did you mean `status`?",
        ),
        (
            "examples: [{name: e, incident: {}, expect: {field: {}}}]",
            "4:45 examples[0].expect.field: unknown key; did you mean `fields`?",
        ),
    ],
)
def test_mistakes(complaints: Any, body: str, complaint: str) -> None:
    assert complaints(body + "\n")[0] == complaint


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("- version: 1", "m.yaml:1:1: a mapping file is keys and values; start with `version: 1`"),
        ("version: 1\nname: x", "m.yaml:1:1 target: is missing; add it"),
        (
            "version: 1\nname: x\ntarget: sentinal\ncreate_when: false",
            "m.yaml:3:9 target: unknown target `sentinal`; did you mean `sentinel`?",
        ),
        (
            "version: 3\nname: x\ntarget: servicenow",
            "m.yaml:1:10 version: `3` is not allowed here; use one of 1",
        ),
        (
            "version: 1\nname: Big Name\ntarget: servicenow",
            "m.yaml:2:7 name: `Big Name` has characters that are not allowed; match ^[a-z0-9][a-z0-9-]*$",
        ),
    ],
)
def test_mistakes_in_the_head(text: str, complaint: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_mapping(text, "m.yaml", catalogues=CATALOGUES, vars={})

    assert [str(problem) for problem in caught.value.problems] == [complaint]


def test_all_mistakes_of_a_file_are_named_at_once_and_in_order(complaints: Any) -> None:
    body = """\
creat_when: true
let: {over: status == 'closed'}
scope:
  - {id: a, exclude_when: severty == 'low'}
fields:
  stat: 1
  impact: {value: 1, mod: initial}
  category: {values: 1, mod: initial}
  urgency: {from: severity, values: {high: 1}}
  severity: {value: 5}
notes:
  - {name: n, changed: [status], text: "{{ foo }}"}
tags: {into: note, add: [{each: nothing, tag: x}]}
"""
    assert [complaint.partition(": ")[0] for complaint in complaints(body)] == [
        "4:1 creat_when",
        "5:13 let.over",
        "7:27 scope[0].exclude_when",
        "9:3 fields.stat",
        "10:22 fields.impact.mod",
        "11:13 fields.category",
        "11:22 fields.category.values",
        "11:25 fields.category.mod",
        "12:29 fields.urgency.values",
        "13:21 fields.severity.value",
        "15:40 notes[0].text",
        "16:33 tags.add[0].each",
    ]


SENTINEL = """\
fields:
  title: x
  severity: Medium
  status: {from: status, values: {resolved: Closed}, otherwise: Active}
  classification:
    from: classification
    values: {truePositive: TruePositive}
    otherwise: FalsePositive
    when: status == 'resolved'
    else: clear
  classificationReason: {value: SuspiciousActivity, when: status == 'resolved', else: clear}
"""


def test_states_that_the_target_refuses_are_told_together(complaints: Any) -> None:
    assert complaints(SENTINEL, target="sentinel") == [
        (
            "11:5 fields.classification.otherwise: with status resolved, "
            "classification unknown or falsePositive or informationalExpectedActivity: "
            "classification FalsePositive takes IncorrectAlertLogic or InaccurateData, not SuspiciousActivity "
            "(rules in line 7, 8, 14); give it a legal value there"
        )
    ]


ACTIVE_ONLY = """scope: [{id: a, exclude_when: status != 'active'}]
fields: {severity: High, status: New, title: {value: x, when: assignedTo == 'Customer'}}
"""
NEVER_CLASSIFIED = """fields:
  severity: High
  status: {from: status, values: {resolved: Closed, redirected: Closed}, otherwise: New}
  title: x
create_when: classification == 'unknown' or determination == 'malware'
"""


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        ("create_when: true\n", "fields: with any incident: severity is needed to create a record"),
        (
            ACTIVE_ONLY,
            (
                "with status active, assignedTo nobody or Defender Experts or a person: "
                "title is needed to create a record"
            ),
        ),
        (NEVER_CLASSIFIED, "6:35 fields.status.values.resolved: with status resolved: status Closed needs a"),
    ],
)
def test_what_a_target_needs_to_create_a_record(complaints: Any, body: str, complaint: str) -> None:
    assert complaint in complaints(body, target="sentinel")[0]


def test_records_that_are_only_joined_lack_nothing(load: Any) -> None:
    mapping = load("tags: {add: [{tag: x}]}\n", target="sentinel", microsoft_owned=True)

    assert mapping.apply(INCIDENT, None).may_create is True


def test_a_field_that_must_not_be_empty(complaints: Any) -> None:
    (complaint,) = complaints("fields: {title: ''}\ncreate_when: false\n", target="sentinel")
    assert complaint == "4:17 fields.title: title cannot be empty on the target; use `leave`, or a value"


def test_what_is_never_created_needs_nothing(load: Any) -> None:
    load("create_when: false\n", target="sentinel")
    load("fields: {}\n", target="sentinel", microsoft_owned=True)


SCATTERED = """\
let:
  a: determination == 'malware' and status == 'active'
  b: assignedTo == 'Customer' and status == 'resolved'
fields: {state: {value: 6, when: a or b, else: 1}, close_code: x}
"""


def test_scattered_states_are_told_shortly(complaints: Any) -> None:
    assert complaints(SCATTERED)[0] == (
        "7:18 fields.state.value: with status active, determination malware; or status resolved, "
        "assignedTo Customer: state 6 needs close_notes (rules in line 7); give it a legal value there"
    )


MICROSOFT = """\
create_when: false
fields: {owner: Customer, firstActivityTimeUtc: '{{ createdDateTime }}'}
tags: {add: [{each: customTags, tag: '{{ item }}'}, {tag: '{{ customTags | first }}'}, {tag: ours}]}
notes: [{name: c, each: comments, text: '{{ item.comment }}'}, {name: s, changed: [status], text: x}]
"""


def test_what_microsofts_connector_carries_is_refused_unless_it_may_flow_back(
    complaints: Any, load: Any
) -> None:
    remedy = "remove it, or say `accepts_flow_back: true` if it may flow back into Defender XDR"
    assert complaints(MICROSOFT, target="sentinel", microsoft_owned=True) == [
        f"5:10 fields.owner: Microsoft's own connector writes owner; {remedy}",
        f"6:14 tags.add[0]: Microsoft's own connector copies custom tags; {remedy}",
        f"6:53 tags.add[1]: Microsoft's own connector copies custom tags; {remedy}",
        f"7:9 notes[0]: Microsoft's own connector copies comments; {remedy}",
    ]
    load(MICROSOFT, target="sentinel")
    load(MICROSOFT + "accepts_flow_back: true\n", target="sentinel", microsoft_owned=True)


def test_a_target_with_tags_of_its_own_takes_no_into(complaints: Any) -> None:
    body = "create_when: false\ntags: {into: note, add: []}\n"

    assert complaints(body, target="sentinel") == [
        "5:8 tags.into: sentinel has tags of its own; remove `into`"
    ]


def test_tags_go_where_the_mapping_says(load: Any) -> None:
    assert load("fields: {}\n").tags_into == ""
    assert load("tags: {into: u_xdr_tags, add: [{tag: x}]}\n").tags_into == "u_xdr_tags"


def test_the_hash_is_of_what_the_mapping_says(load: Any) -> None:
    plain = load("fields: {impact: 1}\n")

    assert plain.hash == load("# a remark\nfields:\n  impact: 1\n").hash
    assert (
        len(
            {
                plain.hash,
                load("fields: {impact: 2}\n").hash,
                load("fields: {impact: 1}\n", vars={"a": 1}).hash,
            }
        )
        == 3
    )
    assert (plain.name, plain.target, plain.text) == (
        "test",
        "servicenow",
        "version: 1\nname: test\ntarget: servicenow\nfields: {impact: 1}\n",
    )


def test_fractions_in_vars_are_text(apply: Any) -> None:
    mapped = apply(
        "fields: {u_a: '{{ vars.rates }}'}\n", options={"vars": {"rates": [1.5, {"a": None}], "b": {1: 2}}}
    )

    assert mapped.record.fields == {"u_a": '1.5, {"a":null}'}


def test_null_keys_of_tables_are_part_of_the_hash(load: Any) -> None:
    body = "fields: {u_a: {from: assignedTo, values: {null: x}, otherwise: y}}\n"

    assert load(body).hash != load(body.replace("null", "nil")).hash
