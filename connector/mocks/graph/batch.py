"""`$batch`: up to twenty requests in one, each answered for itself, in no particular order.

Parts go through the same application as single requests, so each is admitted, throttled and refused alone. A
part runs after those it depends on, which must stand before it. Page: "Combine multiple HTTP requests using
JSON batching" (learn.microsoft.com).
"""

import random
from collections.abc import Mapping
from typing import Any

import httpx
from starlette.requests import Request
from starlette.types import ASGIApp

from connector.mocks.graph.errors import bad_request
from connector.mocks.graph.render import dumped
from connector.mocks.graph.writes import read_body

MAX_PARTS = 20
_FAILED_DEPENDENCY = {
    "error": {"code": "FailedDependency", "message": "A request this one depends on failed."}
}
_NO_CONTENT_TYPE = {"error": {"code": "BadRequest", "message": "A body needs a Content-Type header."}}
Part = Mapping[str, Any]


async def answer_batch(app: ASGIApp, request: Request, chance: random.Random) -> bytes:
    """Return the body of the batch's answer; raise a 400 GraphError when the batch as a whole is malformed."""
    parts = _parts(read_body(await request.body()))
    version = request.url.path.split("/")[1]
    base = f"{request.url.scheme}://{request.url.netloc}/{version}"
    inherited = {"Authorization": request.headers.get("authorization", "")}
    answers: dict[str, dict[str, Any]] = {}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), headers=inherited) as http:
        for part in parts:
            failed = any(answers[name]["status"] >= 400 for name in part.get("dependsOn") or ())
            answers[part["id"]] = (
                _answer(part, 424, _FAILED_DEPENDENCY) if failed else await _sent(http, base, part)
            )
    shuffled = list(answers.values())
    chance.shuffle(shuffled)
    return dumped({"responses": shuffled})


def _parts(body: Mapping[str, Any]) -> list[Part]:
    parts = body.get("requests")
    if not isinstance(parts, list) or not all(isinstance(part, dict) for part in parts):
        raise bad_request("A batch holds 'requests', a list of objects.")
    if not 1 <= len(parts) <= MAX_PARTS:
        raise bad_request(f"A batch holds between 1 and {MAX_PARTS} requests.")
    seen: set[str] = set()
    for part in parts:
        _check(part, seen)
        seen.add(part["id"])
    return parts


def _check(part: Part, seen: set[str]) -> None:
    if not all(isinstance(part.get(name), str) for name in ("id", "method", "url")):
        raise bad_request("Each request of a batch has 'id', 'method' and 'url'.")
    if part["id"] in seen:
        raise bad_request(f"The id '{part['id']}' is used twice.")
    if not part["url"].startswith("/"):
        raise bad_request("The 'url' of a request in a batch is relative.")
    if not set(part.get("dependsOn") or ()) <= seen:
        raise bad_request("'dependsOn' names requests that stand before this one.")


async def _sent(http: httpx.AsyncClient, base: str, part: Part) -> dict[str, Any]:
    headers = {str(name).lower(): str(value) for name, value in (part.get("headers") or {}).items()}
    body = part.get("body")
    if body is not None and "content-type" not in headers:
        return _answer(part, 400, _NO_CONTENT_TYPE)
    content = dumped(body) if body is not None else None
    answer = await http.request(part["method"], base + part["url"], headers=headers, content=content)
    shown = {name: answer.headers[name] for name in ("Content-Type", "Retry-After") if name in answer.headers}
    return _answer(part, answer.status_code, answer.json() if answer.content else None, shown)


def _answer(part: Part, status: int, body: Any, headers: Mapping[str, str] | None = None) -> dict[str, Any]:
    shown = headers or {"Content-Type": "application/json"}
    return {"id": part["id"], "status": status, "headers": dict(shown), "body": body}
