"""What becomes of every state, and that the shipped mapping keeps to what Microsoft publishes.

The pairs are those that the portal offers ("Manage incidents in Microsoft Defender") and what Microsoft's own sync
makes of them ("Microsoft Defender XDR integration with Microsoft Sentinel", learn.microsoft.com).
"""

import csv
from pathlib import Path
from typing import Any

import pytest

from connector.mapping import load_mapping
from connector.mapping.coverage import Coverage, coverage
from connector.mapping.joint import every_state
from tests.unit.mapping.conftest import CATALOGUES

ROOT = Path(__file__).parents[3]
PAIRS = list(
    csv.DictReader((Path(__file__).parent / "published_pairs.csv").read_text(encoding="utf-8").splitlines())
)
STATES = len(list(every_state()))

BODY = """\
scope: [{id: merged, exclude_when: status == 'redirected'}]
create_when: status != 'resolved'
fields:
  impact: 2
  u_hold: {from: status, values: {awaitingAction: 4}, otherwise: leave}
  u_owner: {from: assignedTo, values: {null: clear}, otherwise: copy}
  u_verdict: {template: "{{ classification }}/{{ determination }}", when: status == 'resolved', else: leave}
tags: {into: note, add: [{tag: waits, when: status == 'awaitingAction'}]}
"""


@pytest.fixture
def covered(load: Any) -> Coverage:
    return coverage(load(BODY))


def block_of(found: Coverage, column: str) -> Any:
    (block,) = (block for block in found.blocks() if column in block.columns)
    return block


def test_columns_that_depend_on_the_same_things_are_told_together(covered: Coverage) -> None:
    told = {block.dimensions: block.columns for block in covered.blocks()}
    assert told == {
        ("status",): ("impact", "u_hold", "tags", "create", "excluded"),
        ("status", "assignedTo"): ("u_owner",),
        ("status", "classification", "determination"): ("u_verdict",),
    }


def test_equal_outcomes_are_told_once_and_in_few_words(covered: Coverage) -> None:
    rows = {row.described: row.outcomes for row in block_of(covered, "u_hold").rows}
    assert rows == {
        "status active or inProgress": ("2", "leave", "", "true", ""),
        "status resolved": ("2", "leave", "", "false", ""),
        "status redirected": ("leave", "leave", "", "false", "merged"),
        "status awaitingAction": ("2", "4", "waits", "true", ""),
    }


def test_every_state_is_in_every_block_once(covered: Coverage) -> None:
    assert len(covered.states) == STATES
    for block in covered.blocks():
        states = [state for row in block.rows for state in row.combinations]
        assert len(states) == len(set(states)) == STATES


def test_states_in_which_a_field_is_left_are_counted(covered: Coverage) -> None:
    share = STATES // 5  # of one status
    assert covered.left == {
        "impact": share,
        "u_hold": 4 * share,
        "u_owner": share,
        "u_verdict": 4 * share,
    }


def test_chosen_columns_and_what_never_differs(load: Any) -> None:
    found = coverage(load("fields: {impact: 2, u_a: '{{ severity }}'}\n"), ["u_a", "tags"])
    assert (found.columns, found.constant, found.blocks()) == (
        ("u_a", "tags"),
        {"u_a": "medium", "tags": ""},
        (),
    )


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: f"{pair['classification']}-{pair['determination']}")
def test_published_pairs(pair: dict[str, str]) -> None:
    text = (ROOT / "mappings" / "sentinel.yaml").read_text(encoding="utf-8")
    mapping = load_mapping(text, "sentinel.yaml", catalogues=CATALOGUES, vars={})
    found = coverage(mapping, ["status", "classification", "classificationReason"])
    closed = {
        outcome
        for (status, classification, determination, _), outcome in found.states
        if (classification, determination) == (pair["classification"], pair["determination"])
        and status == "resolved"
    }
    assert closed == {("Closed", pair["sentinel classification"], pair["sentinel reason"] or "clear")}
