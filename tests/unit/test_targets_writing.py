"""What a delivery may write: people's edits, fields that travel together, values applied afterwards."""

from collections.abc import Mapping

import pytest

from connector.model import Catalogue, Delivery, FieldSpec, FieldValue, IncidentKey, Link, Mode, Record
from connector.targets.writing import EDITED, NOT_OURS, Due, applied_after, tags_after

CATALOGUE = Catalogue(
    "any",
    {name: FieldSpec(name) for name in ("a", "b", "c")},
    together=(frozenset({"a", "b"}),),
)
CAREFUL = dict.fromkeys(("a", "b", "c"), Mode.UNLESS_EDITED)


def delivery(fields: Mapping[str, FieldValue], applied: Mapping[str, FieldValue], **modes: Mode) -> Delivery:
    record = Record(fields, modes={**CAREFUL, **modes})
    return Delivery("route", IncidentKey("tenant", "1"), record, Link("id", applied=applied))


@pytest.mark.parametrize(
    ("wanted", "applied", "held", "left"),
    [
        ({"c": "new"}, {"c": "old"}, {"c": "old"}, {}),
        ({"c": "new"}, {"c": "old"}, {"c": "theirs"}, {"c": EDITED}),
        ({"c": "new"}, {"c": "old"}, {"c": "new"}, {}),
        ({"c": "new"}, {"c": "old"}, {}, {"c": EDITED}),
        ({"c": "new"}, {}, {}, {}),
        ({"c": "new"}, {}, {"c": "new"}, {}),
        ({"c": "new"}, {}, {"c": "default"}, {"c": NOT_OURS}),
        ({"c": None}, {"c": "old"}, {}, {}),
        ({"c": "same"}, {"c": "same"}, {"c": "theirs"}, {}),
        (
            {"a": "new", "b": "new"},
            {"a": "old", "b": "old"},
            {"a": "theirs", "b": "old"},
            {"a": EDITED, "b": EDITED},
        ),
        (
            {"a": "new", "b": "old"},
            {"a": "old", "b": "old"},
            {"a": "theirs", "b": "old"},
            {"a": EDITED, "b": EDITED},
        ),
    ],
)
def test_a_persons_edit_is_left(
    wanted: dict[str, FieldValue],
    applied: dict[str, FieldValue],
    held: dict[str, FieldValue],
    left: dict[str, str],
) -> None:
    given = delivery(wanted, applied)
    assert given.link is not None
    due = Due.of(given, given.link, CATALOGUE)
    found = due.edited(lambda name, value: held.get(name) == value)
    assert found == left
    assert not due.allowed(found).keys() & found.keys()


def test_a_field_that_always_follows_is_written_beside_one_that_was_edited() -> None:
    given = delivery({"a": "new", "b": "new"}, {"a": "old", "b": "old"}, a=Mode.FOLLOW)
    assert given.link is not None
    due = Due.of(given, given.link, CATALOGUE)
    left = due.edited(lambda name, value: False)
    assert left == {"b": EDITED}
    assert due.allowed(left) == {"a": "new"}


def test_a_field_that_only_came_along_is_not_written_alone() -> None:
    given = delivery({"a": "new", "b": "same"}, {"a": "old", "b": "same"})
    assert given.link is not None
    assert Due.of(given, given.link, CATALOGUE).allowed({"a": "not found"}) == {}


def test_a_field_that_was_left_keeps_what_was_applied_before() -> None:
    given = delivery({"a": "new", "b": "new", "c": "new"}, {"a": "old", "gone": "kept"})
    assert applied_after(given, {"a": "edited", "b": "not found"}) == {"a": "old", "c": "new", "gone": "kept"}


def test_undecided_tags_are_kept_without_regard_to_case() -> None:
    link = Link("id", tags=("One", "Two"))
    undecided = Delivery("r", IncidentKey("t", "1"), Record({}, ("one", "New"), keep_tags=True), link)
    assert tags_after(undecided) == ("one", "New", "Two")
    decided = Delivery("r", IncidentKey("t", "1"), Record({}, ("New",)), link)
    assert tags_after(decided) == ("New",)
