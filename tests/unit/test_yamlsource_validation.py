"""Pydantic's complaints in plain words, at their place in the file."""

from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field, field_validator

from connector.errors import ConfigError
from connector.yamlsource import Document, load, nearest, problems_of, validate


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
    either: Route | list[Route] = []
    words: list[str] = Field(default=["x"], min_length=1, max_length=2)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("nam: x", "f.yaml:1:1 nam: unknown key; did you mean `name`?"),
        ("zzz: x", "f.yaml:1:1 zzz: unknown key; use one of either, name, routes, sources, words"),
        ("name: 7", "f.yaml:1:7 name: must be text, not `7`; put it in quotes"),
        ("name:", "f.yaml:1:6 name: must be text, not empty; change the value"),
        ("name: X", "f.yaml:1:7 name: `X` has characters that are not allowed; match ^[a-z]+$"),
        ("sources: x", "f.yaml:1:10 sources: must be a list, not `x`; put it in brackets: [...]"),
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
        ("either: [{to: x, vlaue: 1}]", "f.yaml:1:18 either[0].vlaue: unknown key; did you mean `value`?"),
        (
            "routes: {a: {to: x, value: }}",
            "f.yaml:1:27 routes.a.value: must be a whole number or text, not empty; change the value",
        ),
        ("words: []", "f.yaml:1:8 words: is too short; at least 1 is needed"),
        ("words: [a, b, c]", "f.yaml:1:8 words: has 3 entries; keep at most 2"),
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
