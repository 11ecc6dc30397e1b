"""Control of what the targets hold: a look at everything, and edits as a person makes them."""

from collections.abc import Callable

from starlette.requests import Request
from starlette.routing import Route

from connector.mocks.control.body import ControlError, read_any_object, read_object, required, route
from connector.mocks.control.incidents import PERSON
from connector.mocks.world import World


def record_routes(world: World) -> list[Route]:
    """Return the routes under `/contents`, `/sentinel` and `/servicenow`."""
    api = _Records(world)
    return [
        route("/contents/{mock}", "GET", api.contents),
        route("/sentinel/incidents/{name}", "PATCH", api.edit_sentinel),
        route("/sentinel/incidents/{name}/comments", "POST", api.comment_sentinel),
        route("/servicenow/{table}/{sys_id}", "PATCH", api.edit_servicenow),
    ]


class _Records:
    def __init__(self, world: World) -> None:
        self._world = world

    async def contents(self, request: Request) -> object:
        contents, mock = self._world.contents(), request.path_params["mock"]
        if mock not in contents:
            raise ControlError(f"there is no mock {mock!r}", f"known are {', '.join(contents)}")
        return contents[mock]()

    async def edit_sentinel(self, request: Request) -> object:
        values = await read_any_object(request)
        return _tried(lambda: self._world.sentinel.edit(request.path_params["name"], values))

    async def comment_sentinel(self, request: Request) -> object:
        body = await read_object(request, {"text": str, "by": str})
        text, by = required(body, "text"), body.get("by") or PERSON
        return _tried(lambda: self._world.sentinel.comment(request.path_params["name"], text, by))

    async def edit_servicenow(self, request: Request) -> object:
        values = await read_any_object(request)
        table, sys_id = request.path_params["table"], request.path_params["sys_id"]
        return _tried(lambda: self._world.servicenow.edit(table, sys_id, values))


def _tried(edit: Callable[[], object]) -> object:
    """Return what the edit returns; a mock's own refusal becomes a ControlError."""
    try:
        return edit()
    except KeyError as error:
        raise ControlError(f"there is no record {error.args[0]!r}", "see GET /contents/...") from error
    except ValueError as error:
        raise ControlError(str(error), "the rules of the service hold for people as well") from error
