"""Control of faults, switches and the request log."""

from typing import Any

from starlette.requests import Request
from starlette.routing import Route

from connector.mocks.control.body import ControlError, query_number, read_any_object, route
from connector.mocks.control.switches import change_switches
from connector.mocks.faults import MOCKS
from connector.mocks.world import World


def observation_routes(world: World) -> list[Route]:
    """Return the routes under `/faults`, `/settings` and `/log`."""
    api = _Observation(world)
    return [
        route("/faults", "GET", api.faults),
        route("/faults", "POST", api.add_fault),
        route("/faults", "DELETE", api.clear_faults),
        route("/settings/{mock}", "GET", api.settings),
        route("/settings/{mock}", "PATCH", api.change_settings),
        route("/log", "GET", api.log),
        route("/log", "DELETE", api.clear_log),
        route("/log/counts", "GET", api.counts),
    ]


class _Observation:
    def __init__(self, world: World) -> None:
        self._world = world

    async def faults(self, request: Request) -> object:  # noqa: ARG002 - one signature for handlers
        return {"faults": self._world.faults.rules()}

    async def add_fault(self, request: Request) -> object:
        return self._world.faults.add(await read_any_object(request)).as_json()

    async def clear_faults(self, request: Request) -> object:  # noqa: ARG002 - one signature for handlers
        self._world.faults.clear()
        return {"faults": []}

    async def settings(self, request: Request) -> object:
        return _shown(self._switches(request))

    async def change_settings(self, request: Request) -> object:
        switches = self._switches(request)
        change_switches(switches, await read_any_object(request))
        return _shown(switches)

    async def log(self, request: Request) -> object:
        params = request.query_params
        mock = params.get("mock")
        if mock is not None and mock not in MOCKS:
            raise ControlError(f"there is no mock {mock!r}", f"known are {', '.join(MOCKS)}")
        writes_only = params.get("writes", "false").lower() == "true"
        limit = query_number(request, "limit", 1_000)
        found = list(self._world.log.entries(mock, query_number(request, "since", 0), writes_only))
        return {"total": len(found), "entries": [entry.as_json() for entry in found[:limit]]}

    async def clear_log(self, request: Request) -> object:  # noqa: ARG002 - one signature for handlers
        self._world.log.clear()
        return {"total": 0}

    async def counts(self, request: Request) -> object:  # noqa: ARG002 - one signature for handlers
        return {"counts": self._world.log.counts()}

    def _switches(self, request: Request) -> Any:
        switches, mock = self._world.switches(), request.path_params["mock"]
        if mock not in switches:
            raise ControlError(f"there are no settings {mock!r}", f"known are {', '.join(switches)}")
        return switches[mock]


def _shown(switches: Any) -> dict[str, Any]:
    """Return the switches by name; a secret among them is not shown."""
    return {name: value for name, value in vars(switches).items() if "secret" not in name}
