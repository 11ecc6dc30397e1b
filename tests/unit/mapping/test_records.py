"""What a mapping may say with the records that other routes keep for the incident."""

import pytest

from connector.mapping import CompiledMapping, load_mapping
from connector.model import NO_FACTS, Facts, RecordFacts, link_name
from connector.targets import catalogues

MAPPING = """
version: 1
name: cross
target: sentinel
create_when: true
let:
  ticket: links.servicenow.number
fields:
  title: {template: "Incident {{ id }}"}
  severity: {from: severity, values: {high: High, medium: Medium, low: Low, informational: Informational, unknown: Low}}
  status: New
  description:
    template: "{{ ticket | default('no ticket') }} {{ mergedInto.id }} {{ mergedInto.number }} {{ record.url }}"
tags:
  add:
    - {tag: "ticket:{{ ticket }}", when: ticket}
"""
INCIDENT = {"id": "7", "displayName": "Phish", "severity": "high", "redirectIncidentId": "6"}


def compiled(routes: frozenset[str] | None = None) -> CompiledMapping:
    return load_mapping(MAPPING, "cross.yaml", catalogues=catalogues(), vars={}, routes=routes)


def test_records_that_are_there_are_said_and_tagged() -> None:
    facts = Facts(
        record=RecordFacts("12", "https://portal/12"),
        links={"servicenow": RecordFacts("INC0007")},
        merged=RecordFacts("11"),
    )
    mapped = compiled().apply(INCIDENT, None, facts)
    assert mapped.record.fields["description"] == "INC0007 6 11 https://portal/12"
    assert mapped.record.tags == ("ticket:INC0007",)


@pytest.mark.parametrize(
    "facts", [NO_FACTS, Facts(links={"servicenow": RecordFacts()}, merged=RecordFacts())]
)
def test_records_that_are_not_there_say_nothing(facts: Facts) -> None:
    mapped = compiled().apply(INCIDENT, None, facts)
    assert mapped.record.fields["description"] == "no ticket 6"
    assert mapped.record.tags == ()


def test_mapping_tells_which_records_it_looks_at() -> None:
    assert compiled(frozenset({"servicenow"})).reads_records == {"links", "mergedInto", "record"}


def test_name_of_a_route_is_written_without_signs_that_mean_something_else() -> None:
    assert link_name("contoso-my.snow") == "contoso_my_snow"
