"""The container image: built as documented, run as hardened as a cluster would run it, stopped in time."""

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.image.deployment import Deployment, mocks
from tests.image.podman import Podman, install_packages

pytestmark = [pytest.mark.image, pytest.mark.timeout(1200)]

ROOT = Path(__file__).resolve().parents[2]
IMAGE = "localhost/xdr-connector:test"
HEALTHY_WITHIN = 30.0  # seconds, the start period the Dockerfile grants
STOPPED_WITHIN = 20.0  # seconds, under the 30 that clusters grant by default


@pytest.fixture(scope="module")
def podman() -> Podman:
    install_packages()
    engine = Podman(ROOT / "build" / "image")
    engine.folder.mkdir(parents=True, exist_ok=True)
    engine.build(ROOT, IMAGE)
    return engine


@pytest.fixture(scope="module")
def addresses() -> Iterator[dict[str, Any]]:
    with mocks() as served:
        yield served


@pytest.fixture(scope="module")
def container(
    podman: Podman, addresses: dict[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    deployment = Deployment.of(Path(addresses["config"]), tmp_path_factory.mktemp("deployment"))
    with podman.running(IMAGE, *deployment.options()) as name:
        yield name


def wait_until(holds: Callable[[], bool], *, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if holds():
            return True
        time.sleep(0.2)  # another process is waited for, so there is no clock to inject
    return False


@pytest.mark.parametrize("tool", ["pip", "pip3", "gcc", "cc", "make", "git", "curl"])
def test_tools_that_install_or_build_are_absent(podman: Podman, tool: str) -> None:
    assert podman.shell(IMAGE, f"command -v {tool} || echo absent") == "absent"


@pytest.mark.parametrize("module", ["pip", "setuptools", "hatchling", "pytest"])
def test_modules_that_install_or_build_are_absent(podman: Podman, module: str) -> None:
    program = f"import importlib.util as u; print(u.find_spec('{module}'))"
    assert podman.shell(IMAGE, f'python3 -c "{program}"') == "None"


def test_the_package_and_its_optional_drivers_are_installed(podman: Podman) -> None:
    program = "import azure.identity, psycopg, connector; print(connector.__version__)"
    assert podman.shell(IMAGE, f'python3 -c "{program}"') == "0.1.0"


def test_time_zones_are_known_without_those_of_the_base(podman: Podman) -> None:
    program = "import zoneinfo; print(zoneinfo.ZoneInfo('Europe/Berlin'))"
    assert podman.shell(IMAGE, f'PYTHONTZPATH= python3 -c "{program}"') == "Europe/Berlin"


def test_only_the_volume_is_writable(podman: Podman) -> None:
    places = "/ /tmp /run /etc/xdr-connector /opt/xdr-connector ."
    script = f"for d in {places}; do touch $d/x 2>/dev/null && echo $d; done; id -u"
    assert podman.shell(IMAGE, script).splitlines() == [".", "10001"]


def test_the_image_says_how_it_is_run_watched_and_stopped(podman: Podman) -> None:
    (image,) = json.loads(podman("image", "inspect", IMAGE))
    config = image["Config"]
    assert config["User"] == "10001:10001"
    assert config["StopSignal"] == "SIGTERM"
    assert config["Entrypoint"] == ["xdr-connector"]
    assert config["Cmd"] == ["run", "--config", "/etc/xdr-connector/config.yaml"]
    assert image["Healthcheck"]["Test"] == ["CMD", "xdr-connector", "status", "--health"]


def test_it_delivers(podman: Podman, container: str, addresses: dict[str, Any]) -> None:
    def delivered() -> bool:
        with httpx.Client(base_url=addresses["control"]["url"]) as control:
            return bool(control.get("/contents/servicenow").json()["incident"])

    assert wait_until(delivered, seconds=HEALTHY_WITHIN), podman.logs(container)


def test_it_becomes_healthy_and_stops_in_time(podman: Podman, container: str) -> None:
    def healthy() -> bool:
        return podman.succeeds("healthcheck", "run", container)

    assert wait_until(healthy, seconds=HEALTHY_WITHIN), podman.logs(container)
    started = time.monotonic()
    podman("stop", f"--time={STOPPED_WITHIN:.0f}", container)
    assert time.monotonic() - started < STOPPED_WITHIN
    assert podman("inspect", container, "--format={{.State.ExitCode}}") == "0", podman.logs(container)
