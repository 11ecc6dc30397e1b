"""YAML as engineers mean it: scalars, refusals, places, and pydantic's complaints in plain words."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.errors import ConfigError
from connector.yamlsource import load


def complaints(text: str | bytes) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load(text, "f.yaml")
    return [str(problem) for problem in caught.value.problems]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("on", "on"),
        ("No", "No"),
        ("yes", "yes"),
        ("0123", "0123"),
        ("+0123", "+0123"),
        ("0o17", 15),
        ("0x1F", 31),
        ("0", 0),
        ("-12", -12),
        ("9007199254740992", 2**53),
        ("1.5", 1.5),
        (".5", 0.5),
        ("1e3", 1000.0),
        (".inf", float("inf")),
        ("-.INF", float("-inf")),
        ("1_000", "1_000"),
        ("12:30:45", "12:30:45"),
        ("2024-01-31", "2024-01-31"),
        ("true", True),
        ("TRUE", True),
        ("False", False),
        ("~", None),
        ("null", None),
        ("", None),
        ("'null'", "null"),
        ("'1'", "1"),
        ("<<", "<<"),
        ("!!str 1", "1"),
    ],
)
def test_scalars_are_those_of_yaml_1_2(written: str, meant: object) -> None:
    value = load(f"key: {written}\n", "f.yaml").data["key"]

    assert (type(value), value) == (type(meant), meant)


def test_keys_are_scalars_too() -> None:
    assert load("null: a\ntrue: b\n6: c\non: d\n", "f.yaml").data == {None: "a", True: "b", 6: "c", "on": "d"}


NO_TAGS = "tags, which begin with `!`, are not supported; quote it to make it text"


def test_a_byte_order_mark_is_no_text() -> None:
    assert load(b"\xef\xbb\xbfa: 1", "f.yaml").data == load("\ufeffa: 1", "f.yaml").data == {"a": 1}


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("a: 1\nb: 2\na: 3\n", "f.yaml:3:1 a: the same key as in line 1; keep one of the two"),
        ("a: {b: 1, b: 2}", "f.yaml:1:11 a.b: the same key as in line 1; keep one of the two"),
        ("a: &x 1", "f.yaml:1:4: anchors and aliases are not supported; write the value out"),
        ("a: *x", "f.yaml:1:4: anchors and aliases are not supported; write the value out"),
        ("a:\n\tb: 1", "f.yaml:2:1: a tab stands where spaces belong; indent with spaces"),
        (
            "a: 1\n  b: 2",
            "f.yaml:2:3: this line is indented differently from its neighbours; align it with them",
        ),
        ("a: b: c", "f.yaml:1:5: a second `:` on this line; quote the text that contains `:`"),
        (
            "a:\n  b: 1\n c: 2",
            "f.yaml:3:2: this line is indented differently from its neighbours; align it with them",
        ),
        ("a: {{ x }}", 'f.yaml:1:5 a: a key must be plain text; quote templates: "{{ ... }}"'),
        ("a: !!python/name:os.system", f"f.yaml:1:4 a: {NO_TAGS}"),
        ("a: !secret", f"f.yaml:1:4 a: {NO_TAGS}"),
        ("a: !sec!ret", f"f.yaml:1:4: {NO_TAGS}"),
        ("a: !!int x", "f.yaml:1:4 a: not a whole number; quote it to make it text"),
        ("a: !!float x", "f.yaml:1:4 a: not a number; quote it to make it text"),
        ("", "f.yaml:1:1: the file is empty; write at least one key"),
        ("# only a comment\n", "f.yaml:1:1: the file is empty; write at least one key"),
        ("a: 'b", "f.yaml:1:6: a quote is never closed; close it"),
        (
            "a: {b: c in ['d']}",
            "f.yaml:1:13: a reserved character inside `[...]` or `{...}`; quote the text that contains it",
        ),
        ("a: [b", "f.yaml:1:6: a bracket or brace is never closed; close it"),
        ("a: @b", "f.yaml:1:4: text starts with a reserved character; quote the text"),
        ('a: "\\q"', "f.yaml:1:6: an unknown escape in double quotes; use single quotes, or double the `\\`"),
        ("a: 1\n---\nb: 2", "f.yaml:2:1: a second document starts here; keep one document per file"),
        ("a: 1\nb", "f.yaml:2:2: a key without `:`; write `key: value`"),
        (
            "%YAML 3.0\n---\na: 1",
            (
                "f.yaml:1:1: not YAML: found incompatible YAML document (version 1.* is required); "
                "correct the syntax here"
            ),
        ),
        (b"a: b\nc: \xff", "f.yaml:2:4: byte 0xff is not UTF-8; save the file as UTF-8"),
        ("a: b\nc: d\x00", "f.yaml:2:5: character U+0000 is not allowed in YAML; remove it"),
        ("[" * 70 + "]" * 70, "f.yaml:1:65: more than 64 levels of nesting; flatten the document"),
        ("a: 9007199254740993", "f.yaml:1:4 a: the number is too large; quote it to make it text"),
        ("a: " + "9" * 5000, "f.yaml:1:4 a: the number is too large; quote it to make it text"),
        ("a" * (1024 * 1024 + 1), "f.yaml: the file has 1048577 bytes; at most 1048576 are read"),
    ],
)
def test_what_is_refused_and_where(text: str | bytes, complaint: str) -> None:
    assert complaints(text) == [complaint]


def test_every_mistake_in_the_data_is_named() -> None:
    assert len(complaints("a: 1\na: 2\nb: {c: 1, c: 2}\nd: !x 1\n")) == 3


@given(st.text(max_size=200))
def test_any_text_loads_or_is_a_config_error(text: str) -> None:
    with contextlib.suppress(ConfigError):
        load(text, "f.yaml")


TEXT = """\
first: 1
second:
  - name: a
    "quoted": {deep: x}
  - [p, q]
null: nothing
7: seven
"""


@pytest.mark.parametrize(
    ("path", "at_key", "place"),
    [
        ((), False, (1, 1)),
        (("first",), False, (1, 8)),
        (("first",), True, (1, 1)),
        (("second",), False, (3, 3)),
        (("second", 0, "name"), False, (3, 11)),
        (("second", 0, "quoted", "deep"), True, (4, 16)),
        (("second", 1, 1), False, (5, 9)),
        (("second", 1, 1), True, (5, 9)),
        (("second", 0, "absent", "deeper"), False, (3, 5)),
        (("second", 9), True, (2, 1)),
        (("first", "under a scalar"), False, (1, 8)),
        ((None,), True, (6, 1)),
        ((7,), True, (7, 1)),
    ],
)
def test_places(path: tuple[object, ...], at_key: bool, place: tuple[int, int]) -> None:
    problem = load(TEXT, "f.yaml").problem(path, "what", "remedy", at_key=at_key)

    assert (problem.line, problem.column) == place


def test_a_place_has_a_dotted_name_unless_another_is_given() -> None:
    document = load(TEXT, "f.yaml")

    assert document.problem(("second", 0, None), "w", "r").key == "second[0].null"
    assert document.problem(("second",), "w", "r", key="here").key == "here"
    assert document.place(("second", 1))[1] == 5


def test_pairs_of_escapes_are_one_character_and_a_half_is_refused() -> None:
    assert load(r'a: "\ud83d\ude00 b"', "f.yaml").data == {"a": "\U0001f600 b"}
    what = "half of a character stands here, an escape such as `\\ud83d` alone; write the character itself"
    assert complaints(r'a: "\ud83d"') == [f"f.yaml:1:4 a: {what}"]
    assert complaints(r'"\ud83d": 1')[0].startswith("f.yaml:1:1")
