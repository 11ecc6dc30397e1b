"""Control of what happens: time, journeys, tokens, Microsoft's own connector, and a new beginning."""

from datetime import timedelta
from typing import Any

from starlette.requests import Request
from starlette.routing import Route

from connector.mocks.control.body import ControlError, not_negative, read_object, required, route
from connector.mocks.player import UnknownJourneyError
from connector.mocks.world import World


def story_routes(world: World) -> list[Route]:
    """Return the routes under `/clock`, `/scenario`, `/tokens`, `/microsoft` and `/reset`."""
    api = _Story(world)
    return [
        route("/clock", "GET", api.clock),
        route("/clock", "POST", api.advance_clock),
        route("/scenario", "GET", api.scenario),
        route("/scenario/advance", "POST", api.advance_scenario),
        route("/tokens/expire", "POST", api.expire_tokens),
        route("/microsoft/tick", "POST", api.tick_microsoft),
        route("/reset", "POST", api.reset),
    ]


class _Story:
    def __init__(self, world: World) -> None:
        self._world = world

    async def clock(self, request: Request) -> object:  # noqa: ARG002 - one signature for handlers
        return {"now": self._world.clock.now()}

    async def advance_clock(self, request: Request) -> object:
        body = await read_object(request, {"seconds": (int, float)})
        seconds = required(body, "seconds")
        if not 0 <= seconds <= 10 * 365 * 86_400:
            raise ControlError("'seconds' is negative or too large", "send up to ten years, forwards")
        self._world.clock.advance(timedelta(seconds=seconds))
        self._world.tick()
        return {"now": self._world.clock.now()}

    async def scenario(self, request: Request) -> object:  # noqa: ARG002 - one signature for handlers
        return self._world.player.state()

    async def advance_scenario(self, request: Request) -> object:
        body = await read_object(request, {"journey": str, "steps": int, "all": bool})
        steps = not_negative(body, "steps", 1)
        played = self._world.player.advance(body.get("journey"), steps, to_end=bool(body.get("all")))
        return {"played": played}

    async def expire_tokens(self, request: Request) -> object:
        await read_object(request, {})
        self._world.servicenow.expire_tokens()
        return {"expired": self._world.entra.tokens.expire_all()}

    async def tick_microsoft(self, request: Request) -> object:
        await read_object(request, {})
        if not self._world.conduct.microsoft:
            raise ControlError(
                "Microsoft's own connector is off",
                'switch it on with PATCH /settings/world {"microsoft": true}',
            )
        self._world.tick()
        return {"ticked": True}

    async def reset(self, request: Request) -> object:
        body = await read_object(request, {"incidents": int, "seed": int, "scenario": str})
        scenario = body.get("scenario")
        self._check_scenario(scenario)
        seed = not_negative(body, "seed", self._world.seed)
        self._world.reset(not_negative(body, "incidents", 0), seed, scenario)
        return {"incidents": len(self._world.graph), "scenario": self._world.player.state()}

    def _check_scenario(self, name: Any) -> None:
        known = [*self._world.player.names(), "all"]
        if name is not None and name not in known:
            raise UnknownJourneyError(f"there is no journey {name!r}; known are {', '.join(known)}")
