"""`mapping explain --live` against served mocks: the incident as the source has it, with what is stored of it."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.support.harness import call, config_in, mocks, run

pytestmark = pytest.mark.usefixtures("preloaded")


def explain(config: Path, incident: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    place = ("--config", str(config), "--route", "contoso-servicenow")
    return call("mapping", "explain", incident, *place, *arguments)


def explained(config: Path, incident: str, *arguments: str) -> tuple[dict[str, Any], str]:
    done = explain(config, incident, *arguments, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout), done.stderr


def test_an_incident_as_its_source_has_it_now(tmp_path: Path) -> None:
    with mocks("--incidents", "2") as served:
        config = config_in(tmp_path, served.config)
        incident = served.control.contents("xdr")["incidents"][0]["id"]
        first, said = explained(config, incident, "--live")
        assert "without the revision before it: there is no state" in said
        assert "as the source has it now" in first["incident"]
        assert not served.control.log(writes=True)
        run(config, "sync")
        known, said = explained(config, incident, "--live")
        assert (known["fields"], said) == (first["fields"], "")
        assert explained(config, incident)[0]["fields"] == first["fields"]
        done = explain(config, "987654321", "--live")
        assert (done.returncode, done.stderr) == (1, "the source knows no incident 987654321\n")
