"""A writer that recalls what it wrote writes the same as one that does not."""

from pathlib import Path
from typing import Any

import pytest

from connector.mapping import CompiledMapping, load_mapping
from connector.mapping.joint import DIMENSIONS, every_state
from connector.mapping.recalling import recalling
from connector.mapping.view import View
from connector.mapping.writers import Writer
from tests.unit.mapping.conftest import CATALOGUES
from tests.unit.mapping.test_shipped import MAPPINGS

PLANTED = (Path(__file__).parent / "planted.yaml").read_text(encoding="utf-8")
# What is read next depends on what was read, directly and by names that were defined.
WINDING = """\
let: {closed: "status == 'resolved'", ours: "closed and assignedTo"}
fields:
  u_a: {value: "{{ assignedTo }}", when: ours, else: {template: "{{ determination }}"}}
  u_b: {from: classification, values: {truePositive: {template: "{{ determination }}"}}, otherwise: copy}
  u_c: "{{ experts }}"
  u_d: {value: x, when: "closed or classification == 'falsePositive' and assignedTo == 'Customer'"}
  u_e: "{{ severity }} {{ id }}"
"""


def written(writer: Writer, mapping: CompiledMapping) -> list[Any]:
    return [writer.run(View(incident, lets=mapping.lets)) for _, incident in every_state()]


def same(mapping: CompiledMapping) -> None:
    assert mapping.writers
    for writer in mapping.writers:
        recalled = recalling(writer, DIMENSIONS, mapping.lets)
        assert written(recalled, mapping) == written(writer, mapping), writer.rule


@pytest.mark.parametrize("mapping", [each for each in MAPPINGS if each.writers], ids=lambda each: each.name)
def test_shipped_mappings(mapping: CompiledMapping) -> None:
    same(mapping)


def test_a_mapping_of_everything() -> None:
    same(load_mapping(PLANTED, "planted.yaml", catalogues=CATALOGUES, vars={"zone": "Europe/Zurich"}))


def test_rules_that_read_on_where_others_stop(load: Any) -> None:
    same(load(WINDING))


def test_a_rule_is_asked_once_for_each_value_that_it_reads(load: Any) -> None:
    mapping = load("fields: {u_a: {from: status, values: {active: a}, otherwise: b}}\n")
    (writer,) = mapping.writers
    asked: list[View] = []

    def run(view: View) -> Any:
        asked.append(view)
        return writer.run(view)

    counted = Writer(writer.rule, writer.fields, run, writer.mode, writer.path, writer.where)
    written(recalling(counted, DIMENSIONS, mapping.lets), mapping)
    assert len(asked) == len(DIMENSIONS["status"])
