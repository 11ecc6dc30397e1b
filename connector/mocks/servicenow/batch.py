"""The Batch API: several requests in one, answered one by one in their order; not atomic.

Bodies travel in base64. `batch_request_id` comes back as a string, and both result lists are always present.
Source: ServiceNow docs, page "Batch API".
"""

import base64
import binascii
import json
from collections.abc import Callable
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote, urlsplit

from connector.mocks.servicenow.replies import Call, RefusedError, Reply, json_reply
from connector.mocks.servicenow.settings import Settings

PATHS = frozenset({"/api/now/batch", "/api/now/v1/batch"})


def batch_reply(call: Call, answer: Callable[[Call], Reply], settings: Settings) -> Reply:
    """Run the items through `answer`; the outer status is 200 whatever becomes of them."""
    if call.method != "POST":
        raise RefusedError(405, "Method Not Allowed", f"{call.method} is not supported on this resource")
    try:
        body = json.loads(call.body)
        items = [_Item(item, call) for item in body["rest_requests"]]
        batch_id = str(body["batch_request_id"])
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise RefusedError(400, "Exception while reading request", "The batch cannot be read") from error
    unserviced = min(settings.unserviced_items, len(items))
    settings.unserviced_items -= unserviced
    served, left = items[: len(items) - unserviced], items[len(items) - unserviced :]
    result = {
        "batch_request_id": batch_id,
        "serviced_requests": [item.serviced(answer(item.call)) for item in served],
        "unserviced_requests": [item.id for item in left],
    }
    return json_reply(result)


class _Item:
    """One inner request."""

    def __init__(self, item: dict[str, Any], outer: Call) -> None:
        self.id = str(item["id"])
        self._with_headers = not item.get("exclude_response_headers", False)
        url = urlsplit(item["url"])
        headers = {header["name"].lower(): header["value"] for header in item.get("headers") or []}
        body = _decoded(item.get("body") or "")
        path = unquote(url.path)
        self.call = Call(item["method"].upper(), path, url.query, headers, body, outer.origin, in_batch=True)

    def serviced(self, reply: Reply) -> dict[str, Any]:
        """Wrap an inner answer; `execution_time` is in milliseconds and of no meaning here."""
        headers = [{"name": _titled(name), "value": value} for name, value in reply.headers.items()]
        return {
            "id": self.id,
            "body": base64.b64encode(reply.body).decode(),
            "status_code": reply.status,
            "status_text": HTTPStatus(reply.status).phrase,
            "headers": headers if self._with_headers else [],
            "execution_time": 1,
            "redirect_url": None,
            "error_message": None,
        }


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ValueError("a body is not base64") from error


def _titled(name: str) -> str:
    return "-".join(part.capitalize() for part in name.split("-"))
