"""YAML as engineers mean it: scalars, refusals, places, and pydantic's complaints in plain words."""

import contextlib
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field, field_validator

from connector.errors import ConfigError
from connector.yamlsource import Document, load, nearest, problems_of, validate


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
        ("a: 1\n  b: 2", "f.yaml:2:4: a second `:` on this line; quote the text that contains `:`"),
        ("a: b: c", "f.yaml:1:5: a second `:` on this line; quote the text that contains `:`"),
        (
            "a:\n  b: 1\n c: 2",
            "f.yaml:3:2: this line is indented differently from its neighbours; align it with them",
        ),
        ("a: {{ x }}", 'f.yaml:1:5 a: a key must be plain text; quote templates: "{{ ... }}"'),
        (
            "a: !!python/name:os.system",
            "f.yaml:1:4 a: the tag tag:yaml.org,2002:python/name:os.system is not supported; quote it to make it text",
        ),
        ("a: !!int x", "f.yaml:1:4 a: `x` is not a whole number; quote it to make it text"),
        ("a: !!float x", "f.yaml:1:4 a: `x` is not a number; quote it to make it text"),
        ("", "f.yaml:1:1: the file is empty; write at least one key"),
        ("# only a comment\n", "f.yaml:1:1: the file is empty; write at least one key"),
        ("a: 'b", "f.yaml:1:6: a quote is never closed; close it"),
        ("a: [b", "f.yaml:1:6: a bracket or brace is never closed; close it, or quote text that contains it"),
        ("a: @b", "f.yaml:1:4: text starts with a reserved character; quote the text"),
        ('a: "\\q"', "f.yaml:1:6: an unknown escape in double quotes; use single quotes, or double the `\\`"),
        ("a: 1\n---\nb: 2", "f.yaml:2:1: a second document starts here; keep one document per file"),
        ("a: 1\nb", "f.yaml:2:2: a key without `:`; write `key: value`"),
        (
            "%YAML 3.0\n---\na: 1",
            "f.yaml:1:1: not YAML: found incompatible YAML document (version 1.* is required); correct the syntax here",
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
    assert document.line(("second", 1)) == 5


class Shape(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class Graph(Shape):
    type: Literal["graph"]
    tenant_id: str
    every: int = Field(default=60, ge=1)


class Legacy(Shape):
    type: Literal["legacy"]
    region: str = ""


class Route(Shape):
    target: str = Field(alias="to")
    modes: dict[str, Literal["follow", "initial"]] = {}
    value: int | str = 0
    limits: tuple[int, ...] = ()

    @field_validator("target")
    @classmethod
    def _not_self(cls, value: str) -> str:
        if value == "self":
            raise ValueError("a route cannot lead to itself; name another target")
        return value


class Config(Shape):
    name: str = Field(pattern="^[a-z]+$", default="x")
    sources: list[Annotated[Graph | Legacy, Field(discriminator="type")]] = []
    routes: dict[str, Route] = {}


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("nam: x", "f.yaml:1:1 nam: unknown key; did you mean `name`?"),
        ("zzz: x", "f.yaml:1:1 zzz: unknown key; use one of name, routes, sources"),
        ("name: 7", "f.yaml:1:7 name: must be text, not `7`; change the value"),
        ("name:", "f.yaml:1:6 name: must be text, not empty; change the value"),
        ("name: X", "f.yaml:1:7 name: `X` has characters that are not allowed; match ^[a-z]+$"),
        ("sources: x", "f.yaml:1:10 sources: must be a list, not `x`; change the value"),
        (
            "sources: [x]",
            "f.yaml:1:11 sources[0]: must be a mapping of keys to values, not `x`; change the value",
        ),
        (
            "sources: [{type: graf}]",
            (
                "f.yaml:1:18 sources[0].type: `graf` is not one of the types; "
                "did you mean `graph`? use one of graph, legacy"
            ),
        ),
        ("sources: [{region: x}]", "f.yaml:1:11 sources[0]: type is missing; add it"),
        ("sources: [{type: graph}]", "f.yaml:1:11 sources[0].tenant_id: is missing; add it"),
        (
            "sources: [{type: legacy, tenant_id: x}]",
            "f.yaml:1:26 sources[0].tenant_id: unknown key; use one of region, type",
        ),
        (
            "sources: [{type: legacy, regoin: x}]",
            "f.yaml:1:26 sources[0].regoin: unknown key; did you mean `region`?",
        ),
        (
            "sources: [{type: graph, tenant_id: x, every: 0}]",
            "f.yaml:1:46 sources[0].every: `0`: input should be greater than or equal to 1; change the value",
        ),
        (
            "sources: [{type: graph, tenant_id: x, every: true}]",
            "f.yaml:1:46 sources[0].every: must be a whole number, not true; change the value",
        ),
        ("routes: {a: {}}", "f.yaml:1:13 routes.a.to: is missing; add it"),
        (
            "routes: {a: {to: self}}",
            "f.yaml:1:18 routes.a.to: a route cannot lead to itself; name another target",
        ),
        (
            "routes: {a: {to: x, value: [1]}}",
            "f.yaml:1:28 routes.a.value: must be a whole number or text, not a list; change the value",
        ),
        (
            "routes: {a: {to: x, value: {b: 1}}}",
            "f.yaml:1:28 routes.a.value: must be a whole number or text, not a mapping; change the value",
        ),
        (
            "routes: {a: {to: x, modes: {f: folow}}}",
            (
                "f.yaml:1:32 routes.a.modes.f: `folow` is not allowed here; "
                "did you mean `follow`? use one of follow, initial"
            ),
        ),
        ("routes: {a: {ot: x}}", "f.yaml:1:13 routes.a.to: is missing; add it"),
    ],
)
def test_pydantics_complaints_in_plain_words(text: str, complaint: str) -> None:
    with pytest.raises(ConfigError) as caught:
        validate(load(text, "f.yaml"), Config)

    assert str(caught.value.problems[0]) == complaint


def test_a_right_document_becomes_a_model() -> None:
    config = validate(load("routes: {a: {to: x}}", "f.yaml"), Config)

    assert config.routes["a"].target == "x"


def test_without_the_model_near_misses_are_not_named() -> None:
    document: Document = load("nam: x", "f.yaml")
    with pytest.raises(ValueError, match="nam") as caught:
        Config.model_validate(document.data)

    error: Any = caught.value
    assert [problem.remedy for problem in problems_of(document, error)] == ["remove it"]


@pytest.mark.parametrize(
    ("word", "known", "remedy"),
    [
        ("statsu", ["status", "severity"], "did you mean `status`?"),
        ("STATUS", ["status"], "did you mean `status`?"),
        ("xyz", ["status", "severity"], "use one of status, severity"),
        ("xyz", [f"word{number}" for number in range(40)], ""),
        ("xyz", [], ""),
    ],
)
def test_nearest(word: str, known: list[str], remedy: str) -> None:
    assert nearest(word, known) == remedy
