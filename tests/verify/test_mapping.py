"""Made-up mappings over made-up incidents: what `check` accepts never raises, repeats itself, and fits the target."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from connector.errors import ConfigError
from connector.mapping import CompiledMapping, load_mapping
from connector.model import Lookup, Mapped
from tests.unit.mapping.conftest import CATALOGUES
from tests.unit.mapping.test_shipped import MAPPINGS, NAMES
from tests.verify.mapping_files import documents, file_of
from tests.verify.mapping_incidents import pairs

EXAMPLES = 1000
made = st.sampled_from(sorted(CATALOGUES)).flatmap(lambda target: documents(CATALOGUES[target]))
thorough = settings(
    max_examples=EXAMPLES,
    deadline=None,
    database=None,
    phases=[Phase.generate],  # a failure is told as found: making it smaller would take many minutes
    suppress_health_check=list(HealthCheck),
)
# A failing example is shown whole, however long; the warning about that would hide what failed.
LONG_ARGUMENTS = pytest.mark.filterwarnings("ignore:Generating overly large repr")


def loaded(text: str) -> CompiledMapping | None:
    """The mapping; None after complaints, each of which must say where and what to do."""
    try:
        return load_mapping(text, "made.yaml", catalogues=CATALOGUES, vars={"zone": "Europe/Zurich"})
    except ConfigError as error:
        for problem in error.problems:
            assert 1 <= problem.line <= text.count("\n"), problem
            assert problem.column >= 1, problem
            assert problem.what, problem
            assert problem.remedy, problem
        return None


def must_fit(mapping: CompiledMapping, mapped: Mapped) -> None:
    """Complain about anything that the target would not take."""
    catalogue = mapping.catalogue
    for name, value in mapped.record.fields.items():
        spec = catalogue.spec(name)
        if value is None:
            assert spec.clearable, name
        elif isinstance(value, Lookup):
            assert spec.custom or value.table == spec.table, name
            assert value.value, name
        else:
            assert not spec.choices or value in spec.choices, (name, value)
            assert spec.limit is None or len(str(value)) <= spec.limit, name
            assert str(value).strip(), name
    assert set(mapped.record.modes) <= set(mapped.record.fields)
    assert all(0 < len(note.text) <= catalogue.note_limit for note in mapped.notes)
    assert len({(note.rule, note.item) for note in mapped.notes}) == len(mapped.notes)
    assert len({tag.casefold() for tag in mapped.record.tags}) == len(mapped.record.tags)
    if not mapped.unmapped:
        assert catalogue.joint(mapped.record.fields) == []
    if mapped.may_create:
        assert mapping.missing(mapped.record) == []


def must_hold(mapping: CompiledMapping, incident: dict[str, Any], old: dict[str, Any] | None) -> None:
    mapped = mapping.apply(incident, old)

    assert repr(mapping.apply(incident, old)) == repr(mapped)
    again, before = json.loads(json.dumps([incident, old]))
    assert repr(mapping.apply(again, before)) == repr(mapped)
    must_fit(mapping, mapped)


@pytest.mark.verify
@pytest.mark.timeout(1800)
@LONG_ARGUMENTS
@thorough
@given(document=made, seen=st.lists(pairs(), min_size=1, max_size=4))
def test_made_up_mappings_over_made_up_incidents(
    document: dict[str, Any], seen: list[tuple[dict[str, Any], dict[str, Any] | None]]
) -> None:
    mapping = loaded(file_of(document))
    if mapping is not None:
        for incident, old in seen:
            must_hold(mapping, incident, old)


@pytest.mark.verify
@pytest.mark.timeout(1800)
@LONG_ARGUMENTS
@pytest.mark.parametrize("mapping", MAPPINGS, ids=NAMES)
@thorough
@given(pair=pairs())
def test_shipped_mappings_over_made_up_incidents(
    mapping: CompiledMapping, pair: tuple[dict[str, Any], dict[str, Any] | None]
) -> None:
    must_hold(mapping, *pair)
