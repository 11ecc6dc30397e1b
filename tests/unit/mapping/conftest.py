"""How mapping tests load a mapping: a few lines of YAML under a fixed head."""

from collections.abc import Callable
from typing import Any

import pytest

from connector.errors import ConfigError
from connector.mapping import CompiledMapping, load_mapping
from connector.model import Mapped
from connector.targets.sentinel.catalogue import SENTINEL_CATALOGUE
from connector.targets.servicenow.catalogue import SERVICENOW_CATALOGUE
from connector.targets.servicenow.security import SECURITY_CATALOGUE

CATALOGUES = {
    "sentinel": SENTINEL_CATALOGUE,
    "servicenow": SERVICENOW_CATALOGUE,
    "servicenow-sir": SECURITY_CATALOGUE,
}
INCIDENT: dict[str, Any] = {
    "id": "42",
    "status": "active",
    "severity": "high",
    "classification": "unknown",
    "determination": "unknown",
    "assignedTo": None,
    "displayName": "Malware",
    "customTags": [],
    "systemTags": [],
    "comments": [],
    "createdDateTime": "2024-05-01T10:00:00.1Z",
    "lastUpdateDateTime": "2024-05-01T11:00:00Z",
}

Load = Callable[..., CompiledMapping]
Complaints = Callable[..., list[str]]
Apply = Callable[..., Mapped]


@pytest.fixture
def load() -> Load:
    """Load the mapping that a body makes; the body starts in line 4."""

    def loaded(body: str, *, target: str = "servicenow", **options: Any) -> CompiledMapping:
        text = f"version: 1\nname: test\ntarget: {target}\n{body}"
        return load_mapping(text, "m.yaml", catalogues=CATALOGUES, vars=options.pop("vars", {}), **options)

    return loaded


@pytest.fixture
def complaints(load: Load) -> Complaints:
    """Everything that is wrong with a body, without the file's name."""

    def complained(body: str, **options: Any) -> list[str]:
        with pytest.raises(ConfigError) as caught:
            load(body, **options)
        return [str(problem).removeprefix("m.yaml:") for problem in caught.value.problems]

    return complained


@pytest.fixture
def apply(load: Load) -> Apply:
    """What a body makes of an incident, given as what differs from a new one; `old` likewise."""

    def applied(
        body: str, old: dict[str, Any] | None = None, /, *, options: Any = None, **incident: Any
    ) -> Mapped:
        mapping = load(body, **(options or {}))
        return mapping.apply(INCIDENT | incident, None if old is None else INCIDENT | old)

    return applied
