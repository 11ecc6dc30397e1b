"""Values to and from the Table API, and texts fit to be stored."""

from typing import Any

import pytest

from connector.model import FieldValue, Lookup
from connector.targets.servicenow.row import Memory, Row, not_taken
from connector.targets.servicenow.tags import merged
from connector.targets.servicenow.values import harmless, is_listable, is_queryable, is_same, shown, text_of
from connector.targets.text import storable


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("description", None, ""),
        ("u_flag", True, "true"),
        ("u_flag", False, "false"),
        ("impact", 2, "2"),
        ("impact", "2", "2"),
        ("due_date", "2026-01-05T08:00:00.1234567Z", "2026-01-05 08:00:00"),
        ("due_date", "2026-01-05T10:00:00+02:00", "2026-01-05 08:00:00"),
        ("due_date", "2026-01-05 08:00:00", "2026-01-05 08:00:00"),
        ("due_date", "tomorrow", "tomorrow"),
        ("description", "2026-01-05T08:00:00Z", "2026-01-05T08:00:00Z"),
        ("caller_id", Lookup("sys_user", ("email",), "x@example.com"), "x@example.com"),
    ],
)
def test_every_value_goes_out_as_text(name: str, value: FieldValue, text: str) -> None:
    assert text_of(name, value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("2", "2"),
        (None, ""),
        (2, "2"),
        (True, "true"),
        (False, "false"),
        ({"link": "https://x/api/now/table/sys_user/ID", "value": "ID"}, "ID"),
        ({"display_value": "In Progress", "value": "2"}, "2"),
        ({"display_value": "Dana"}, "Dana"),
        ("a\x00b\ud800", "a\ufffdb\ufffd"),
    ],
)
def test_every_shape_of_an_answer_is_read(value: Any, text: str) -> None:
    assert shown(value) == text


@pytest.mark.parametrize(
    ("sent", "held", "same"),
    [
        ("a\nb", "a\r\nb", True),
        ("a  ", "a", True),
        ("", None, True),
        ("A", "a", False),
        ("x" * 200, "x" * 160, False),
        ("ID", {"value": "ID", "link": "…"}, True),
    ],
)
def test_an_answer_is_compared_as_text(sent: str, held: Any, same: bool) -> None:
    assert is_same(sent, held) is same


def test_a_field_that_does_not_come_back_was_not_taken_and_an_emptied_choice_does_not_count() -> None:
    row = Row({"sys_id": "1", "close_code": "Duplicate", "description": "old"})
    lost = not_taken({"u_unknown": "x", "close_code": "", "description": "", "sys_id": "1"}, row)
    assert [(one.field, one.sent, one.held) for one in lost] == [
        ("u_unknown", "x", None),
        ("description", "", "old"),
    ]


@pytest.mark.parametrize(
    ("value", "alone", "listed"),
    [
        ("mdxdr:tenant:1", True, True),
        ("o'brien@example.com", True, True),
        ("O'Brien, Pat", True, False),
        ("a^b", False, False),
        ("a\nb", False, False),
        ("a\rb", False, False),
        ("a\x00b", False, False),
        ("JavaScript:gs.getUser()", False, False),
        ("", False, False),
        ("  ", False, False),
    ],
)
def test_what_may_stand_in_a_query(value: str, alone: bool, listed: bool) -> None:
    assert (is_queryable(value), is_listable(value)) == (alone, listed)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[code]<b>x</b>[/code]", "[ code]<b>x</b>[/ code]"),
        ("[CoDe]x[/CODE]", "[ CoDe]x[/ CODE]"),
        ("[mdxdr:0123456789ab]", "[mdxdr:0123456789ab]"),
    ],
)
def test_code_marks_are_made_plain(text: str, expected: str) -> None:
    assert harmless(text) == expected


@pytest.mark.parametrize(
    ("held", "add", "remove", "expected"),
    [
        ("", ("One", "Two"), (), "One, Two"),
        ("theirs,  One", ("one", "Two"), (), "theirs, One, Two"),
        ("theirs, One", (), ("ONE",), "theirs"),
        ("a;b", (), ("a,b",), ""),
        (" , ,", (), (), ""),
    ],
)
def test_tags_share_their_field_with_other_peoples(
    held: str, add: tuple[str, ...], remove: tuple[str, ...], expected: str
) -> None:
    assert merged(held, add, remove) == expected


def test_a_link_remembers_only_what_came_back_otherwise() -> None:
    person = Lookup("sys_user", ("email",), "sam@example.com")
    wanted: dict[str, FieldValue] = {"assigned_to": person, "impact": "2", "short_description": "x" * 200}
    row = Row(
        {"sys_id": "1", "state": "2", "assigned_to": "ID", "impact": "2", "short_description": "x" * 160}
    )
    memory = Memory().after(row, wanted)
    assert memory.remote() == {"state": "2", "forms": {"assigned_to": "ID", "short_description": "x" * 160}}
    later = memory.after(Row({"sys_id": "1", "short_description": "y"}), {"short_description": "y"})
    assert later.remote() == {"state": "2", "forms": {"assigned_to": "ID"}}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("plain", "plain"),
        ("\U0001f600 é", "\U0001f600 é"),
        ("\ud83d\ude00", "\U0001f600"),
        ({"a\x00": ["\udfff", 1, True, None, 1.5]}, {"a\ufffd": ["\ufffd", 1, True, None, "1.5"]}),
    ],
)
def test_answers_are_made_fit_to_be_stored(value: Any, expected: Any) -> None:
    assert storable(value) == expected
