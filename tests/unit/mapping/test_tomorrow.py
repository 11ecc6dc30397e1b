"""A word that the vendor adds tomorrow, in each enum in turn: what depends on it is left, under every shipped mapping.

What depends on it is found by trying: with everything else the same, a field, a tag or a creation that comes out
alike for every word known today may come out so for tomorrow's, too, and any other must be left as it is.
"""

import itertools
from collections.abc import Iterator
from typing import Any

import pytest

from connector.mapping import CompiledMapping
from connector.mapping.vocabulary import ENUMS
from connector.model import Mapped
from tests.unit.mapping.conftest import INCIDENT
from tests.unit.mapping.test_shipped import MAPPINGS, NAMES

TOMORROW = ("unknownFutureValue", "quarantined")
_OWNERS = (None, "Defender Experts", "Customer", "kim@example.com")


def others(enum: str) -> Iterator[dict[str, Any]]:
    """Incidents in every state that the other enums and the owner can be in."""
    names = [*(name for name in ENUMS if name != enum), "assignedTo"]
    values = [*(vocabulary.members for name, vocabulary in ENUMS.items() if name != enum), _OWNERS]
    for combination in itertools.product(*values):
        yield (
            INCIDENT
            | {"systemTags": ["Defender Experts"], "customTags": ["vip"]}
            | dict(zip(names, combination, strict=True))
        )


def must_not_depend(tomorrow: Mapped, today: list[Mapped]) -> None:
    """Complain if anything came out that not every word of today leads to.

    A scope that cannot be decided excludes nothing and creates nothing, but a record that exists is kept up to date.
    """
    assert not tomorrow.may_create or all(each.may_create for each in today)
    assert tomorrow.excluded is None or all(each.excluded == tomorrow.excluded for each in today)
    records = [each.record for each in today if each.excluded is None]
    for name, value in tomorrow.record.fields.items():
        assert all(record.fields.get(name, ...) == value for record in records), name
    for tag in tomorrow.record.tags:
        assert all(tag in record.tags for record in records), tag
    if len({record.tags for record in records}) > 1:
        assert tomorrow.record.keep_tags


@pytest.mark.parametrize("enum", ENUMS)
@pytest.mark.parametrize("mapping", MAPPINGS, ids=NAMES)
def test_nothing_depends_on_a_word_of_tomorrow(mapping: CompiledMapping, enum: str) -> None:
    for number, incident in enumerate(others(enum)):
        today = [mapping.apply(incident | {enum: word}, None) for word in ENUMS[enum].members]

        must_not_depend(mapping.apply(incident | {enum: TOMORROW[number % 2]}, None), today)


@pytest.mark.parametrize("enum", ENUMS)
@pytest.mark.parametrize("mapping", MAPPINGS, ids=NAMES)
def test_nothing_depends_on_a_word_of_tomorrow_in_the_revision_before(
    mapping: CompiledMapping, enum: str
) -> None:
    for number, incident in enumerate(others(enum)):
        new = incident | {enum: ENUMS[enum].members[number % len(ENUMS[enum].members)]}
        today = [mapping.apply(new, incident | {enum: word}) for word in ENUMS[enum].members]

        must_not_depend(mapping.apply(new, incident | {enum: TOMORROW[number % 2]}), today)


NEGATIVE = """\
scope: [{id: s, exclude_when: "severity not in ['high', 'medium']"}]
create_when: status not in ['resolved', 'redirected']
fields:
  u_not: {value: x, when: status != 'resolved', else: y}
  u_neither: {value: x, when: "not (status == 'resolved' or status == 'redirected')", else: y}
  u_any: {from: determination, values: {malware: m}, otherwise: o}
  u_old: {value: x, when: old.status != 'resolved', else: y}
decisions:
  - {id: d, given: [classification], set: [u_d], rows: [[not truePositive, n], [any, a]]}
  - {id: e, given: [status, severity], set: [u_e], rows: [[any, ">= medium", n]], otherwise: [o]}
tags: {into: note, add: [{tag: open, when: "status not in ['resolved']"}]}
"""


@pytest.mark.parametrize("enum", ENUMS)
def test_not_in_and_otherwise_swallow_no_word_of_tomorrow(load: Any, enum: str) -> None:
    mapping = load(NEGATIVE)
    for incident in others(enum):
        today = [mapping.apply(incident | {enum: word}, incident) for word in ENUMS[enum].members]
        tomorrow = mapping.apply(incident | {enum: "quarantined"}, incident)
        must_not_depend(tomorrow, today)
        before = [mapping.apply(incident, incident | {enum: word}) for word in ENUMS[enum].members]
        must_not_depend(mapping.apply(incident, incident | {enum: "quarantined"}), before)
        assert tomorrow.unmapped or tomorrow.excluded


def test_a_word_that_swallows_tomorrow_would_be_found(load: Any) -> None:
    mapping = load("fields: {u_a: {from: displayName, values: {x: y}, otherwise: copy}}\n")
    today = [mapping.apply(INCIDENT | {"displayName": word}, None) for word in ("a", "b")]

    with pytest.raises(AssertionError):
        must_not_depend(mapping.apply(INCIDENT | {"displayName": "c"}, None), today)
