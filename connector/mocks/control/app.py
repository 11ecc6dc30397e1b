"""Puts the control API together and lists it at `/`."""

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from connector.mocks.control.body import refusal, route
from connector.mocks.control.incidents import incident_routes
from connector.mocks.control.observation import observation_routes
from connector.mocks.control.records import record_routes
from connector.mocks.control.story import story_routes
from connector.mocks.world import World


def control_app(world: World) -> Starlette:
    """Return the control API of a world."""
    routes = [
        *story_routes(world),
        *incident_routes(world),
        *record_routes(world),
        *observation_routes(world),
    ]

    async def index(request: Request) -> object:  # noqa: ARG001 - one signature for handlers
        return {"documentation": "docs/mocks.md", "endpoints": [_line(entry) for entry in routes]}

    return Starlette(
        routes=[route("/", "GET", index), *routes], exception_handlers={HTTPException: _unknown_path}
    )


def _line(entry: Route) -> str:
    methods = sorted((entry.methods or set()) - {"HEAD"})
    return f"{'|'.join(methods)} {entry.path}"


async def _unknown_path(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    what = f"{request.method} {request.url.path} is not part of this API"
    return refusal(what, "GET / lists what is", status)
