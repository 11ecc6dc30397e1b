"""A broken configuration or mapping: exit code 2, every problem at once, each with its place and a remedy."""

import copy
import re
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
import yaml

from connector.cli.exits import Exit
from connector.config import load, shipped_mappings
from connector.errors import ConfigError
from connector.http import Runtime
from tests.support.commandline import command_line

GOOD = """\
version: 1
state: {url: sqlite:///state.db}
sources:
  - name: contoso
    type: graph
    tenant_id: contoso
    start: 30d
    auth: {type: client_secret, client_id: app, client_secret: {env: APP_SECRET}}
targets:
  - name: desk
    type: servicenow
    base_url: https://example.service-now.com
    auth: {type: basic, username: app, password: {env: DESK_PASSWORD}}
routes:
  - {source: contoso, target: desk, mapping: "shipped:servicenow-incident.yaml"}
"""
PLACED = re.compile(r"^\S+\.yaml:\d+:\d+( \S+)?: .+; .+$")
Write = Callable[[str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def written(text: str) -> Path:
        path = tmp_path / "config.yaml"
        path.write_text(text, encoding="utf-8")
        return path

    return written


def problems(path: Path) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load(path)
    return [str(problem).replace(f"{path.parent}/", "") for problem in caught.value.problems]


def test_good_configuration_is_loaded_with_its_mapping(write: Write) -> None:
    config = load(write(GOOD))
    (route,) = config.routes
    assert (route.name, route.mapping.name) == ("contoso-desk", "servicenow-incident")
    assert config.notices == ()


def test_example_configuration_is_a_good_one() -> None:
    path = Path(__file__).parents[2] / "config.example.yaml"
    assert [notice for notice in load(path).notices if "is in no route" in notice] == []


class Break(NamedTuple):
    """What is written instead of what, where the problem is then, and how its text begins."""

    old: str
    new: str
    place: str
    begins: str


BROKEN = {
    "unknown key": Break(
        "start: 30d",
        "start: 30d\n    sart: now",
        "8:5 sources[0].sart",
        "unknown key; did you mean `start`?",
    ),
    "missing": Break("    start: 30d\n", "", "4:5 sources[0].start", "is missing; add it"),
    "no such source": Break(
        "{source: contoso",
        "{source: fabrikam",
        "15:14 routes[0].source",
        "there is no source 'fabrikam'; name one of: contoso",
    ),
    "no such mapping": Break(
        "servicenow-incident.yaml",
        "nothing.yaml",
        "15:46 routes[0].mapping",
        "the mapping 'shipped:nothing.yaml' cannot be read",
    ),
    "mapping for another type": Break(
        "servicenow-incident.yaml",
        "sentinel.yaml",
        "15:46 routes[0].mapping",
        "the mapping 'sentinel' is for sentinel, but 'desk' is servicenow",
    ),
    "bad start": Break("start: 30d", "start: soon", "7:12 sources[0].start", "write now"),
    "http to the world": Break("https://example", "http://example", "12:15 targets[0].base_url", ""),
    "literal secret": Break(
        "{env: DESK_PASSWORD}",
        "hunter2",
        "13:50 targets[0].auth.password",
        "must be a reference; write {env: NAME}",
    ),
    "newer format": Break("version: 1", "version: 2", "1:10 version", ""),
    "given twice": Break(
        "state: {url", "version: 1\nstate: {url", "2:1 version", "the same key as in line 1"
    ),
    "not YAML": Break("targets:", "targets: [", "10:3", "a value is missing"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_problem_is_told_with_its_place_and_a_remedy(write: Write, case: str) -> None:
    broken = BROKEN[case]
    assert broken.old in GOOD
    found = problems(write(GOOD.replace(broken.old, broken.new, 1)))
    expected = f"config.yaml:{broken.place}: {broken.begins}"
    assert any(line.startswith(expected) for line in found), found
    assert all(PLACED.match(line) for line in found), found
    assert "hunter2" not in "".join(found)


def test_every_problem_is_told_at_once_and_the_command_ends_with_2(
    write: Write, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    mapping = (shipped_mappings() / "servicenow-incident.yaml").read_text(encoding="utf-8")
    own = mapping.replace("from: severity", "from: severty").replace("state:\n", "staet:\n", 1)
    (tmp_path / "own.yaml").write_text(own, encoding="utf-8")
    text = GOOD.replace("shipped:servicenow-incident.yaml", "own.yaml")
    text += "  - {source: fabrikam, target: bench, mapping: own.yaml}\n"
    path = write(text)
    for command in ("check", "status", "sync", "run"):
        done = command_line(monkeypatch, [command, "--config", str(path)])
        assert done.code == Exit.USAGE
        lines = done.err.splitlines()
        assert lines[-1] == f"{len(lines) - 1} problems found"
        assert all(PLACED.match(line) for line in lines[:-1]), lines
        assert {"fabrikam", "bench", "severty", "staet"} <= set(re.findall(r"\w+", done.err))
        assert "Traceback" not in done.out + done.err


def test_mapping_whose_example_fails_is_refused(write: Write, tmp_path: Path) -> None:
    mapping = (shipped_mappings() / "servicenow-incident.yaml").read_text(encoding="utf-8")
    own = mapping.replace("awaitingAction: 3", "awaitingAction: 2")
    assert own != mapping
    (tmp_path / "own.yaml").write_text(own, encoding="utf-8")
    found = problems(write(GOOD.replace("shipped:servicenow-incident.yaml", "own.yaml")))
    assert found
    assert all(line.startswith("own.yaml:") for line in found)


@pytest.mark.parametrize("content", [b"", b"[]", b"\xff\xfe", b"- 1\n- 2\n", b"a: &a [*a]\n"])
def test_file_that_is_no_configuration_is_told(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "config.yaml"
    path.write_bytes(content)
    assert all("; " in line for line in problems(path))


def test_names_that_are_in_no_route_are_worth_a_notice(write: Write) -> None:
    document = yaml.safe_load(GOOD)
    spare = {"name": "spare", "base_url": "https://spare.service-now.com"}
    fabrikam = {"name": "fabrikam", "tenant_id": "fabrikam"}
    for section, other in (("targets", spare), ("sources", fabrikam)):
        document[section].append({**copy.deepcopy(document[section][0]), **other})
    notices = load(write(yaml.safe_dump(document))).notices
    assert len(notices) == 2
    assert all(name in " ".join(notices) for name in ("spare", "fabrikam"))


@pytest.mark.parametrize(
    ("section", "told"), [("targets", "'desk'"), ("sources", "'contoso'")], ids=["target", "source"]
)
def test_two_entries_that_lead_to_the_same_place_are_refused(write: Write, section: str, told: str) -> None:
    document = yaml.safe_load(GOOD)
    document[section].append({**copy.deepcopy(document[section][0]), "name": "twin"})
    assert any(f"same place as {told}" in problem for problem in problems(write(yaml.safe_dump(document))))


def test_two_routes_for_the_same_records_are_refused(write: Write) -> None:
    document = yaml.safe_load(GOOD)
    document["routes"].append({**document["routes"][0], "name": "second"})
    assert any("leads from 'contoso' to 'desk'" in each for each in problems(write(yaml.safe_dump(document))))


async def test_secret_that_is_not_there_is_told_when_it_is_needed_and_never_shown(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DESK_PASSWORD", raising=False)
    config = load(write(GOOD))
    (target,) = config.settings.targets
    built = target.build(runtime=Runtime())
    with pytest.raises(Exception, match="DESK_PASSWORD"):
        await built.probe()
    await built.close()
    monkeypatch.setenv("DESK_PASSWORD", "not-to-be-seen")
    assert "not-to-be-seen" not in repr(config)
