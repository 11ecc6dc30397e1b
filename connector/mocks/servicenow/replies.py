"""What comes in and what goes out: one request, one answer, and the error envelope.

Plain values instead of Starlette's classes, because a batch runs many inner requests through the same code.
Source of the envelope and statuses: ServiceNow docs, pages "REST API" and "REST API HTTP response codes".
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl

_JSON = "application/json;charset=UTF-8"
_HTML = "text/html;charset=UTF-8"


class RefusedError(ValueError):
    """The instance refuses; `status` is the HTTP status, `message` and `detail` the texts of the envelope."""

    def __init__(self, status: int, message: str, detail: str | None = None) -> None:
        super().__init__(f"{message}: {detail}" if detail else message)
        self.status = status
        self.message = message
        self.detail = detail


class NoRowError(RefusedError):
    """The row does not exist, or the account may not see it: the instance does not say which."""

    def __init__(self) -> None:
        super().__init__(404, "No Record found", "Record doesn't exist or ACL restricts the record retrieval")


@dataclass(frozen=True)
class Call:
    """One request: `headers` by lower-case name, `origin` is scheme and authority, `query` still encoded."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes
    origin: str
    in_batch: bool = False

    @cached_property
    def params(self) -> dict[str, str]:
        """The query parameters; of a repeated one the last."""
        return dict(parse_qsl(self.query, keep_blank_values=True))

    def flag(self, name: str) -> bool:
        """Tell whether a parameter says `true`."""
        return self.params.get(name, "") == "true"

    def number(self, name: str, default: int) -> int:
        """Return a non-negative parameter; raise RefusedError when it is anything else."""
        text = self.params.get(name, "")
        if text and not text.isdecimal():
            raise RefusedError(400, "Invalid value for parameter", f"{name}: {text}")
        return int(text) if text else default


@dataclass(frozen=True)
class Reply:
    """One answer."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


def encoded(value: Any) -> bytes:
    """Return JSON bytes; a lone surrogate becomes `?`, as it does in the instance's own encoder."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def json_reply(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Reply:
    """Wrap a value as an answer."""
    return Reply(status, encoded(value), {"content-type": _JSON, **(headers or {})})


def error_reply(error: RefusedError, headers: Mapping[str, str] | None = None) -> Reply:
    """Wrap a refusal in the instance's envelope."""
    envelope = {"error": {"message": error.message, "detail": error.detail}, "status": "failure"}
    return json_reply(envelope, error.status, headers)


def html_reply(status: int, title: str, text: str) -> Reply:
    """Wrap a page made for people, which is what gateways and sleeping instances send."""
    page = f"<html><head><title>{title}</title></head><body>{text}</body></html>"
    return Reply(status, page.encode(), {"content-type": _HTML})
