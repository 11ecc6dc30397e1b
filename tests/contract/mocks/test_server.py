"""The mocks over sockets: addresses, tokens across servers, cut connections, TLS, and the configuration text."""

import asyncio
import json
import ssl
import stat
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from connector.mocks.config_text import config_text
from connector.mocks.server import Addresses, Ports, serve, serving
from connector.mocks.world import World, WorldSettings

INCIDENT = "/v1.0/security/incidents/1"


class Client:
    """A client of a served world, holding a token for Graph."""

    def __init__(self, addresses: Addresses) -> None:
        self.json = addresses.as_json()
        trust = ssl.create_default_context(cafile=self.json["ca_file"]) if self.json["ca_file"] else True
        self.http = httpx.AsyncClient(verify=trust, trust_env=False)

    async def token(self, audience: str) -> str:
        entra = self.json["entra"]
        form = {
            "grant_type": "client_credentials",
            "client_id": entra["client_id"],
            "client_secret": entra["client_secret"],
            "scope": f"{audience}/.default",
        }
        answer = await self.http.post(f"{entra['url']}/{entra['tenant_id']}/oauth2/v2.0/token", data=form)
        return f"Bearer {answer.json()['access_token']}"

    async def xdr(self, method: str, body: Any = None) -> httpx.Response:
        headers = {"Authorization": await self.token(self.json["xdr"]["url"])}
        return await self.http.request(method, self.json["xdr"]["url"] + INCIDENT, json=body, headers=headers)

    async def fault(self, kind: str) -> None:
        rule = {"mock": "xdr", "operation": "write", "times": 1, "fault": {"kind": kind}}
        answer = await self.http.post(f"{self.json['control']['url']}/faults", json=rule)
        assert answer.status_code == 200


@pytest.fixture(params=[False, True], ids=["http", "https"])
async def client(request: pytest.FixtureRequest) -> AsyncIterator[Client]:
    world = World(WorldSettings(incidents=10))
    async with serving(world, tls=request.param) as addresses:
        client = Client(addresses)
        async with client.http:
            yield client


async def test_the_addresses_say_all_a_client_needs(client: Client) -> None:
    assert {name: sorted(value) for name, value in client.json.items() if isinstance(value, dict)} == {
        "xdr": ["url"],
        "entra": ["client_id", "client_secret", "tenant_id", "url"],
        "sentinel": ["resource_group", "subscription_id", "url", "workspace"],
        "servicenow": ["password", "url", "username"],
        "control": ["url"],
    }
    assert set(client.json) - {"xdr", "entra", "sentinel", "servicenow", "control"} == {"ca_file", "config"}
    assert client.json["config"] is None
    json.dumps(client.json)


async def test_a_token_works_at_the_api_it_was_asked_for(client: Client) -> None:
    assert (await client.xdr("GET")).json()["id"] == "1"

    wrong = {"Authorization": await client.token(client.json["sentinel"]["url"])}
    answer = await client.http.get(client.json["xdr"]["url"] + INCIDENT, headers=wrong)
    assert answer.status_code == 403


@pytest.mark.parametrize(("kind", "owner"), [("cut_before", "before"), ("cut_after", "after")])
async def test_a_cut_connection_has_no_answer_but_may_have_an_effect(
    client: Client, kind: str, owner: str
) -> None:
    await client.xdr("PATCH", {"assignedTo": "before"})
    await client.fault(kind)

    with pytest.raises(httpx.RemoteProtocolError, match="disconnected"):
        await client.xdr("PATCH", {"assignedTo": "after"})

    assert (await client.xdr("GET")).json()["assignedTo"] == owner


async def test_servicenow_and_sentinel_are_there(client: Client) -> None:
    servicenow, sentinel = client.json["servicenow"], client.json["sentinel"]
    auth = (servicenow["username"], servicenow["password"])
    rows = await client.http.get(f"{servicenow['url']}/api/now/table/incident?sysparm_limit=1", auth=auth)
    path = (
        f"/subscriptions/{sentinel['subscription_id']}/resourceGroups/{sentinel['resource_group']}/providers/"
        f"Microsoft.OperationalInsights/workspaces/{sentinel['workspace']}/providers/"
        "Microsoft.SecurityInsights/incidents?api-version=2024-09-01"
    )
    headers = {"Authorization": await client.token("https://management.azure.com")}
    incidents = await client.http.get(sentinel["url"] + path, headers=headers)

    assert rows.status_code == 200
    assert (incidents.status_code, incidents.json()["value"]) == (200, [])


async def test_answers_come_at_once(client: Client) -> None:
    """A server that waits for acknowledgements takes 40 ms for each of these; a busy machine, now and then."""
    headers = {"Authorization": await client.token(client.json["xdr"]["url"])}
    loop = asyncio.get_running_loop()
    took = []
    for _ in range(50):
        begin = loop.time()
        await client.http.get(client.json["xdr"]["url"] + INCIDENT, headers=headers)
        took.append(loop.time() - begin)

    assert sorted(took)[len(took) // 4] < 0.03


async def test_serve_ends_when_told() -> None:
    heard: list[Addresses] = []
    stop = asyncio.Event()

    def ready(addresses: Addresses) -> None:
        heard.append(addresses)
        stop.set()

    await serve(World(WorldSettings()), ready=ready, stop=stop)

    async with httpx.AsyncClient(trust_env=False) as http:
        with pytest.raises(httpx.ConnectError):
            await http.get(heard[0].urls["control"])


async def test_a_taken_port_is_an_error() -> None:
    async with serving(World(WorldSettings())) as addresses:
        port = httpx.URL(addresses.urls["xdr"]).port or 0
        with pytest.raises(OSError, match="in use"):
            async with serving(World(WorldSettings()), ports=Ports(entra=port)):
                pass


async def test_the_authority_is_written_where_asked(tmp_path: Path) -> None:
    async with serving(World(WorldSettings()), tls=True, ca_folder=tmp_path) as addresses:
        assert addresses.ca_file == tmp_path / "mocks-ca.pem"
        assert "BEGIN CERTIFICATE" in addresses.ca_file.read_text()
        assert "PRIVATE KEY" not in addresses.ca_file.read_text()
        assert stat.S_ISREG(addresses.ca_file.stat().st_mode)


def test_secrets_differ_between_worlds_and_identifiers_do_not() -> None:
    first, second = World(WorldSettings()), World(WorldSettings())

    assert first.settings.client_secret != second.settings.client_secret
    assert first.settings.password != second.settings.password
    assert (first.tenant_id, first.subscription_id) == (second.tenant_id, second.subscription_id)
    assert first.settings.password not in repr(first.settings)


def test_quotas_are_lifted_or_published() -> None:
    world = World(WorldSettings(quotas="published"))
    assert (world.graph.settings.rate_limit, world.sentinel.settings.provider_limits) == (150, True)

    world.set_quotas("lifted")
    assert (world.graph.settings.rate_limit, world.sentinel.settings.provider_limits) == (None, False)


@pytest.mark.parametrize("ca_file", [None, "/folder/mocks-ca.pem"])
def test_the_configuration_names_files_instead_of_secrets(ca_file: str | None) -> None:
    world = World(WorldSettings())
    urls = {name: f"http://127.0.0.1:{4000 + n}" for n, name in enumerate(vars(Ports()))}
    addresses = Addresses(urls, world, Path(ca_file) if ca_file else None).as_json()

    text = config_text(addresses, Path("/folder"), Path("/mappings"), start="30d", every="5s")

    document = yaml.safe_load(text)
    auth = {
        "type": "client_secret",
        "authority": "http://127.0.0.1:4001",
        "client_id": world.entra.registration.client_id,
        "client_secret": {"file": "/folder/client_secret"},
    }
    extra = {"ca_file": ca_file} if ca_file else {}
    assert world.settings.client_secret not in text
    assert world.settings.password not in text
    assert document["state"] == {"url": "sqlite:////folder/state.db"}
    assert document["sources"] == [
        {
            "name": "contoso",
            "type": "graph",
            "tenant_id": world.tenant_id,
            "start": "30d",
            "base_url": "http://127.0.0.1:4000",
            "poll": {"every": "5s", "overlap": "2m", "page_size": 50},
            "auth": auth,
            **extra,
        }
    ]
    sentinel, servicenow = document["targets"]
    assert sentinel["auth"] == {"tenant_id": world.tenant_id, **auth}
    assert (sentinel["incidents"], sentinel["quotas"]) == ("ours", "unlimited")
    assert servicenow["auth"]["password"] == {"file": "/folder/servicenow_password"}
    assert (sentinel.get("ca_file"), servicenow.get("ca_file")) == (ca_file, ca_file)
    assert [route["mapping"] for route in document["routes"]] == [
        "/mappings/sentinel.yaml",
        "/mappings/servicenow-incident.yaml",
    ]
