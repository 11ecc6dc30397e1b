"""docs/mocks.md: every curl example works, every endpoint has one, and the journey shown can be played."""

import re
import shlex
from pathlib import Path

import httpx
import pytest
import yaml

from connector.mocks.control import control_app
from connector.mocks.graph.settings import GraphSettings
from connector.mocks.player import Player
from connector.mocks.scenario import parse_journey
from connector.mocks.world import Conduct, World, WorldSettings

PAGE = (Path(__file__).parents[3] / "docs" / "mocks.md").read_text(encoding="utf-8")
EXAMPLES = [line for line in PAGE.splitlines() if line.startswith("curl ")]


def request_of(example: str, names: dict[str, str]) -> tuple[str, str, str | None]:
    """The method, path and body that a curl command sends."""
    for name, value in names.items():
        example = example.replace(f"${name}", value)
    words = shlex.split(example)[1:]
    method, body, path = "GET", None, ""
    while words:
        word = words.pop(0)
        if word == "-X":
            method = words.pop(0)
        elif word == "-d":
            body = words.pop(0)
        elif word != "-s":
            path = word
    return method, path or "/", body


async def test_every_example_works_from_top_to_bottom() -> None:
    world = World(WorldSettings())
    for _ in range(3):
        world.graph.portal.create({})
    world.player.start("all")
    row = world.servicenow.create("incident", {"short_description": "x"})
    name = world.sentinel.upsert_from_provider("1", {"title": "T", "severity": "High", "status": "New"})
    names = {"CONTROL": "", "NAME": name, "SYS_ID": row["sys_id"]}
    transport = httpx.ASGITransport(control_app(world))
    async with httpx.AsyncClient(transport=transport, base_url="http://control.test") as http:
        for example in EXAMPLES:
            method, path, body = request_of(example, names)
            answer = await http.request(method, path, content=body)
            assert answer.status_code == 200, f"{example}: {answer.text}"


async def test_every_endpoint_has_an_example() -> None:
    transport = httpx.ASGITransport(control_app(World(WorldSettings())))
    async with httpx.AsyncClient(transport=transport, base_url="http://control.test") as http:
        endpoints = (await http.get("/")).json()["endpoints"]
    shown = [request_of(example, {"CONTROL": ""})[:2] for example in EXAMPLES]

    for endpoint in endpoints:
        method, _, path = endpoint.partition(" ")
        pattern = re.sub(r"\{\w+\}", "[^/?]+", path) + r"(\?.*)?"
        assert any(one == method and re.fullmatch(pattern, other) for one, other in shown), endpoint


@pytest.mark.parametrize("switches", [GraphSettings, Conduct])
def test_every_switch_is_explained(switches: type) -> None:
    names = vars(switches())

    assert [name for name in names if f"`{name}`" not in PAGE] == []


def test_the_journey_shown_can_be_played() -> None:
    text = PAGE.partition("```yaml\n")[2].partition("```")[0]
    world = World(WorldSettings())
    player = Player(world.clock, world.graph.portal, [parse_journey(yaml.safe_load(text))])
    player.start("lost-laptop")
    player.advance(to_end=True)

    incident = world.graph.portal.get("1")
    assert (incident["status"], incident["customTags"]) == ("resolved", ["lost"])
