"""Every harness; a target type may have several, one for each way of using it."""

from tests.contract.targets.harness import Harness
from tests.contract.targets.sentinel_harness import MicrosoftHarness, SentinelHarness
from tests.contract.targets.servicenow_harness import SecurityHarness, ServiceNowHarness

HARNESSES: tuple[type[Harness], ...] = (
    SentinelHarness,
    MicrosoftHarness,
    ServiceNowHarness,
    SecurityHarness,
)
