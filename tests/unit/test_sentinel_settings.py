"""What may be said about a Sentinel target, and the quotas that follow."""

from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest
from pydantic import ValidationError

from connector.errors import AuthError
from connector.http import Runtime
from connector.targets.sentinel import SentinelSettings
from tests.contract.targets.harness import changed, note
from tests.contract.targets.sentinel_harness import SUBSCRIPTION, SentinelHarness

FLOOR = (SUBSCRIPTION, 75, 300, 5)


@pytest.fixture
def far(tmp_path: Path) -> SentinelHarness:
    return SentinelHarness(tmp_path)


def settings(**changes: Any) -> dict[str, Any]:
    return {
        "name": "soc",
        "type": "sentinel",
        "subscription_id": SUBSCRIPTION,
        "resource_group": "soc",
        "workspace": "contoso",
        "incidents": "ours",
        "auth": {"type": "bearer", "token": {"env": "TOKEN"}},
        **changes,
    }


def test_who_owns_the_incidents_must_be_said() -> None:
    given = settings()
    del given["incidents"]
    with pytest.raises(ValidationError, match="incidents"):
        SentinelSettings.model_validate(given)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (
            "default",
            dict.fromkeys(("incident_writes", "comment_writes", "task_writes"), FLOOR),
        ),
        ("unlimited", {}),
        (
            {"incident_writes": {"limit": 10, "per": "1m", "group": "g", "reserve": 20}},
            {"incident_writes": ("g", 10, 60, 9), "comment_writes": FLOOR, "task_writes": FLOOR},
        ),
    ],
)
async def test_quotas(given: Any, expected: dict[str, tuple[str, int, int, int]]) -> None:
    target = SentinelSettings.model_validate(settings(quotas=given)).build()
    found = {n: (q.group, q.limit, q.seconds, q.reserve) for n, q in target.quotas.items()}
    assert found == expected
    await target.close()


async def test_a_delivery_costs_what_it_writes(far: SentinelHarness) -> None:
    target = far.start()
    assert target.cost(far.delivery(notes=(note(), note("bbbbbbbbbbbb")))) == {
        "incident_writes": 1,
        "comment_writes": 2,
    }
    delivery, _ = await far.first(target)
    assert target.cost(replace(delivery, notes=(note(),))) == {"comment_writes": 1}
    assert target.cost(changed(delivery, severity="Low")) == {"incident_writes": 1}


@pytest.mark.parametrize(
    ("base_url", "scope", "expected"),
    [
        ("https://management.azure.com", None, "https://management.azure.com/.default"),
        ("https://management.usgovcloudapi.net/", None, "https://management.core.usgovcloudapi.net/.default"),
        ("https://management.usgovcloudapi.net", "api://mine/.default", "api://mine/.default"),
    ],
)
async def test_a_token_is_for_the_cloud_of_the_workspace(
    monkeypatch: pytest.MonkeyPatch, base_url: str, scope: str | None, expected: str
) -> None:
    monkeypatch.setenv("SECRET", "not-a-secret")
    auth = {"type": "client_secret", "tenant_id": "t", "client_id": "c", "client_secret": {"env": "SECRET"}}
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.extend(parse_qs(request.content.decode()).get("scope", ()))
        return httpx.Response(400, json={"error": "invalid_client"})

    given = settings(base_url=base_url, auth={**auth, "scope": scope})
    target = SentinelSettings.model_validate(given).build(
        runtime=Runtime(transport=httpx.MockTransport(answer))
    )
    with pytest.raises(AuthError):
        await target.probe()
    await target.close()
    assert asked == [expected]
