"""The requests that the Graph source makes, and what an answer to each must look like.

`Prefer: include-unknown-enum-members` goes with every one: without it the status `awaitingAction`, which
asks the customer to act, arrives as `unknownFutureValue`. Pages: "List incidents", "Get incident"
(learn.microsoft.com).
"""

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from connector.errors import RejectedError
from connector.http import Answer, BadAnswerError, Peer
from connector.model import JSON, Revision

_PREFER = {"Prefer": "include-unknown-enum-members"}
_ALERT_PAGES = 50
USUAL_ATTEMPTS = 3


class Detail(enum.Enum):
    """How much of each incident a list holds."""

    ALERTS = "alerts"
    PLAIN = "plain"
    NAMES = "names"


_IN_QUERY: Mapping[Detail, Mapping[str, str]] = {
    Detail.ALERTS: {"$expand": "alerts"},
    Detail.PLAIN: {},
    Detail.NAMES: {"$select": "id,lastUpdateDateTime"},
}


@dataclass(frozen=True, slots=True)
class Listing:
    """A page of the list: rows as they came, and the link to the next page, empty on the last."""

    rows: tuple[JSON, ...]
    link: str = ""


@dataclass(slots=True)
class Incidents:
    """The incident collection of one tenant. `expand`: alerts are wanted with each incident."""

    peer: Peer
    path: str
    expand: bool
    _requests: int = 0
    _request_ids: list[str] = field(default_factory=list)

    async def since(
        self, low: Revision, *, size: int, detail: Detail, attempts: int = USUAL_ATTEMPTS
    ) -> Listing:
        """The first `size` incidents updated at or after `low`, oldest first."""
        since = Revision.at(low.ticks)  # a time that came without its zone would be refused in a filter
        query: dict[str, str | int] = {
            "$filter": f"lastUpdateDateTime ge {since.raw}",
            "$orderby": "lastUpdateDateTime asc",
            "$top": size,
            **_IN_QUERY[detail],
        }
        return _listing(await self._get(self.path, "list incidents", query, attempts))

    async def behind(self, link: str) -> Listing:
        """The page that a next link leads to. Raises RejectedError for a link to another host."""
        return _listing(await self._get(link, "list incidents"))

    async def one(self, incident: str) -> dict[str, JSON] | None:
        """One incident, with its alerts if they are wanted: expanded, else by the list of its alerts.

        None if the service knows no such incident.
        """
        path = f"{self.path}/{incident}"
        try:
            whole = await self._one(path, f"read incident {incident}")
        except RejectedError as error:
            if error.signature == "not_found":
                return None
            raise
        if not self.expand or isinstance(whole.get("alerts"), list):
            return whole
        return {**whole, "alerts": await self._alerts(path, f"read the alerts of incident {incident}")}

    async def first(self) -> None:
        """Ask for one incident, to see whether we may."""
        _listing(await self._get(self.path, "list incidents", {"$top": 1}))

    def taken(self) -> tuple[int, tuple[str, ...]]:
        """The number of requests and their ids since the last call."""
        result = self._requests, tuple(self._request_ids)
        self._requests, self._request_ids = 0, []
        return result

    async def _one(self, path: str, operation: str) -> dict[str, JSON]:
        """The incident, without `$expand` where the service cannot or will not."""
        if self.expand:
            try:
                return _object(await self._get(path, operation, {"$expand": "alerts"}, attempts=1), operation)
            except BadAnswerError:
                pass
            except RejectedError as error:
                if error.signature == "not_found":
                    raise
        return _object(await self._get(path, operation), operation)

    async def _alerts(self, path: str, operation: str) -> list[JSON]:
        found: list[JSON] = []
        address = f"{path}/alerts"
        for _ in range(_ALERT_PAGES):
            listing = _listing(await self._get(address, operation))
            found.extend(listing.rows)
            if not listing.link:
                return found
            address = listing.link
        raise BadAnswerError(f"{operation}: no end after {_ALERT_PAGES} pages")

    async def _get(
        self,
        address: str,
        operation: str,
        query: Mapping[str, str | int] | None = None,
        attempts: int = USUAL_ATTEMPTS,
    ) -> Answer:
        self._requests += 1
        answer = await self.peer.request(
            "GET", address, params=query, headers=_PREFER, operation=operation, attempts=attempts
        )
        self._request_ids.append(answer.request_id)
        return answer


def _listing(answer: Answer) -> Listing:
    body: Any = answer.data
    rows = body.get("value") if isinstance(body, dict) else None
    if not isinstance(rows, list):
        raise BadAnswerError("list incidents: the answer holds no list", status=answer.status)
    link = body.get("@odata.nextLink")
    return Listing(tuple(rows), link if isinstance(link, str) else "")


def _object(answer: Answer, operation: str) -> dict[str, JSON]:
    if not isinstance(answer.data, dict):
        raise BadAnswerError(f"{operation}: the answer is not an object", status=answer.status)
    return answer.data
