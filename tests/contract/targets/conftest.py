"""One harness for each way a target can be configured."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.contract.targets.harness import Harness
from tests.contract.targets.harnesses import HARNESSES


@pytest.fixture(params=HARNESSES, ids=lambda kind: kind.__name__.removesuffix("Harness").lower())
async def far(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Harness]:
    """The far side, once for each harness."""
    harness: Harness = request.param(tmp_path)
    yield harness
    await harness.close()
