"""The schemas that editors use: fresh, right for what is shipped, and of one mind with the loader."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from jsonschema.protocols import Validator
from pydantic import BaseModel

from connector.cli.exits import Exit
from connector.config import ConfigFile
from connector.config.schemas import SCHEMAS
from connector.errors import ConfigError
from connector.http.paths import FOLDER as PATHS
from connector.mapping import load_mapping
from connector.mapping.document import MappingFile
from connector.targets import catalogues
from connector.yamlsource import load, validate
from tests.docs.pages import ROOT
from tests.docs.reference import fields, models_in
from tests.docs.schemas import FOLDER, renewed
from tests.support.commandline import command_line

SHIPPED = sorted((ROOT / "mappings").glob("*.yaml"))
EXAMPLE = ROOT / "config.example.yaml"
HEAD = "version: 1\nname: test\ntarget: servicenow\n"
BASE = (HEAD + "fields: {category: x}\nnotes: [{name: status, changed: [status], text: x}]\n").encode()


@cache
def validator(name: str) -> Validator:
    schema = SCHEMAS[name]()
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def seen(data: Any) -> Any:
    """YAML as an editor sees it: every key is text."""
    if isinstance(data, Mapping):
        return {"null" if key is None else str(key): seen(value) for key, value in data.items()}
    return [seen(item) for item in data] if isinstance(data, list) else data


def accepted(name: str, text: str) -> bool:
    return validator(name).is_valid(seen(load(text, "f.yaml").data))


def test_files_are_what_the_models_say() -> None:
    assert sorted(FOLDER.iterdir()) == sorted(renewed())
    for file, text in renewed().items():
        assert file.read_text(encoding="utf-8") == text, "renew it with: make docs"


@pytest.mark.parametrize("name", SCHEMAS)
def test_command_prints_what_is_in_the_file(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    done = command_line(monkeypatch, ["schema", name])
    assert done.code == Exit.OK
    assert done.out == (FOLDER / f"{name}.schema.json").read_text(encoding="utf-8")


@pytest.mark.parametrize("file", [*SHIPPED, EXAMPLE], ids=lambda file: file.name)
def test_shipped_files_name_their_schema_and_follow_it(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    head, _, named = text.partition("\n")[0].partition("$schema=")
    name = "config" if file == EXAMPLE else "mapping"

    assert head == "# yaml-language-server: "
    assert (file.parent / named).resolve() == FOLDER / f"{name}.schema.json"
    assert [error.message for error in validator(name).iter_errors(seen(load(text, file.name).data))] == []


def models(model: type[BaseModel]) -> set[type[BaseModel]]:
    inner = {each for _, field in fields(model) for each in models_in(field.annotation)}
    return {model}.union(*(models(each) for each in inner))


@pytest.mark.parametrize("model", sorted(models(MappingFile), key=str), ids=lambda model: model.__name__)
def test_every_key_of_a_mapping_is_described(model: type[BaseModel]) -> None:
    assert model.__doc__
    assert [name for name, field in fields(model) if not field.description] == []


RIGHT = {
    "the least": "",
    "a field's value": "fields: {impact: 1, category: security, u_own: 'yes', urgency: leave}",
    "a table": "fields: {impact: {from: severity, values: {HIGH: 1}, otherwise: '{{ vars.x }}'}}",
    "null, true and numbers as keys": (
        "fields: {u_x: {from: assignedTo, values: {null: clear, true: a, 2: b}, otherwise: leave}}"
    ),
    "a condition": "fields: {u_x: {value: 1, when: status == 'active', else: clear}}",
    "a literal": "fields: {u_x: {value: {literal: drop}}}",
    "a decision": "decisions: [{id: a, given: [status, old.status], set: [u_x], rows: [[any, any, 1]]}]",
    "a scope": "scope: [{id: a, exclude_when: severity == 'low'}]",
    "each": "notes: [{name: a, each: comments, text: '{{ item.comment }}'}]\ntags: {into: note, add: [{tag: a}]}",
    "a base and drops": "extends: base.yaml\nfields: {category: drop}\nnotes: [{name: status, drop: true}]",
}
WRONG = {
    "a key nobody knows": "feilds: {}",
    "a version of the future": "version: 2",
    "a name with blanks": "name: a b",
    "a target nobody knows": "target: jira",
    "text where a mapping belongs": "fields: many",
    "a field that the target lacks": "fields: {urgencie: 1}",
    "a list as a value": "fields: {impact: [1]}",
    "two ways to a value": "fields: {impact: {template: x, value: 1}}",
    "no way to a value": "fields: {impact: {mode: follow}}",
    "a table that looks at nothing": "fields: {impact: {values: {high: 1}, otherwise: 2}}",
    "a template that looks at something": "fields: {u_x: {from: status, template: x, values: {}}}",
    "a mode nobody knows": "fields: {impact: {value: 1, mode: always}}",
    "else without when": "fields: {impact: {value: 1, else: 2}}",
    "a look-up without a table": "fields: {u_x: {lookup: {by: [name]}}}",
    "a value of two sorts": "fields: {u_x: {value: {template: x, literal: y}}}",
    "a scope without an id": "scope: [{exclude_when: true}]",
    "an empty id": "scope: [{id: '', exclude_when: true}]",
    "a decision without rows": "decisions: [{id: a, given: [status], set: [u_x], rows: []}]",
    "a decision about a field that is not there": (
        "decisions: [{id: a, given: [status], set: [staat], rows: [[any, 1]]}]"
    ),
    "a row that is none": "decisions: [{id: a, given: [status], set: [u_x], rows: [any]}]",
    "else of a decision without when": (
        "decisions: [{id: a, given: [status], set: [u_x], rows: [[any, 1]], else: [2]}]"
    ),
    "a tag without text": "tags: {into: note, add: [{when: true}]}",
    "a tag for each of what is no list": "tags: {into: note, add: [{tag: a, each: status}]}",
    "a note about nothing": "notes: [{name: a, text: x}]",
    "a note about two things": "notes: [{name: a, text: x, each: comments, changed: [status]}]",
    "a note about a change of what is not there": "notes: [{name: a, text: x, changed: [state]}]",
    "a drop that drops nothing": "extends: base.yaml\nnotes: [{name: status, drop: false}]",
    "a drop with a rule": "extends: base.yaml\nnotes: [{name: status, drop: true, text: x}]",
    "a base that is no text": "extends: [base.yaml]",
    "an example without an incident": "examples: [{name: a, expect: {}}]",
    "an expectation nobody knows": "examples: [{name: a, incident: {}, expect: {field: {}}}]",
    "an entry too many": "let: {" + ", ".join(f"a{number}: status" for number in range(101)) + "}",
}


def written(body: str) -> str:
    key = body.partition(":")[0]
    head = "".join(line for line in HEAD.splitlines(keepends=True) if not line.startswith(f"{key}:"))
    return f"{head}{body}\n"


def loads(text: str) -> bool:
    try:
        load_mapping(text, "f.yaml", catalogues=catalogues(), vars={"x": "3"}, read=lambda name: BASE)
    except ConfigError:
        return False
    return True


@pytest.mark.parametrize("case", RIGHT)
def test_what_the_loader_takes_the_schema_takes(case: str) -> None:
    assert loads(written(RIGHT[case]))
    assert accepted("mapping", written(RIGHT[case]))


@pytest.mark.parametrize("case", WRONG)
def test_what_the_schema_refuses_the_loader_refuses(case: str) -> None:
    assert not accepted("mapping", written(WRONG[case]))
    assert not loads(written(WRONG[case]))


CONFIG = EXAMPLE.read_text(encoding="utf-8")
WRONG_CONFIGS = {
    "an unknown key": ("state:", "stat:"),
    "a version of the future": ("version: 1", "version: 2"),
    "a type nobody knows": ("type: graph", "type: grahp"),
    "no sources": ("sources:", "sources: []\nsourcez:"),
}


@pytest.mark.parametrize("case", WRONG_CONFIGS)
def test_wrong_configurations_are_refused_by_both(case: str) -> None:
    text = CONFIG.replace(*WRONG_CONFIGS[case], 1)
    assert text != CONFIG
    assert not accepted("config", text)
    with pytest.raises(ConfigError):
        validate(load(text, "c.yaml"), ConfigFile, {PATHS: ROOT})
