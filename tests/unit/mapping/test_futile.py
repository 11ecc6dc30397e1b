"""Rules that can never say anything: refused with what to do; whatever may say something is left alone."""

import pytest

from tests.unit.mapping.conftest import Complaints, Load

VARS = {"wanted": "x", "off": False, "list": ["active"], "empty": []}
NEVER = "no incident meets this; correct it; write `false` for never"
IN_TEXT = "`in` looks for a part of this text, and a word is whole; write a list: ['activ']"
NO_TIME = "takes a time, which this never is; use it on createdDateTime, say"


@pytest.mark.parametrize(
    ("condition", "complaint"),
    [
        ("status in 'activ'", IN_TEXT),
        ("status not in 'activ'", IN_TEXT),
        ("status in []", "nothing is in an empty list; write what may be in it"),
        ("status not in ['activ']", "`activ` is not a word of status; did you mean `active`?"),
        ("status == 'active' and status == 'resolved'", NEVER),
        ("not (severity >= 'low' or severity < 'low')", NEVER),
        ("severity > 'high' and alertCount > 3", NEVER),
        ("alertCount > 3 and (late and status == 'active')", NEVER),
        ("status == 'active' and experts == 'none' and status in ['resolved', 'redirected']", NEVER),
        ("alertCount == 'many'", "a number is never `many`; compare with a whole number"),
        ("alertCount in ['few', 'many']", "a number is never `few`; compare with a whole number"),
        ("displayName == true", "a text is never `true`; put it in quotes"),
        ("late == 'true'", "true or false is never `true`; compare with true or false, without quotes"),
        ("'x' in status", "`in` does not look into an enum; use a list, or a text"),
    ],
)
def test_conditions_that_no_incident_meets(complaints: Complaints, condition: str, complaint: str) -> None:
    body = f"let: {{late: status != 'active'}}\ncreate_when: \"{condition}\"\n"

    assert complaints(body, vars=VARS) == [f"5:14 create_when: {complaint}"]


@pytest.mark.parametrize(
    "condition",
    [
        "status == 'active' or status != 'active'",
        "status == 'active' and old.status == 'resolved'",
        "status == 'active' and status == displayName",
        "severity >= 'high' and 'vip' in customTags",
        "status == 'active' and vars.off",
        "vars.wanted == 'y' and status == 'active'",
        "status in vars.list",
        "status in vars.empty",
        "status not in []",
        "assignedTo in 'Customer'",
        "displayName in 'a list of names'",
        "alertCount == '7' or id == 5",
        "alertCount != 'many'",
        "alertCount in [3, 'many']",
        "alertCount == null and displayName == null",
        "experts == 'finished' and status == 'active'",
        "status == 'active' and links.sentinel.number and record.url",
        "late and severity == 'low'",
        "false",
    ],
)
def test_conditions_that_some_incident_may_meet(load: Load, condition: str) -> None:
    load(f"let: {{late: status != 'active'}}\ncreate_when: \"{condition}\"\n", vars=VARS)


@pytest.mark.parametrize(
    ("value", "complaint"),
    [
        ("displayName }}", "`}}` closes nothing; write `{{` before the name; for the braces, {{ '}}' }}"),
        ("{ displayName }}", "`}}` closes nothing; write `{{` before the name; for the braces, {{ '}}' }}"),
        ("{{ id }} title }}", "`}}` closes nothing; write `{{` before the name; for the braces, {{ '}}' }}"),
        ("{{ alertCount | upper }}", "`upper` has nothing to do in a number; remove it"),
        ("{{ alertCount | plain }}", "`plain` has nothing to do in a number; remove it"),
        ("{{ alertCount | date('yyyy') }}", f"`date` {NO_TIME}"),
        ("{{ severity | text | date('yyyy') }}", f"`date` {NO_TIME}"),
        ("{{ severity | text | upper | date('yyyy') }}", f"`date` {NO_TIME}"),
        ("{{ words | date('yyyy') }}", f"`date` {NO_TIME}"),
        ("{{ old.status | plus('4h') }}", f"`plus` {NO_TIME}"),
        ("{{ customTags | date('yyyy') }}", f"`date` {NO_TIME}"),
        ("{{ devices | count | plus('1d') }}", f"`plus` {NO_TIME}"),
    ],
)
def test_templates_that_never_say_what_was_meant(complaints: Complaints, value: str, complaint: str) -> None:
    tags = f'tags: {{into: note, add: [{{tag: "{value}"}}]}}\n'
    body = f'let: {{words: status | text}}\nfields: {{u_a: "{value}"}}\n{tags}'

    assert complaints(body) == [f"5:15 fields.u_a: {complaint}", f"6:32 tags.add[0].tag: {complaint}"]


@pytest.mark.parametrize(
    "value",
    [
        "{{ displayName | date('yyyy') }}",
        "{{ assignedTo | date('yyyy') }}",
        "{{ customTags | first | date('yyyy') }}",
        "{{ alertCount | default('none') | upper }}",
        "{{ status | upper }} {{ createdDateTime | lower }}",
        "{'id': {'number': '{{ id }}'}}",
        "{{ '}}' }} {{ id }}}",
        "a } b { c",
    ],
)
def test_templates_that_may_say_something(load: Load, value: str) -> None:
    load(f'fields: {{u_a: "{value}"}}\n')


def test_braces_that_are_meant(load: Load) -> None:
    load("fields: {u_a: {value: {literal: 'displayName }}'}}}\n")


@pytest.mark.parametrize(
    ("given", "cell", "complaint"),
    [
        ("deviceGroups", "{has: []}", "this row can never match: the cell accepts nothing; correct the cell"),
        (
            "deviceGroups",
            "{has: null}",
            "this row can never match: the cell accepts nothing; correct the cell",
        ),
        ("displayName", "[]", "this row can never match: the cell accepts nothing; correct the cell"),
        ("alertCount", "many", "a number is never `many`; compare with a whole number"),
        ("displayName", "true", "a text is never `true`; put it in quotes"),
        ("severity", "{has: high}", '`{"has":"high"}` is not a word; name a member, a list of them, or any'),
        ("severity", "not hihg", "`hihg` is not a word of severity; did you mean `high`?"),
    ],
)
def test_cells_that_accept_nothing(complaints: Complaints, given: str, cell: str, complaint: str) -> None:
    body = f"decisions: [{{id: d, given: [{given}], set: [u_a], rows: [[{cell}, x]], otherwise: [y]}}]\n"
    (told,) = complaints(body)

    assert told.partition(": ")[2] == complaint


def test_cells_that_may_accept_something(load: Load) -> None:
    for given, cell in (
        ("alertCount", "not many"),
        ("alertCount", "'7'"),
        ("id", "5"),
        ("displayName", "null"),
    ):
        load(f"decisions: [{{id: d, given: [{given}], set: [u_a], rows: [[{cell}, x]], otherwise: [y]}}]\n")
