"""Configurations whose mappings extend others: found on the disk, read once, and complained about once."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from connector.config import load
from connector.errors import ConfigError
from connector.yamlsource.document import MAX_BYTES

HEAD = "version: 1\nname: {}\ntarget: servicenow\n"
Write = Callable[..., Path]


def _config(routes: list[dict[str, Any]]) -> dict[str, Any]:
    auth = {"type": "client_secret", "client_id": "app", "client_secret": {"env": "APP_SECRET"}}
    source = {"type": "graph", "start": "30d", "auth": auth}
    basic = {"type": "basic", "username": "app", "password": {"env": "DESK_PASSWORD"}}
    return {
        "version": 1,
        "state": {"url": "sqlite:///state.db"},
        "sources": [{"name": f"s{each}", "tenant_id": f"t{each}", **source} for each in range(len(routes))],
        "targets": [
            {"name": "desk", "type": "servicenow", "base_url": "https://x.service-now.com", "auth": basic}
        ],
        "routes": [
            {"name": f"r{number}", "source": f"s{number}", "target": "desk", **route}
            for number, route in enumerate(routes)
        ],
    }


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Write a configuration with these routes, and mapping files beside it; it is named as in its own folder."""
    monkeypatch.chdir(tmp_path)

    def written(routes: list[dict[str, Any]], **bodies: str) -> Path:
        for name, body in bodies.items():
            file = tmp_path / f"{name.replace('__', '/')}.yaml"
            file.parent.mkdir(exist_ok=True)
            file.write_text(HEAD.format(name.replace("_", "-")) + body, encoding="utf-8")
        (tmp_path / "config.yaml").write_text(json.dumps(_config(routes)), encoding="utf-8")
        return Path("config.yaml")

    return written


def problems(path: Path) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load(path)
    return [str(problem) for problem in caught.value.problems]


def test_a_customer_has_a_folder_and_the_base_stands_above(write: Write) -> None:
    config = write(
        [{"mapping": "a/map.yaml"}, {"mapping": "b/map.yaml"}],
        base="fields: {short_description: '{{ displayName }}'}\n",
        a__map="extends: ../base.yaml\n",
        b__map="extends: ../base.yaml\nfields: {impact: 1}\n",
    )
    files = [[name for name, _ in route.mapping.sources] for route in load(config).routes]

    assert files == [["a/map.yaml", "base.yaml"], ["b/map.yaml", "base.yaml"]]


def test_a_shipped_mapping_can_be_extended(write: Write) -> None:
    body = "extends: shipped:servicenow-incident.yaml\nfields: {urgency: drop, impact: 1}\n"
    (route,) = load(write([{"mapping": "own.yaml"}], own=body)).routes

    written = {name for writer in route.mapping.writers for name in writer.fields}
    assert "state" in written
    assert "urgency" not in written
    assert route.mapping.sources[1][0] == "shipped:servicenow-incident.yaml"


def test_a_mistake_of_a_base_is_told_once_however_many_extend_it(write: Write) -> None:
    children = {f"c{number}": "extends: base.yaml\n" for number in range(40)}
    config = write(
        [{"mapping": f"{name}.yaml"} for name in children],
        base="fields: {urgensy: 1}\nnots: []\n",
        **children,
    )

    assert sorted(problems(config)) == [
        "base.yaml:4:10 fields.urgensy: servicenow has no field `urgensy`; did you mean `urgency`?",
        "base.yaml:5:1 nots: unknown key; did you mean `notes`?",
    ]


def test_what_only_some_routes_lack_is_told_with_their_names(write: Write) -> None:
    lacking: list[dict[str, Any]] = [{"mapping": "own.yaml"} for _ in range(5)]
    config = write(
        [{"mapping": "own.yaml", "vars": {"group": "a"}}, *lacking],
        own="fields: {category: '{{ vars.group }}'}",
    )

    assert problems(config) == [
        (
            "own.yaml:4:20 fields.category: the route has no var `group` (route r1, r2, r3 and 2 more); "
            "give the route `vars: {group: ...}`"
        )
    ]


@pytest.mark.parametrize(
    ("base", "reason"),
    [
        ("gone.yaml", "No such file or directory"),
        (".", "Is a directory"),
        ("'a\\0b'", "No such file"),
        ('"a\\0b"', "no file can have this name"),
    ],
)
def test_a_base_that_cannot_be_read(write: Write, base: str, reason: str) -> None:
    (problem,) = problems(write([{"mapping": "own.yaml"}], own=f"extends: {base}\n"))

    assert problem.startswith("own.yaml:4:10 extends: ")
    assert f"cannot be read: {reason}" in problem


def test_of_a_file_without_end_only_the_beginning_is_read(write: Write) -> None:
    (problem,) = problems(write([{"mapping": "own.yaml"}], own="extends: /dev/zero\n"))
    assert problem == f"/dev/zero: the file has {MAX_BYTES + 1} bytes; at most {MAX_BYTES} are read"


def test_a_mapping_whose_name_no_file_can_have(write: Write) -> None:
    (problem,) = problems(write([{"mapping": "a\0b"}]))
    assert "cannot be read: no file can have this name" in problem
