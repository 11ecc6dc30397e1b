"""What every mock stands on: a clock that can be moved, who may call, and the log of what was asked.

The clock belongs to the mocks: a test or a demonstration moves it without touching the machine's time.
The log keeps compact tuples and builds readable entries only when somebody reads it, because it sits on
every request.
"""

import json
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, NamedTuple

Kind = Literal["read", "write", "token"]


class Clock:
    """The mocks' time: the machine's time plus an offset, or a fixed moment that only `advance` moves."""

    def __init__(self, frozen_at: datetime | None = None) -> None:
        if frozen_at is not None and frozen_at.tzinfo is None:
            raise ValueError("frozen_at needs a time zone")
        self._frozen_at = frozen_at
        self._offset = timedelta()

    def now(self) -> datetime:
        """Return the current time, aware, in UTC."""
        base = self._frozen_at if self._frozen_at is not None else datetime.now(UTC)
        return (base + self._offset).astimezone(UTC)

    def advance(self, by: timedelta) -> None:
        """Move the clock forwards; raise ValueError when `by` is negative."""
        if by < timedelta():
            raise ValueError("the clock only moves forwards")
        self._offset += by


@dataclass(frozen=True)
class Grant:
    """A caller that was recognised: `user` is the name written into records the caller changes."""

    app_name: str
    object_id: str
    roles: frozenset[str]
    user: str


@dataclass(frozen=True)
class Refusal:
    """A caller that was not let in: 401 for no usable token, 403 for a token without the right."""

    status: int
    reason: str


Authorize = Callable[[str | None], Grant | Refusal]


@dataclass(frozen=True)
class Exchange:
    """One request and what became of it; `status` is None when the connection was cut before an answer."""

    seq: int
    at: datetime
    mock: str
    method: str
    path: str
    query: str
    status: int | None
    request_body: Any
    response_body: Any | None
    client_request_id: str | None
    fault: str | None
    kind: Kind

    def as_json(self) -> dict[str, Any]:
        """Return the entry in the form the control API serves."""
        return {
            "seq": self.seq,
            "at": self.at.isoformat(),
            "mock": self.mock,
            "method": self.method,
            "path": self.path,
            "query": self.query,
            "status": self.status,
            "kind": self.kind,
            "fault": self.fault,
            "client_request_id": self.client_request_id,
            "request": self.request_body,
            "response": self.response_body,
        }


class Heard(NamedTuple):
    """An exchange as the log stores it, without its bodies."""

    seq: int
    at: datetime
    mock: str
    method: str
    path: str
    query: str
    status: int | None
    client_request_id: str | None
    fault: str | None
    kind: Kind


class RequestLog:
    """The newest `capacity` exchanges; bodies are kept for the newest `body_budget` bytes only.

    A body larger than `body_limit` bytes is not kept. `counts` covers everything since the last `clear`,
    including exchanges that have fallen out of the ring.
    """

    def __init__(
        self, capacity: int = 200_000, body_limit: int = 65_536, body_budget: int = 64 * 1024 * 1024
    ) -> None:
        self.body_limit = body_limit
        self._budget = body_budget
        self._entries: deque[Heard] = deque(maxlen=capacity)
        self._bodies: dict[int, tuple[bytes, bytes | None]] = {}
        self._body_bytes = 0
        self._counts: dict[str, dict[str, int]] = {}
        self._seq = 0

    def record(self, heard: Heard, request: bytes, response: bytes | None) -> None:
        """Append one exchange; its `seq` is replaced by the next number."""
        self._seq += 1
        self._entries.append(heard._replace(seq=self._seq))
        per_mock = self._counts.setdefault(heard.mock, {})
        per_mock[heard.kind] = per_mock.get(heard.kind, 0) + 1
        if request or response:
            self._keep(self._seq, request, response)

    def entries(
        self, mock: str | None = None, since: int = 0, writes_only: bool = False
    ) -> Iterator[Exchange]:
        """Yield the exchanges with a `seq` above `since`, oldest first."""
        for heard in list(self._entries):
            wanted = heard.seq > since and (mock is None or heard.mock == mock)
            if wanted and (not writes_only or heard.kind == "write"):
                yield self._readable(heard)

    def counts(self) -> dict[str, dict[str, int]]:
        """Return how many reads, writes and token requests each mock has heard."""
        return {mock: dict(kinds) for mock, kinds in self._counts.items()}

    def clear(self) -> None:
        """Forget entries and counts; sequence numbers go on."""
        self._entries.clear()
        self._bodies.clear()
        self._counts.clear()
        self._body_bytes = 0

    def _keep(self, seq: int, request: bytes, response: bytes | None) -> None:
        self._bodies[seq] = (request, response)
        self._body_bytes += len(request) + len(response or b"")
        while self._body_bytes > self._budget:
            oldest = next(iter(self._bodies))
            old_request, old_response = self._bodies.pop(oldest)
            self._body_bytes -= len(old_request) + len(old_response or b"")

    def _readable(self, heard: Heard) -> Exchange:
        request, response = self._bodies.get(heard.seq, (b"", None))
        return Exchange(
            request_body=_decoded(request), response_body=_decoded(response or b""), **heard._asdict()
        )


def _decoded(body: bytes) -> Any:
    if not body:
        return None
    text = body.decode("utf-8", "replace")
    try:
        return json.loads(text)
    except ValueError:
        return text
