"""The requests we make of the Sentinel API, one method each, and the ids of those made.

A `Calls` lives for one delivery or one listing, so that the ids it collects are exactly the requests of that
delivery: they are what a support case needs. It holds no other state.

Source: learn.microsoft.com, "Incidents", "Incident Comments", "Incident Tasks" (Microsoft.SecurityInsights).
"""

import re
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field
from uuid import UUID

from connector.errors import AuthError, RejectedError, TransientError
from connector.http import Answer, Peer
from connector.model import JSON
from connector.targets.sentinel.incident import Held, from_answer

# The same status tells that an incident is not there and that its workspace is not; the latter is about no record.
_WORKSPACE_GONE = re.compile(r"Microsoft\.OperationalInsights/workspaces/[^/']+'", re.IGNORECASE)
_PLACE_REMEDY = "check subscription_id, resource_group, workspace, api_version and find_by"


@dataclass(frozen=True, slots=True)
class Place:
    """Where the incidents are: the peer, the workspace's path, and the API version asked for."""

    peer: Peer
    path: str
    api_version: str

    @property
    def params(self) -> dict[str, str | int]:
        """The query that every request needs."""
        return {"api-version": self.api_version}


@dataclass(frozen=True, slots=True)
class Calls:
    """Requests to one workspace; `ids` are the far side's ids of those answered so far."""

    place: Place
    ids: list[str] = field(default_factory=list)

    async def read(self, name: str) -> Held:
        """The incident of that name. Raises RejectedError `not_found` when there is none."""
        return _named(name, from_answer(await self._request("GET", f"/{name}", "read an incident")))

    async def find(self, name: str) -> Held | None:
        """The incident of that name, or None."""
        try:
            return await self.read(name)
        except RejectedError as error:
            if error.signature != "not_found":
                raise
            return None

    async def put(self, name: str, body: JSON) -> Held:
        """Write an incident whole.

        Raises ConflictError when the etag in the body is out of date. Notes never travel with an incident, so
        a refusal is about the record.
        """
        try:
            answer = await self._answer("PUT", f"/{name}", "write an incident", body)
            return _named(name, from_answer(answer.data, created=answer.status == 201))
        except RejectedError as error:
            error.part = "record"
            raise

    async def comment(self, name: str, comment: UUID, message: str) -> None:
        """Write a comment under an id of our choice; the same id again replaces the same comment."""
        body = {"properties": {"message": message}}
        await self._request("PUT", f"/{name}/comments/{comment}", "write a comment", body)

    async def has_task(self, name: str, task: UUID) -> bool:
        """Whether the incident has a task of that id."""
        try:
            await self._request("GET", f"/{name}/tasks/{task}", "read a task")
        except RejectedError as error:
            if error.signature != "not_found":
                raise
            return False
        return True

    async def ask(self, name: str, task: UUID, title: str, text: str) -> None:
        """Write a task that is to be done, under an id of our choice; done ones of that id would be so no more."""
        properties = {"title": title, "status": "New", **({"description": text} if text else {})}
        await self._request("PUT", f"/{name}/tasks/{task}", "write a task", {"properties": properties})

    async def pages(
        self, *, top: int, filter_by: str = "", most: int = 50
    ) -> AsyncGenerator[list[dict[str, JSON]], None]:
        """Pages of incidents, newest first, at most `most` of them; ends early when the caller stops.

        Raises AuthError where the list itself is refused: that is about the place, not about a record.
        """
        params = {**self.place.params, "$orderby": "properties/createdTimeUtc desc", "$top": top}
        if filter_by:
            params["$filter"] = filter_by
        url, seen = self.place.path, set[str]()
        while url and url not in seen and len(seen) < most:
            seen.add(url)
            answer = await self._list(url, params)
            url, params = _next(answer.data), {}
            yield _rows(answer.data)

    async def _list(self, url: str, params: Mapping[str, str | int]) -> Answer:
        try:
            answer = await self.place.peer.request("GET", url, operation="list incidents", params=params)
        except RejectedError as error:
            raise AuthError(error.message, remedy=error.remedy or _PLACE_REMEDY) from error
        self.ids.append(answer.request_id)
        return answer

    async def _request(self, method: str, path: str, operation: str, body: JSON = None) -> JSON:
        return (await self._answer(method, path, operation, body)).data

    async def _answer(self, method: str, path: str, operation: str, body: JSON) -> Answer:
        place = self.place
        try:
            answer = await place.peer.request(
                method, place.path + path, operation=operation, params=place.params, json=body
            )
        except RejectedError as error:
            if error.signature == "not_found" and _WORKSPACE_GONE.search(error.message):
                raise AuthError(error.message, remedy=_PLACE_REMEDY) from error
            raise
        self.ids.append(answer.request_id)
        return answer


def _named(name: str, held: Held) -> Held:
    """The incident, if it is the one of that name; an answer about another one must not become our link."""
    if held.name.casefold() != name.casefold():
        raise RejectedError(
            f"asked for Sentinel incident {name}, the answer is about {held.name}",
            part="record",
            signature="another_record",
        )
    return held


def _rows(body: JSON) -> list[dict[str, JSON]]:
    rows = body.get("value") if isinstance(body, Mapping) else None
    if not isinstance(rows, list):
        raise TransientError("Azure Resource Manager answered with a body that is no list of incidents")
    return [row for row in rows if isinstance(row, dict)]


def _next(body: JSON) -> str:
    if not isinstance(body, Mapping):
        return ""
    # The service has been seen to write raw spaces into the filter of its own links.
    return str(body.get("nextLink") or "").replace(" ", "%20")
