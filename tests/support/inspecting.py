"""A site of mocks and its configuration, and what `check --connect` finds there."""

from collections.abc import Callable
from typing import Any

import httpx
import yaml

from connector.cli.connect import Inspected, connect
from connector.config import Config, load
from connector.http import Runtime
from connector.mocks.servicenow import ServiceNowMock, stable_id
from connector.mocks.world import World, WorldSettings
from connector.model import Level
from tests.support.inprocess import URLS, Lab, new_world


async def no_sleep(seconds: float) -> None:
    """What a runtime is given that need not wait."""


def asking(world: World) -> Runtime:
    """The mocks as the network."""
    apps = {str(httpx.URL(URLS[name]).port): httpx.ASGITransport(app) for name, app in world.apps.items()}

    class Wires(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            return await apps[str(request.url.port)].handle_async_request(request)

    return Runtime(now=world.clock.now, sleep=no_sleep, transport=Wires())


async def found(world: World, config: Config) -> dict[str, Inspected]:
    inspected = await connect(config, asking(world))
    return {each.peer.rpartition(" ")[2]: each for each in inspected}


def lines(inspected: Inspected, level: Level) -> list[str]:
    return [
        f"{each.subject}: {each.what}; {each.remedy}" for each in inspected.findings if each.level is level
    ]


def renewed(site: Lab) -> Lab:
    """New mocks under the configuration of a site: to read it takes longer than a look at all peers."""
    return Lab(new_world(WorldSettings(incidents=2)), site.config)


def changed(site: Lab, change: Callable[[dict[str, Any]], None], mapping: str = "") -> Config:
    """The site's configuration with changes, and with a mapping of its own for ServiceNow."""
    path = site.config.path
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    if mapping:
        (path.parent / "own.yaml").write_text(mapping, encoding="utf-8")
        for route in document["routes"]:
            if route["target"] == "servicenow":
                route["mapping"] = "own.yaml"
    change(document)
    path = path.with_name("changed.yaml")
    path.write_text(yaml.safe_dump(document), encoding="utf-8")
    return load(path)


def own(*fields: str, target: str = "servicenow") -> str:
    written = "".join(f"  {field}\n" for field in fields)
    return f"version: 1\nname: own\ntarget: {target}\nfields:\n  short_description: x\n{written}"


def nothing(document: dict[str, Any]) -> None:
    """No change of the configuration."""


def forget_column(mock: ServiceNowMock, table: str, element: str) -> None:
    for row in mock.contents()["sys_dictionary"]:
        if (row["name"], row["element"]) == (table, element):
            mock.delete("sys_dictionary", row["sys_id"])


def edit_column(mock: ServiceNowMock, table: str, element: str, **values: str) -> None:
    for row in mock.contents()["sys_dictionary"]:
        if (row["name"], row["element"]) == (table, element):
            mock.edit("sys_dictionary", row["sys_id"], values)


def take_roles(mock: ServiceNowMock, *names: str) -> None:
    ids = {stable_id("sys_user_role", name) for name in names}
    for row in mock.contents()["sys_user_has_role"]:
        if row["role"] in ids:
            mock.delete("sys_user_has_role", row["sys_id"])


def close(table: str) -> Callable[[ServiceNowMock], None]:
    return lambda mock: mock.settings.unreadable_tables.add(table)
