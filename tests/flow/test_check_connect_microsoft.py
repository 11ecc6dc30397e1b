"""`check --connect`: what a Sentinel workspace or a tenant may lack, with its remedy."""

import json
from pathlib import Path
from typing import Any

import pytest

from connector.cli.connect import connect
from connector.cli.mock_folder import CLIENT_SECRET_FILE, PASSWORD_FILE
from connector.http import Runtime
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


async def test_who_owns_the_incidents(site: Lab) -> None:
    def join(document: dict[str, Any]) -> None:
        next(each for each in document["targets"] if each["name"] == "sentinel")["incidents"] = "microsoft"
        route = next(each for each in document["routes"] if each["target"] == "sentinel")
        route["mapping"] = "shipped:sentinel-microsoft.yaml"

    ours, joining = site.config, changed(site, join)
    (line,) = lines((await found(site.world, joining))["sentinel"], Level.WARNING)
    assert line.startswith("incidents: none of the newest 0 is Microsoft's")

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


def test_peers_that_keep_us_out_are_named_for_programs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A secret that is not there keeps us out without a request."""
    config = lab(tmp_path).config
    for name in (CLIENT_SECRET_FILE, PASSWORD_FILE):
        (tmp_path / name).unlink()
    done = command_line(monkeypatch, ["check", "--config", str(config.path), "--connect", "--json"])
    assert done.code == 3
    told = json.loads(done.out)
    assert (told["ok"], len(told["peers"])) == (False, 3)
    for peer in told["peers"]:
        assert [(each["level"], each["subject"]) for each in peer["findings"]] == [("problem", "access")]
