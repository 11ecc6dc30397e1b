"""`mapping explain --live` against served mocks: the incident as the source has it, with what is stored of it."""

import json
import subprocess
from pathlib import Path
from typing import Any

from tests.support.harness import command, config_in, mocks, run


def explained(config: Path, incident: str, *arguments: str) -> tuple[dict[str, Any], str]:
    line = (
        "mapping",
        "explain",
        incident,
        "--config",
        str(config),
        "--route",
        "contoso-servicenow",
        *arguments,
    )
    done = subprocess.run(command(*line, "--json"), capture_output=True, text=True, timeout=60, check=True)
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
        missing = command(
            "mapping",
            "explain",
            "987654321",
            "--live",
            "--config",
            str(config),
            "--route",
            "contoso-servicenow",
        )
        done = subprocess.run(missing, capture_output=True, text=True, timeout=60, check=False)
        assert (done.returncode, done.stderr) == (1, "the source knows no incident 987654321\n")
