"""The referee for the Entra mock: azure-identity takes a token over HTTPS, the Graph SDK uses it."""

from typing import Any

import pytest

from connector.mocks.world import World
from tests.referees.tls_world import Authority, run_script, served

pytestmark = pytest.mark.referee


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], World]:
    authority, world = Authority(tmp_path_factory.mktemp("tls")), World()
    world.graph.portal.create({"id": "1", "displayName": "Incident 1"})
    app = world.entra.registration
    with served(world, authority) as urls:
        place = {
            **urls,
            "identity": True,
            "token": "unused",
            "tenant_id": app.tenant_id,
            "client_id": app.client_id,
            "client_secret": app.client_secret,
        }
        return run_script("referees-graph", "msgraph_script.py", place, authority), world


def test_the_graph_sdk_works_with_a_token_from_azure_identity(run: tuple[dict[str, Any], World]) -> None:
    assert run[0]["got"]["name"] == "Incident 1"
    assert run[0]["got_again"]["name"] == "Incident 1"


def test_the_token_is_asked_for_once(run: tuple[dict[str, Any], World]) -> None:
    granted = [
        entry for entry in run[1].log.entries("entra") if entry.kind == "token" and entry.status == 200
    ]

    assert len(granted) == 1


@pytest.mark.parametrize(
    ("check", "words"),
    [
        ("wrong_secret", "AADSTS7000215"),
        ("wrong_client", "AADSTS700016"),
        ("wrong_scope", "AADSTS70011"),
        ("wrong_tenant", "Unable to get authority configuration"),
    ],
)
def test_refusals_are_named(run: tuple[dict[str, Any], World], check: str, words: str) -> None:
    assert words in run[0][check]
