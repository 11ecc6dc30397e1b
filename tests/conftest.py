"""What tests of every folder may share."""

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from tests.support.harness import PRELOADED
from tests.support.preloaded import interpreter

# How long an example takes says more about the machine than about the code.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")


@pytest.fixture(scope="session")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of an interpreter that has loaded the connector."""
    with interpreter(tmp_path_factory.mktemp("loaded")) as address:
        yield address


@pytest.fixture
def preloaded(loaded: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the test starts is forked off an interpreter that has loaded the connector."""
    monkeypatch.setenv(PRELOADED, loaded)
