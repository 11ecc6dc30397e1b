"""Control of incidents as people and services of Microsoft handle them, outside the API under test."""

from typing import Any

from starlette.requests import Request
from starlette.routing import Route

from connector.mocks.control.body import (
    ControlError,
    not_negative,
    query_number,
    read_any_object,
    read_object,
    required,
    route,
)
from connector.mocks.world import World

PERSON = "soc.analyst@contoso.example"
_CREATED_AT_MOST = 200_000


def incident_routes(world: World) -> list[Route]:
    """Return the routes under `/incidents` and `/population`."""
    api = _Incidents(world)
    return [
        route("/incidents", "GET", api.list),
        route("/incidents", "POST", api.create),
        route("/incidents/{id}", "GET", api.get),
        route("/incidents/{id}", "PATCH", api.change),
        route("/incidents/{id}/comments", "POST", api.comment),
        route("/incidents/{id}/alerts", "POST", api.add_alert),
        route("/incidents/{id}/merge", "POST", api.merge),
        route("/population", "POST", api.populate),
        route("/population/change", "POST", api.change_population),
    ]


class _Incidents:
    def __init__(self, world: World) -> None:
        self._world = world
        self._portal = world.graph.portal

    async def list(self, request: Request) -> object:
        limit, skip = query_number(request, "limit", 100), query_number(request, "skip", 0)
        return {"total": len(self._world.graph), "incidents": self._world.graph.page(skip, limit)}

    async def create(self, request: Request) -> object:
        return self._portal.create(await read_any_object(request))

    async def get(self, request: Request) -> object:
        return self._portal.get(request.path_params["id"])

    async def change(self, request: Request) -> object:
        values = await read_any_object(request)
        by = _author(values)
        return self._portal.set(request.path_params["id"], values, by)

    async def comment(self, request: Request) -> object:
        body = await read_object(request, {"text": str, "by": str})
        return self._portal.comment(request.path_params["id"], required(body, "text"), _author(body))

    async def add_alert(self, request: Request) -> object:
        values = await read_any_object(request)
        return self._portal.add_alert(request.path_params["id"], values, "Microsoft 365 Defender")

    async def merge(self, request: Request) -> object:
        body = await read_object(request, {"into": str, "by": str})
        return self._portal.merge(request.path_params["id"], required(body, "into"), _author(body))

    async def populate(self, request: Request) -> object:
        body = await read_object(request, {"incidents": int, "seed": int})
        required(body, "incidents")
        number = not_negative(body, "incidents", 0)
        if number > _CREATED_AT_MOST:
            raise ControlError(f"{number} incidents are too many", f"ask for {_CREATED_AT_MOST} at most")
        self._world.graph.populate(number, not_negative(body, "seed", self._world.seed))
        return {"created": number, "total": len(self._world.graph)}

    async def change_population(self, request: Request) -> object:
        body = await read_object(request, {"seed": int})
        seed = not_negative(body, "seed", self._world.seed)
        return {"changed": self._world.graph.change_population(seed)}


def _author(body: dict[str, Any]) -> str:
    by = body.pop("by", None) or PERSON
    if not isinstance(by, str):
        raise ControlError("'by' is no text", 'send e.g. {"by": "soc.analyst@contoso.example"}')
    return by
