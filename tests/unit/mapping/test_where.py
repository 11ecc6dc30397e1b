"""Which part of a rule decides for an incident."""

from typing import Any

import pytest

from connector.mapping.view import UndecidedError, View
from tests.unit.mapping.conftest import INCIDENT

TABLE = """\
fields:
  impact: {from: severity, values: {high: 1, medium: 2}, otherwise: 3}
  urgency: 2
  u_owner: {from: assignedTo, values: {null: clear, kim: K}, otherwise: copy}
  u_title: {template: "{{ displayName }}", when: severity == 'high', else: low}
  u_left: {value: x, when: severity == 'high'}
  assigned_to: {from: assignedTo, lookup: {table: sys_user, by: [email]}}
decisions:
  - id: routing
    given: [severity, customTags]
    set: [assignment_group]
    rows:
      - [[high, medium], {has: PCI}, "{{ displayName }}"]
      - [high, any, High]
    otherwise: [Other]
    when: status != 'resolved'
    else: [leave]
"""


@pytest.mark.parametrize(
    ("incident", "field", "path"),
    [
        ({"severity": "high"}, "impact", "values.high"),
        ({"severity": "HIGH"}, "impact", "values.high"),
        ({"severity": "low"}, "impact", "otherwise"),
        ({}, "urgency", ""),
        ({"assignedTo": "Unassigned"}, "u_owner", "values.None"),
        ({"assignedTo": "Kim"}, "u_owner", "values.kim"),
        ({"assignedTo": "lee"}, "u_owner", "otherwise"),
        ({"severity": "high"}, "u_title", "template"),
        ({"severity": "low"}, "u_title", "else"),
        ({"severity": "high"}, "u_left", "value"),
        ({"severity": "low"}, "u_left", "when"),
        ({}, "assigned_to", "lookup"),
        ({"severity": "medium", "customTags": ["pci"]}, "assignment_group", "rows.0"),
        ({"severity": "high"}, "assignment_group", "rows.1"),
        ({"severity": "low"}, "assignment_group", "otherwise"),
        ({"status": "resolved"}, "assignment_group", "else"),
    ],
)
def test_where(load: Any, incident: dict[str, Any], field: str, path: str) -> None:
    (writer,) = (writer for writer in load(TABLE).writers if field in writer.fields)

    found = writer.where(View(INCIDENT | incident))
    assert found[:2] == writer.path
    assert ".".join(map(str, found[2:])) == path


def test_a_rule_that_cannot_decide_is_nowhere(load: Any) -> None:
    for writer in load(TABLE).writers:
        if writer.fields[0] in {"impact", "u_title", "u_left", "assignment_group"}:
            with pytest.raises(UndecidedError):
                writer.where(View(INCIDENT | {"severity": "later", "status": "later"}))
