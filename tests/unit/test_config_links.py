"""The names under which a route's mapping may speak of records that other routes keep."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from connector.config import load
from connector.config.bindings import bindings
from connector.errors import ConfigError
from tests.docs.pages import ROOT

MAPPING = """\
version: 1
name: own
target: sentinel
extends: shipped:sentinel.yaml
tags:
  add:
    - {tag: "ticket:{{ links.NAME.number }}", when: links.NAME.number}
"""


def written(folder: Path, name: str, **others: Any) -> Path:
    """A configuration whose Sentinel mapping names a record; `others` change the other route and its target."""
    config = yaml.safe_load((ROOT / "config.example.yaml").read_text(encoding="utf-8"))
    (folder / "own.yaml").write_text(MAPPING.replace("NAME", name), encoding="utf-8")
    config["routes"][0]["mapping"] = "own.yaml"
    if others.get("alone"):
        del config["routes"][1]
    else:
        config["targets"][1]["name"] = config["routes"][1]["target"] = others.get("target", "servicenow")
    path = folder / "config.yaml"
    path.write_text(yaml.safe_dump(config), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("name", "others"),
    [
        ("contoso_servicenow", {}),
        ("servicenow", {}),
        ("my_snow", {"target": "my-snow"}),
        ("servicenow", {"target": "my-snow"}),
        ("servicenow", {"alone": True}),
    ],
    ids=["route", "target", "target with a hyphen", "type", "type that no route leads to"],
)
def test_record_goes_by_its_route_its_target_and_the_type_of_that(
    tmp_path: Path, name: str, others: dict[str, Any]
) -> None:
    loaded = load(written(tmp_path, name, **others))
    assert loaded.routes[0].mapping.reads_records == {"links"}


@pytest.mark.parametrize(
    ("name", "others", "remedy"),
    [
        ("servicenau", {}, "did you mean `servicenow`?"),
        ("contoso_sentinel", {"alone": True}, "did you mean `sentinel`?"),
        ("jira", {}, "use one of "),
    ],
    ids=["mistyped", "the route itself", "unheard of"],
)
def test_other_names_are_refused_with_file_and_line(
    tmp_path: Path, name: str, others: dict[str, Any], remedy: str
) -> None:
    path = written(tmp_path, name, **others)
    with pytest.raises(ConfigError) as caught:
        load(path)
    (first, *_) = caught.value.problems
    assert (first.file, first.line) == (str(tmp_path / "own.yaml"), 7)
    assert first.what == f"no other route or target is called `{name}`"
    assert first.remedy.startswith(remedy)


def test_mapping_of_a_route_is_bound_to_the_names_of_the_others(tmp_path: Path) -> None:
    first, second = bindings(written(tmp_path, "servicenow", target="my-snow"))
    types = {"sentinel", "servicenow", "servicenow_sir"}
    assert first.links == frozenset({"contoso_servicenow", "my_snow", *types})
    assert second.links == frozenset({"contoso_sentinel", *types})
