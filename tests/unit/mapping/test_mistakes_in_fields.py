"""Mistakes in rules for fields: what is said, and the line and column it is said of."""

from typing import Any

import pytest


@pytest.mark.parametrize(
    ("rule", "complaint"),
    [
        (
            "impact: {from: severity, values: {high: 1, medium: 2, low: 3}}",
            (
                "5:28 fields.impact.values: no value for unknown, informational; give each a value, or "
                "add `otherwise`"
            ),
        ),
        (
            "impact: {from: severity, values: {high: 1, hihg: 2}, otherwise: 3}",
            "5:52 fields.impact.values.hihg: `hihg` is not a word of severity; did you mean `high`?",
        ),
        (
            "impact: {from: severity, values: {high: 1, null: 2}, otherwise: 3}",
            (
                "5:52 fields.impact.values.null: `null` is not a word of severity; use one of unknown, "
                "informational, low, medium, high"
            ),
        ),
        (
            "impact: {from: severity, values: {high: 1, High: 2}, otherwise: 3}",
            "5:46 fields.impact.values.High: `High` means the same as a key before it; keep one",
        ),
        (
            "impact: {from: severity, values: {high: 9}, otherwise: 3}",
            "5:43 fields.impact.values.high: `9` is not a choice of impact; use one of 1, 2, 3",
        ),
        (
            "impact: {from: severity, otherwise: copy}",
            "5:39 fields.impact.otherwise: impact has choices of its own; give each word its value",
        ),
        (
            "impact: {from: displayName, values: {a: 1}}",
            "5:31 fields.impact.values: not every value can be listed; add `otherwise`",
        ),
        (
            "impact: {from: id == '1', values: {true: 1}}",
            "5:29 fields.impact.values: no value for true or false; add `otherwise`",
        ),
        (
            "impact: {from: id == '1', values: {yes: 2}, otherwise: 1}",
            "5:43 fields.impact.values.yes: `yes` is not true or false; use true and false",
        ),
        (
            "impact: {from: customTags, values: {a: 1}, otherwise: 1}",
            "5:18 fields.impact.from: a list cannot be looked up in a table; use a decision with {has: ...}",
        ),
        (
            "impact: {from: sevrity, values: {a: 1}, otherwise: 1}",
            "5:18 fields.impact.from: unknown name `sevrity`; did you mean `severity`?",
        ),
        (
            "impact: {value: 1, when: 'severity = 3'}",
            "5:28 fields.impact.when: does not compile: `=` is no comparison; compare with `==`",
        ),
        (
            "impact: {value: 1, when: false, else: clear}",
            "5:41 fields.impact.else: impact cannot be empty on the target; use `leave`, or a value",
        ),
        (
            "impact: copy",
            "5:11 fields.impact: there is nothing to copy here; use `copy` in a table with `from`",
        ),
        ("impact: ''", "5:11 fields.impact: `` is not a choice of impact; use one of 1, 2, 3"),
        (
            "impact: {value: 1.5}",
            (
                "5:19 fields.impact.value: must be a whole number or text or true or false, not `1.5`; "
                "put it in quotes"
            ),
        ),
        (
            "impact: {value: 1, mode: folow}",
            (
                "5:28 fields.impact.mode: `folow` is not allowed here; did you mean `follow`? use one of "
                "initial, follow, unless_edited, enforce"
            ),
        ),
        (
            "impact: {values: {high: 1}}",
            "5:11 fields.impact: a table of `values` needs `from`; name the property it looks at",
        ),
        ("impact: {value: 1, else: 2}", "5:11 fields.impact: `else` needs `when`; say when the rule holds"),
        (
            "u_note: {from: id, template: x}",
            "5:11 fields.u_note: a template has no use for `from`; remove it",
        ),
        (
            "u_note: {value: 1, template: x}",
            "5:11 fields.u_note: a field has one of `values`, `template`, `lookup` and `value`; keep one",
        ),
        (
            "impact: {value: {literal: 1, template: x}}",
            "5:19 fields.impact.value: a value has one of `template`, `lookup` and `literal`; keep one",
        ),
        (
            "short_description: '" + "x" * 161 + "'",
            "5:22 fields.short_description: longer than the 160 characters of short_description; shorten it",
        ),
        (
            "u_site: {lookup: {table: u_site, value: ZRH}}",
            (
                "5:20 fields.u_site.lookup: what tells the rows of `u_site` apart is not known; name "
                "the columns, e.g. `by: [name]`"
            ),
        ),
        (
            "u_site: {lookup: {table: U Site, by: [name], value: ZRH}}",
            (
                "5:20 fields.u_site.lookup: `U Site` is no name of a table or column; write it as the "
                "instance does, e.g. cmdb_ci"
            ),
        ),
        (
            "u_site: {lookup: {table: Incident, value: INC0010001}}",
            (
                "5:20 fields.u_site.lookup: `Incident` is no name of a table or column; write it as the "
                "instance does, e.g. cmdb_ci"
            ),
        ),
        (
            "u_site: {lookup: {table: u_site, by: ['name^ORname'], value: ZRH}}",
            (
                "5:20 fields.u_site.lookup: `name^ORname` is no name of a table or column; write it as "
                "the instance does, e.g. cmdb_ci"
            ),
        ),
        (
            "short_description: {lookup: {table: sys_user, value: kim}}",
            (
                "5:31 fields.short_description.lookup: short_description refers to no table; give it a "
                "value or a template"
            ),
        ),
        (
            "assigned_to: {lookup: {table: sys_user_group, by: [name], value: x}}",
            "5:25 fields.assigned_to.lookup: assigned_to refers to `sys_user`; look it up in `sys_user`",
        ),
        (
            "assigned_to: {lookup: {table: sys_user, by: [name]}}",
            (
                "5:25 fields.assigned_to.lookup: the look-up has no value; give it `value`, or use it in "
                "a table with `from`"
            ),
        ),
        (
            "assigned_to: {lookup: {table: sys_user, by: [name], value: '{{ x }}'}}",
            (
                "5:25 fields.assigned_to.lookup: unknown name `x`; see the reference for the names of an "
                "incident"
            ),
        ),
        (
            "u_note: '{{ vars.zone }}'",
            "5:11 fields.u_note: the route has no var `zone`; give the route `vars: {zone: ...}`",
        ),
    ],
)
def test_mistakes(complaints: Any, rule: str, complaint: str) -> None:
    assert complaints(f"fields:\n  {rule}\n") == [complaint]
