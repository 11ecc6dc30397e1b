"""A secret written into a configuration by mistake is a real one: no complaint repeats it."""

import json
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from connector.config import load
from connector.errors import ConfigError
from tests.docs.pages import ROOT
from tests.support.commandline import command_line

SECRET = "hunter2pw"  # of no system
Change = Callable[[Any], object]

MAPPING = """\
version: 1
name: own
target: servicenow
fields:
  short_description: "{{ title }}"
  state: "{{ vars.api_key }}"
  category: "{{ vars.colours.red }}"
  urgency: "{{ vars.tokens.first }}"
"""


def _vars(mapping: Path, **values: Any) -> Change:
    return lambda config: config["routes"][1].update(mapping=str(mapping), vars=values)


def _written(folder: Path, change: Change) -> Path:
    config = yaml.safe_load((ROOT / "config.example.yaml").read_text(encoding="utf-8"))
    change(config)
    path = folder / "config.yaml"
    path.write_text(yaml.safe_dump(config), encoding="utf-8")
    return path


def _complaints(path: Path) -> str:
    with pytest.raises(ConfigError) as caught:
        load(path)
    assert SECRET not in "".join(traceback.format_exception(caught.value))
    return str(caught.value)


def _auth(**values: Any) -> Change:
    return lambda config: config["targets"][1]["auth"].update(values)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (
            _auth(password=SECRET),
            "targets[1].auth.password: must be a reference; write {env: NAME}",
        ),
        (
            _auth(password={"env": "X", "value": SECRET}),
            "auth.password: unknown key; use one of env, file",
        ),
        (_auth(password={SECRET: None}), "auth.password: unknown key; use one of env, file"),
        (
            _auth(password={"env": f"{SECRET}!"}),
            "auth.password.env: text has characters that are not allowed",
        ),
        (_auth(password={"env": [SECRET]}), "auth.password.env: must be text, not a list"),
        (_auth(password={"file": {SECRET: 1}}), "auth.password.file: must be a file path, not a mapping"),
        (_auth(password=[SECRET]), "auth.password: must be a reference"),
        (_auth(pasword=SECRET), "auth.pasword: unknown key; did you mean `password`?"),
        (_auth(client_secret=SECRET), "auth.client_secret: unknown key"),
        (
            lambda config: config["targets"][1].update(proxy_auth={"username": "u", "password": SECRET}),
            "proxy_auth.password: must be a reference",
        ),
        (
            lambda config: config["sources"][0]["auth"].update(client_secret=SECRET),
            "auth.client_secret: must be a reference",
        ),
        (lambda config: config["targets"][1].update(base_url=f"https://u:{SECRET}@h.example"), "credentials"),
        (lambda config: config["targets"][1].update(proxy=f"https://u:{SECRET}@h.example"), "credentials"),
        (
            lambda config: config["state"].update(url=f"postgresql://u:{SECRET}@h/db"),
            "state.url: not a database of a kind known here; write sqlite:///FILE or",
        ),
        (lambda config: config["state"].update(url=f"mysql:/u:{SECRET}@h/db"), "state.url: not a database"),
        (
            lambda config: config["state"].update(url=f"postgresql+psycopg://u@h:{SECRET}/db"),
            "state.url: not an address",
        ),
    ],
)
def test_secret_in_the_wrong_place_is_not_repeated(tmp_path: Path, change: Change, complaint: str) -> None:
    assert complaint in _complaints(_written(tmp_path, change))


@pytest.mark.parametrize(
    "line",
    [f"password: !{SECRET}", f"password: !{SECRET}!x", f"password: &{SECRET}", f"password: *{SECRET}",
     f"password: !!int {SECRET}", f"password: {SECRET}: x", f"password: '{SECRET}", f"password: @{SECRET}",
     f"password: [{SECRET}", f"password: {SECRET}\n\tx", f"password: {{{SECRET}}}"],
)  # fmt: skip
def test_secret_that_is_no_plain_text_in_yaml_is_not_repeated(tmp_path: Path, line: str) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(f"version: 1\n{line}\n", encoding="utf-8")
    _complaints(path)


def test_var_that_sounds_secret_is_not_repeated(tmp_path: Path) -> None:
    mapping = tmp_path / "own.yaml"
    mapping.write_text(MAPPING, encoding="utf-8")
    variables = _vars(mapping, api_key=SECRET, colours={"red": "crimson"}, tokens={"first": f"x{SECRET}"})
    said = _complaints(_written(tmp_path, variables))
    assert "`[vars.api_key]` is not a choice of state" in said
    assert "`[vars.tokens.first]` is not a choice of urgency" in said


def test_other_values_are_repeated(tmp_path: Path) -> None:
    mapping = tmp_path / "own.yaml"
    mapping.write_text(MAPPING, encoding="utf-8")
    variables = _vars(mapping, api_key="new", colours={"red": "crimson"}, tokens={"first": 9})
    said = _complaints(_written(tmp_path, variables))
    assert "`new` is not a choice of state" in said  # too short to be a secret
    wrong = _written(tmp_path, lambda config: config["logging"].update(level="loud"))
    assert "logging.level: `loud` is not allowed here" in _complaints(wrong)


def test_check_does_not_print_it_either(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = _written(tmp_path, _auth(password=SECRET))
    words, data = (
        command_line(monkeypatch, ["check", "--config", str(path), *options]) for options in ([], ["--json"])
    )
    assert (words.code, data.code) == (2, 2)
    assert SECRET not in words.out + words.err + data.out + data.err
    (problem,) = json.loads(data.out)["problems"]
    assert problem["key"] == "targets[1].auth.password"


def test_address_of_the_state_is_in_no_repr(tmp_path: Path) -> None:
    path = _written(
        tmp_path, lambda config: config["state"].update(url=f"postgresql+psycopg://u:{SECRET}@h/db")
    )
    assert SECRET not in repr(load(path))
