"""The mappings that come with the product: their examples, every state, and incidents that nobody expects."""

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connector.mapping import CompiledMapping, load_mapping, run_examples
from connector.mapping.joint import every_state
from connector.mapping.vocabulary import PROPERTIES
from tests.unit.mapping.conftest import CATALOGUES, INCIDENT

FOLDER = Path(__file__).parents[3] / "mappings"
STAGES = (
    "new",
    "experts investigating",
    "false positive",
    "informational",
    "true positive",
    "handed over",
    "customer finished",
    "reopened",
    "merged",
    "added later",
    "resolved without a classification",
)


def shipped(path: Path) -> CompiledMapping:
    return load_mapping(
        path.read_text(encoding="utf-8"),
        path.name,
        catalogues=CATALOGUES,
        vars={},
        microsoft_owned="microsoft" in path.name,
    )


MAPPINGS = [shipped(path) for path in sorted(FOLDER.glob("*.yaml"))]
NAMES = [mapping.name for mapping in MAPPINGS]


def test_which_mappings_are_shipped() -> None:
    assert set(NAMES) == {"sentinel", "sentinel-microsoft", "servicenow-incident", "servicenow-sir"}


@pytest.mark.parametrize("mapping", MAPPINGS, ids=NAMES)
def test_examples_pass_and_cover_every_documented_stage(mapping: CompiledMapping) -> None:
    results = run_examples(mapping)

    assert [result for result in results if not result.passed] == []
    for stage in STAGES:
        assert any(stage in result.name for result in results), stage


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.yaml")), ids=lambda path: path.stem)
def test_tasks_in_the_comments_work_once_they_are_none(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    commented = re.search(r"^# tasks:\n(#   .*\n)+", text, re.MULTILINE)
    assert commented is not None
    uncommented = text.replace(commented[0], re.sub(r"^# ", "", commented[0], flags=re.MULTILINE))

    mapping = load_mapping(
        uncommented, path.name, catalogues=CATALOGUES, vars={}, microsoft_owned="microsoft" in path.name
    )

    handed_over = INCIDENT | {"status": "awaitingAction", "devices": ["lap-1"]}
    assert [note.title for note in mapping.apply(handed_over, None).notes if note.title] == ["Isolate lap-1"]


@pytest.mark.parametrize("mapping", MAPPINGS, ids=NAMES)
def test_every_state_is_legal_on_the_target(mapping: CompiledMapping) -> None:
    for combination, incident in every_state():
        mapped = mapping.apply(incident, None)
        assert mapping.catalogue.joint(mapped.record.fields) == [], combination
        assert mapped.unmapped == ()


def test_closed_sentinel_incidents_are_created_and_merged_ones_are_not() -> None:
    sentinel = next(mapping for mapping in MAPPINGS if mapping.name == "sentinel")

    created = {
        status for (status, *_), incident in every_state() if sentinel.apply(incident, None).may_create
    }
    assert created == {"active", "inProgress", "awaitingAction", "resolved"}


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=True) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
words = st.sampled_from(
    [*(word for known in PROPERTIES.values() if known.vocabulary for word in known.vocabulary.words)]
)
odd_values = json_values | words | st.lists(words, max_size=3)
snapshots = st.dictionaries(
    st.sampled_from(sorted(PROPERTIES)) | st.text(max_size=8), odd_values, max_size=12
)


@settings(max_examples=150, deadline=None)
@given(snapshot=snapshots, old=st.none() | snapshots, like_an_incident=st.booleans())
def test_no_incident_breaks_a_mapping_and_equal_ones_come_out_equal(
    snapshot: dict[str, Any], old: dict[str, Any] | None, like_an_incident: bool
) -> None:
    incident = INCIDENT | snapshot if like_an_incident else snapshot
    for mapping in MAPPINGS:
        mapped = mapping.apply(incident, old)

        assert mapping.apply(dict(incident), old) == mapped
        assert all(
            value is None or isinstance(value, str | int) or value.value
            for value in mapped.record.fields.values()
        )
        assert len({(note.rule, note.item) for note in mapped.notes}) == len(mapped.notes)


def test_numbers_too_long_to_print_and_lists_too_long_to_read_are_survived() -> None:
    monstrous = INCIDENT | {
        "displayName": 10**5000,
        "priorityScore": 10**5000,
        "status": 10**5000,
        "customTags": ["x"] * 100_000,
        "comments": [{"comment": "y" * 70_000}] * 1_500,
    }
    for mapping in MAPPINGS:
        mapped = mapping.apply(monstrous, None)
        assert len(mapped.notes) <= 1_000
