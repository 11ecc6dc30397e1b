"""One request as the operations see it, and the answers they give.

Bodies are read before anything is decided, so an operation is plain synchronous code and two requests can
never interleave inside one.
"""

import json
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from starlette.datastructures import Headers
from starlette.requests import Request

from connector.mocks.sentinel.address import Address
from connector.mocks.sentinel.errors import ArmError, bad_request
from connector.mocks.sentinel.journal import Actor
from connector.mocks.sentinel.shapes import Shape


@dataclass(frozen=True)
class Call:
    """A request past authentication: what it points at, its options by lower-case name, and who sent it."""

    method: str
    address: Address
    options: dict[str, str]
    shape: Shape
    actor: Actor
    url: str
    content: bytes

    def json_object(self) -> dict[str, Any]:
        """Return the body as a JSON object; raise `ArmError` 400."""
        try:
            body = json.loads(self.content)
        except ValueError:
            raise bad_request("The request content was invalid and could not be deserialized.") from None
        if not isinstance(body, dict):
            raise bad_request("The request content was invalid: an object was expected.")
        return body


@dataclass(frozen=True)
class Answer:
    """A status with the JSON bytes of its body."""

    status: int
    content: bytes = b""


def json_answer(status: int, body: Any) -> Answer:
    """Return an answer with `body` as JSON."""
    return Answer(status, json.dumps(body).encode())


def options_of(request: Request) -> dict[str, str]:
    """Return the query options by lower-case name; empty ones count as absent."""
    return {name.lower(): value for name, value in request.query_params.items() if value}


def unread(address: Address, method: str) -> ArmError:
    """Return the answer to a method the resource does not have."""
    what = address.below or "incidents"
    return ArmError(405, "MethodNotAllowed", f"The method '{method}' is not supported on '{what}'.")


def correlation(headers: Headers, moment_text: str) -> dict[str, str]:
    """Return the ids every answer carries; the caller's own are echoed."""
    request_id = str(uuid4())
    chain = headers.get("x-ms-correlation-request-id", request_id)
    ids = {
        "x-ms-request-id": request_id,
        "x-ms-correlation-request-id": chain,
        "x-ms-routing-request-id": f"MOCK:{moment_text}:{request_id}",
    }
    client_id = headers.get("x-ms-client-request-id")
    return {**ids, "x-ms-client-request-id": client_id} if client_id else ids
