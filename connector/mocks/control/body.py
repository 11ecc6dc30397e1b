"""Reading requests and writing answers of the control API: one error shape, every refusal with a remedy."""

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from connector.mocks.faults import FaultRuleError
from connector.mocks.graph.errors import GraphError
from connector.mocks.graph.portal import PortalError
from connector.mocks.player import UnknownJourneyError

Handler = Callable[[Request], Awaitable[object]]


class ControlError(ValueError):
    """A request that cannot be carried out: what is wrong, and what to send instead."""

    def __init__(self, what: str, remedy: str) -> None:
        super().__init__(what)
        self.remedy = remedy


def route(path: str, method: str, handler: Handler) -> Route:
    """Return a route whose handler's result is the JSON answer and whose refusals are 400s."""

    async def endpoint(request: Request) -> Response:
        try:
            return answer(await handler(request))
        except (ControlError, PortalError) as error:
            return refusal(str(error), error.remedy)
        except FaultRuleError as error:
            return refusal(str(error), "see the fault rules in docs/mocks.md")
        except GraphError as error:
            return refusal(error.text, "the service would not do this either; change the incidents first")
        except UnknownJourneyError as error:
            return refusal(str(error), "see GET /scenario, start one with POST /reset")

    return Route(path, endpoint, methods=[method])


def answer(value: object, status: int = 200) -> Response:
    """Return a JSON response; sets become sorted lists, lone surrogates stay as escapes."""
    return Response(json.dumps(value, default=_plain), status, media_type="application/json")


def refusal(what: str, remedy: str, status: int = 400) -> Response:
    """Return an error response."""
    return answer({"error": what, "remedy": remedy}, status)


async def read_object(request: Request, known: Mapping[str, type | tuple[type, ...]]) -> dict[str, Any]:
    """Return the request's JSON object, whose members must be known and of the right type.

    An empty body counts as an empty object. Raises ControlError.
    """
    body = await read_any_object(request)
    for name, value in body.items():
        if name not in known:
            raise ControlError(f"{name!r} is unknown", f"known are {', '.join(known) or 'no members'}")
        wrong = isinstance(value, bool) and known[name] in (int, float, (int, float))
        if value is not None and (wrong or not isinstance(value, known[name])):
            raise ControlError(f"{name!r} has the wrong type", f"send {_described(known[name])}")
    return body


async def read_any_object(request: Request) -> dict[str, Any]:
    """Return the request's JSON object, whatever its members; raise ControlError when it is none."""
    raw = await request.body()
    if not raw.strip():
        return {}
    try:
        body = json.loads(raw)
    except ValueError as error:
        raise ControlError(f"the body is no JSON: {error}", "send a JSON object") from error
    if not isinstance(body, dict):
        raise ControlError("the body is no JSON object", "send e.g. {}")
    return body


def required(body: Mapping[str, Any], name: str) -> Any:
    """Return a member; raise ControlError when it is missing or null."""
    if body.get(name) is None:
        raise ControlError(f"{name!r} is missing", f"send a JSON object with {name!r}")
    return body[name]


def query_number(request: Request, name: str, default: int) -> int:
    """Return a whole number from the query string; raise ControlError for anything else."""
    text = request.query_params.get(name, str(default))
    if not (text.isascii() and text.isdigit()):
        raise ControlError(f"{name!r} is no number", f"send e.g. ?{name}={default}")
    return int(text)


def not_negative(body: Mapping[str, Any], name: str, default: int) -> int:
    """Return a whole number from the body; raise ControlError when it is negative."""
    value = body.get(name)
    if value is None:
        return default
    if value < 0:
        raise ControlError(f"{name!r} is negative", "send 0 or more")
    return int(value)


def _plain(value: object) -> object:
    if isinstance(value, set | frozenset):
        return sorted(value)
    if hasattr(value, "isoformat"):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no JSON form")


def _described(kind: type | tuple[type, ...]) -> str:
    kinds = kind if isinstance(kind, tuple) else (kind,)
    words = {str: "a text", int: "a number", float: "a number", bool: "true or false", dict: "an object"}
    return " or ".join(dict.fromkeys(words.get(item, item.__name__) for item in kinds))
