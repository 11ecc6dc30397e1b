"""`check --connect`: what a Sentinel workspace or a tenant may lack, with its remedy."""

import json
from pathlib import Path
from typing import Any

import pytest

from connector.cli.connect import connect
from connector.http import Runtime
from connector.mocks.config_text import CLIENT_SECRET_FILE, PASSWORD_FILE
from connector.model import Level
from tests.support.commandline import command_line
from tests.support.inprocess import Lab, lab
from tests.support.inspecting import changed, found, lines, no_sleep, renewed


@pytest.fixture(scope="module")
def first_site(tmp_path_factory: pytest.TempPathFactory) -> Lab:
    return lab(tmp_path_factory.mktemp("site"))


@pytest.fixture
def site(first_site: Lab) -> Lab:
    return renewed(first_site)


async def test_what_a_sentinel_site_lacks(site: Lab) -> None:
    settings = site.world.sentinel.settings
    settings.role = "reader"
    (line,) = lines((await found(site.world, site.config))["sentinel"], Level.PROBLEM)
    assert line.startswith("role: does not allow Microsoft.SecurityInsights/incidents/write and ")
    assert "Microsoft Sentinel Responder" in line
    settings.role, settings.permissions_readable = "contributor", False
    (line,) = lines((await found(site.world, site.config))["sentinel"], Level.WARNING)
    assert line.startswith("role: what the application may do cannot be read")


def with_tasks(document: dict[str, Any]) -> None:
    """Let the mapping for Sentinel make tasks."""
    route = next(each for each in document["routes"] if each["target"] == "sentinel")
    route["mapping"] = "tasks.yaml"


async def test_tasks_need_a_right_of_their_own(site: Lab) -> None:
    mapping = "version: 1\nname: t\ntarget: sentinel\nextends: shipped:sentinel.yaml\ntasks: [{name: t, title: x}]\n"
    (site.config.path.parent / "tasks.yaml").write_text(mapping, encoding="utf-8")
    settings, config = site.world.sentinel.settings, changed(site, with_tasks)
    inspected = (await found(site.world, config))["sentinel"]
    assert "role: allows Microsoft.SecurityInsights/incidents/write" in lines(inspected, Level.OK)[-1]
    settings.tasks_writable = False
    (line,) = lines((await found(site.world, config))["sentinel"], Level.PROBLEM)
    assert line.startswith(
        "role: does not allow Microsoft.SecurityInsights/incidents/tasks/write; give the app"
    )
    assert lines((await found(site.world, site.config))["sentinel"], Level.PROBLEM) == []


@pytest.mark.parametrize(
    ("setting", "value", "named"),
    [
        ("workspace", "elsewhere", "workspaces/elsewhere"),
        ("resource_group", "elsewhere", "Resource group 'elsewhere'"),
        ("subscription_id", "elsewhere", "subscription 'elsewhere'"),
    ],
)
async def test_a_place_that_is_not_there(site: Lab, setting: str, value: str, named: str) -> None:
    def move(document: dict[str, Any]) -> None:
        next(each for each in document["targets"] if each["name"] == "sentinel")[setting] = value

    (line,) = lines((await found(site.world, changed(site, move)))["sentinel"], Level.PROBLEM)
    assert line.startswith("access: ")
    assert named in line
    assert f"check {'subscription' if setting != 'workspace' else 'subscription_id'}" in line


async def test_who_owns_the_incidents(site: Lab) -> None:
    def join(document: dict[str, Any]) -> None:
        next(each for each in document["targets"] if each["name"] == "sentinel")["incidents"] = "microsoft"
        route = next(each for each in document["routes"] if each["target"] == "sentinel")
        route["mapping"] = "shipped:sentinel-microsoft.yaml"

    ours, joining = site.config, changed(site, join)
    (line,) = lines((await found(site.world, joining))["sentinel"], Level.WARNING)
    assert line.startswith("incidents: are to be Microsoft's, but there is none yet")

    site.world.sentinel.upsert_from_provider("1", {"title": "Theirs", "severity": "High", "status": "New"})
    assert lines((await found(site.world, joining))["sentinel"], Level.WARNING) == []
    (line,) = lines((await found(site.world, ours))["sentinel"], Level.PROBLEM)
    assert line.startswith("access: ")
    assert "Microsoft" in line


async def test_what_a_source_lacks(site: Lab) -> None:
    site.world.graph.settings.max_expanded_alerts = -1
    (line,) = lines((await found(site.world, site.config))["contoso"], Level.WARNING)
    assert line.startswith("alerts: cannot be read along with incidents")
    site.world.entra.settings.roles["https://graph.microsoft.com"] = []
    (line,) = lines((await found(site.world, site.config))["contoso"], Level.PROBLEM)
    assert "SecurityIncident.Read.All" in line


async def test_peers_that_do_not_answer_are_named_one_by_one(site: Lab) -> None:
    """The addresses of the site lead nowhere without its mocks."""
    inspected = await connect(site.config, Runtime(sleep=no_sleep))
    assert [each.peer for each in inspected] == ["source contoso", "target sentinel", "target servicenow"]
    for each in inspected:
        assert [(finding.level, finding.subject) for finding in each.findings] == [(Level.PROBLEM, "access")]


def test_peers_that_keep_us_out_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A secret that is not there keeps us out without a request."""
    config = lab(tmp_path).config
    for name in (CLIENT_SECRET_FILE, PASSWORD_FILE):
        (tmp_path / name).unlink()
    arguments = ["check", "--config", str(config.path), "--connect"]
    done = command_line(monkeypatch, arguments)
    assert done.code == 3
    for name in ("source contoso", "target sentinel", "target servicenow"):
        assert f"{name}: problem: access: " in done.err
    assert "3 problems found" in done.err
    assert "no problems found" not in done.out
    done = command_line(monkeypatch, [*arguments, "--json"])
    assert done.code == 3
    told = json.loads(done.out)
    assert (told["ok"], len(told["peers"])) == (False, 3)
    for peer in told["peers"]:
        assert [(each["level"], each["subject"]) for each in peer["findings"]] == [("problem", "access")]
