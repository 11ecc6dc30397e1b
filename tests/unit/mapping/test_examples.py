"""Examples in a mapping file: what passes, and how a difference is told."""

from typing import Any

import pytest

from connector.mapping import run_examples

EXAMPLES = """\
scope: [{id: out, exclude_when: id == '9'}]
create_when: severity != 'low'
fields:
  impact: 1
  short_description: "{{ displayName }}"
  u_a: {from: assignedTo, otherwise: copy}
  assigned_to: {from: assignedTo, otherwise: copy}
tags: {into: note, add: [{each: customTags, tag: "{{ item }}"}, {tag: odd, when: status == 'active'}]}
notes: [{name: n, each: customTags, text: "new {{ item }}"}]
examples:
"""


@pytest.mark.parametrize(
    ("incident", "expect", "differences"),
    [
        ("{}", "{fields: {impact: 1, u_a: clear, urgency: leave}, tags: [odd], create: true, notes: []}", []),
        ("{}", "{fields: {u_a: ''}, undecided: []}", []),
        ("{}", "{fields: {u_a: null}}", []),
        ("{assignedTo: Kim}", "{fields: {u_a: Kim, assigned_to: Kim}}", []),
        ("{customTags: [b, a]}", "{tags: [A, odd, B]}", ["tags: expected [A, B, odd], found [a, b, odd]"]),
        ("{customTags: [b, a]}", "{tags: [a, odd, b], notes: [new b, new a]}", []),
        ("{id: '9'}", "{excluded: out, create: false}", []),
        ("{status: later}", "{undecided: [status]}", []),
        (
            "{displayName: y}",
            "{fields: {impact: 2, urgency: 1, short_description: x}}",
            [
                "impact: expected 2, found 1",
                "urgency: expected 1, found leave",
                "short_description: expected x, found y",
            ],
        ),
        ("{severity: low}", "{create: true}", ["create: expected true, found false"]),
        ("{}", "{excluded: out}", ["excluded: expected out, found nothing"]),
        ("{}", "{undecided: [status]}", ["undecided: expected [status], found []"]),
        ("{customTags: [a]}", "{notes: []}", ["notes: expected [], found [new a]"]),
    ],
)
def test_examples(load: Any, complaints: Any, incident: str, expect: str, differences: list[str]) -> None:
    body = f"{EXAMPLES}  - {{name: e, incident: {incident}, expect: {expect}}}\n"

    if differences:
        found = [complaint.partition("example `e`: ")[2] for complaint in complaints(body)]
        assert found == [f"{difference}; correct the rule or the example" for difference in differences]
    else:
        (result,) = run_examples(load(body))
        assert (result.name, result.passed, result.differences) == ("e", True, ())


def test_an_example_may_have_a_previous_revision(load: Any) -> None:
    example = "{name: e, incident: {customTags: [a, b]}, old: {customTags: [a]}, expect: {notes: [new b]}}"
    body = f"{EXAMPLES}  - {example}\n"

    assert [result.passed for result in run_examples(load(body))] == [True]


RECORDS = """\
tags:
  into: note
  add:
    - {tag: "{{ record.number }}", when: record.number}
    - {tag: "{{ links.my_sentinel.url }}", when: links.my_sentinel.url}
    - {tag: "into {{ mergedInto.number }}", when: mergedInto.number}
examples:
"""


@pytest.mark.parametrize(
    ("records", "tags"),
    [
        ("{}", "[]"),
        ("{record: {number: INC1}}", "[INC1]"),
        ("{record: {url: there}}", "[]"),
        ("{links: {my_sentinel: {url: there}}}", "[there]"),
        ("{links: {my-sentinel: {url: there}}}", "[there]"),
        ("{links: {other: {url: there}}}", "[]"),
        ("{merged: {number: INC2}}", "[into INC2]"),
    ],
)
def test_an_example_may_have_records(load: Any, records: str, tags: str) -> None:
    body = f"{RECORDS}  - {{name: e, incident: {{}}, records: {records}, expect: {{tags: {tags}}}}}\n"
    (result,) = run_examples(load(body))
    assert result.differences == ()


def test_records_of_an_example_have_a_shape(complaints: Any) -> None:
    body = f"{RECORDS}  - {{name: e, incident: {{}}, records: {{recrod: {{number: INC1}}}}, expect: {{}}}}\n"
    (complaint,) = complaints(body)
    assert "unknown key" in complaint
    assert "record" in complaint.partition("; ")[2]
