"""`xdr-connector mock` as a user starts it; but for the two tests of what it prints, off a loaded interpreter."""

import json
import stat
import subprocess
from pathlib import Path

import httpx
import pytest

from tests.support.harness import call, command, mocks, run

JOURNEY = """\
journey: quick
title: One incident, resolved
incidents:
  only:
    properties: {displayName: Odd sign-in, severity: low}
steps:
  - step: resolved
    title: An analyst resolves it
    after: 1m
    changes:
      - incident: only
        by: soc.analyst@contoso.example
        set: {status: resolved, classification: falsePositive, determination: notMalicious}
"""

pytestmark = pytest.mark.usefixtures("preloaded")


def test_first_line_says_where_everything_is_and_how_to_get_in() -> None:
    with mocks("--incidents", "1") as served:
        line = served.first_line
        assert {name: set(part) for name, part in line.items() if isinstance(part, dict)} == {
            "xdr": {"url"},
            "entra": {"url", "tenant_id", "client_id", "client_secret"},
            "sentinel": {"url", "subscription_id", "resource_group", "workspace"},
            "servicenow": {"url", "username", "password"},
            "control": {"url"},
        }
        assert line["ca_file"] is None
        urls = [part["url"] for part in line.values() if isinstance(part, dict)]
        assert all(url.startswith("http://127.0.0.1:") for url in urls)
        assert len(set(urls)) == 5


def test_configuration_fits_and_goes_with_the_mocks() -> None:
    with mocks("--incidents", "3") as served:
        folder = served.config.parent
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}
        secrets = (served.first_line["entra"]["client_secret"], served.first_line["servicenow"]["password"])
        assert not any(secret in served.config.read_text(encoding="utf-8") for secret in secrets)
        assert run(served.config, "check", "--connect")["ok"]
        assert run(served.config, "sync")["read"] == 3
        assert served.control.contents("sentinel")["incidents"]
    assert not folder.exists()


def test_connector_reaches_mocks_that_serve_https() -> None:
    with mocks("--tls", "--incidents", "2") as served:
        assert served.first_line["xdr"]["url"].startswith("https://")
        assert Path(served.first_line["ca_file"]).is_file()
        assert run(served.config, "sync")["failures"] == []
        assert all(each["status"] < 400 for each in served.control.log() if each["mock"] != "entra")


@pytest.mark.parametrize(
    ("arguments", "journeys"),
    [
        ([], 6),
        (["--incidents", "4"], 0),
        (["--scenario", "reopened"], 1),
        (["--scenario", "reopened", "--scenario", "merged", "--scenario", "reopened"], 2),
        (["--scenario", "merged", "--incidents", "4"], 1),
    ],
)
def test_journeys_that_are_begun(arguments: list[str], journeys: int) -> None:
    with mocks(*arguments) as served:
        begun = served.control.get("/scenario")["journeys"]
        assert len(begun) == journeys
        assert all(run["played"] == [] for run in begun)


def test_journey_from_a_file_can_be_played(tmp_path: Path) -> None:
    path = tmp_path / "quick.yaml"
    path.write_text(JOURNEY, encoding="utf-8")
    with mocks("--scenario", str(path)) as served:
        played = served.control.post("/scenario/advance")["played"]
        assert [step["step"] for step in played] == ["resolved"]
        (incident,) = served.control.contents("xdr")["incidents"]
        assert (incident["displayName"], incident["status"]) == ("Odd sign-in", "resolved")


def test_population_is_the_same_for_the_same_seed() -> None:
    titles = []
    for seed in ("5", "5", "6"):
        with mocks("--incidents", "40", "--seed", seed) as served:
            incidents = served.control.contents("xdr")["incidents"]
            titles.append([(each["displayName"], each["severity"], each["assignedTo"]) for each in incidents])
    assert titles[0] == titles[1] != titles[2]


def test_answers_take_as_long_as_told() -> None:
    with mocks("--latency", "120", "--incidents", "1") as served:
        answer = httpx.get(f"{served.first_line['servicenow']['url']}/api/now/table/incident")
        assert answer.elapsed.total_seconds() >= 0.12


@pytest.mark.parametrize(
    ("content", "said"),
    [(None, "there is no journey and no file"), ("journey: [", "quick.yaml"), ("journey: x", "is missing")],
)
def test_journey_that_cannot_be_had_is_told_without_a_traceback(
    tmp_path: Path, content: str | None, said: str
) -> None:
    path = tmp_path / "quick.yaml"
    if content is not None:
        path.write_text(content, encoding="utf-8")
    done = call("mock", "--scenario", str(path))
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_table_for_people_names_the_configuration_and_no_secret() -> None:
    with subprocess.Popen(command("mock"), stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        lines = []
        for line in process.stdout:
            lines.append(line)
            if "/scenario/advance" in line:
                break
        text = "".join(lines)
        config = Path(text.partition("run --config ")[2].split()[0])
        secret = (config.parent / "client_secret").read_text(encoding="utf-8")
        process.terminate()
        assert process.wait(30) == 0
    assert secret not in text
    assert all(
        word in text for word in ("xdr", "sentinel", "servicenow", "control", "true-positive-resolved")
    )


def test_first_line_is_one_json_object() -> None:
    with subprocess.Popen(command("mock", "--json"), stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert set(json.loads(process.stdout.readline())) >= {"config", "control"}
        process.terminate()
        assert process.stdout.read() == ""
        assert process.wait(30) == 0
