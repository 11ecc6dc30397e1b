"""What tests of every folder may share."""

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from tests.support.harness import PRELOADED
from tests.support.preloaded import interpreter

# How long an example takes says more about the machine than about the code. A build tries the examples that the last
# one tried, so that what fails is what was changed; `--hypothesis-profile=searching` tries others.
settings.register_profile("searching", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("repeating", settings.get_profile("searching"), derandomize=True)
settings.load_profile("repeating")


@pytest.fixture(scope="session")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of an interpreter that has loaded the connector."""
    with interpreter(tmp_path_factory.mktemp("loaded")) as address:
        yield address


@pytest.fixture
def preloaded(loaded: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the test starts is forked off an interpreter that has loaded the connector."""
    monkeypatch.setenv(PRELOADED, loaded)
