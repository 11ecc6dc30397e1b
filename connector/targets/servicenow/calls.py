"""The requests we make of the Table API, one method each, and the ids of those made.

A `Calls` lives for one delivery or one look-up. Every list is checked by its caller: a condition the instance
does not understand is ignored, so a filter may return any rows. Source: ServiceNow docs, "Table API".
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from connector.errors import RejectedError
from connector.http import Answer, Peer
from connector.model import JSON
from connector.targets.servicenow.row import Row, from_answer, rows_from

_JOURNAL = "sys_journal_field"
_MARKED = "mdxdr:"  # stands in every note of ours
_MOST_ENTRIES = 1000


@dataclass(frozen=True, slots=True)
class Calls:
    """Requests to one instance; `ids` are the far side's ids of those answered so far."""

    peer: Peer
    table: str
    ids: list[str] = field(default_factory=list)

    async def rows(self, query: str, fields: Iterable[str], *, limit: int, table: str = "") -> list[Row]:
        """The rows of an encoded query, at most `limit`."""
        params = {
            "sysparm_query": query,
            "sysparm_limit": limit,
            "sysparm_no_count": "true",
            **_shape(fields),
        }
        answer = await self._request("GET", f"/{table or self.table}", f"list {table or self.table}", params)
        return rows_from(answer.data)

    async def entries(self, sys_id: str, note_field: str) -> tuple[list[str], bool]:
        """The texts of our notes in a record's journal, and whether they are all that there are.

        Entries that the account may not read are left out in silence, but the count has them.
        """
        query = f"element_id={sys_id}^element={note_field}^valueLIKE{_MARKED}^ORDERBYDESCsys_created_on"
        params = {"sysparm_query": query, "sysparm_limit": _MOST_ENTRIES, **_shape(("sys_id", "value"))}
        answer = await self._request("GET", f"/{_JOURNAL}", f"list {_JOURNAL}", params)
        texts = [row.text("value") for row in rows_from(answer.data)]
        counted = answer.headers.get("x-total-count", "")
        return texts, all(texts) and (not counted.isdigit() or int(counted) <= len(texts))

    async def read(self, sys_id: str, fields: Iterable[str]) -> Row:
        """One record. Raises RejectedError `not_found` when it is not there or hidden from us."""
        answer = await self._request("GET", f"/{self.table}/{sys_id}", f"read {self.table}", _shape(fields))
        return _identified(sys_id, from_answer(answer.data))

    async def find(self, sys_id: str, fields: Iterable[str]) -> Row | None:
        """One record, or None."""
        try:
            return await self.read(sys_id, fields)
        except RejectedError as error:
            if error.signature != "not_found":
                raise
            return None

    async def insert(self, values: Mapping[str, str], fields: Iterable[str]) -> Row:
        """Create a record and return what the instance made of it."""
        operation = f"create in {self.table}"
        answer = await self._request("POST", f"/{self.table}", operation, _shape(fields), values)
        return from_answer(answer.data)

    async def update(self, sys_id: str, values: Mapping[str, str], fields: Iterable[str]) -> Row:
        """Change the fields named and return what the instance made of them."""
        path, operation = f"/{self.table}/{sys_id}", f"update {self.table}"
        answer = await self._request("PATCH", path, operation, _shape(fields), values)
        return _identified(sys_id, from_answer(answer.data))

    async def first_page(self) -> Answer:
        """The answer to a list of some rows, with the count of all.

        Some and not one: rows are hidden after the limit was applied, so a single one may be hidden by chance.
        """
        params = {"sysparm_limit": 100, **_shape(("sys_id",))}
        return await self._request("GET", f"/{self.table}", f"list {self.table}", params)

    async def _request(
        self,
        method: str,
        path: str,
        operation: str,
        params: Mapping[str, str | int],
        values: JSON = None,
    ) -> Answer:
        answer = await self.peer.request(
            method, f"/api/now/table{path}", operation=operation, params=params, json=values
        )
        self.ids.append(answer.request_id)
        return answer


def hidden(answer: Answer) -> int:
    """How many records a first page leaves out though it shows none: without a role a list is empty and no error.

    The count ignores access rules.
    """
    rows = answer.data.get("result") if isinstance(answer.data, Mapping) else None
    count = answer.headers.get("x-total-count", "")
    return int(count) if not rows and count.isdecimal() else 0


def _identified(sys_id: str, row: Row) -> Row:
    """The row, if it is the one of that sys_id; an answer about another one must not become our link."""
    if row.sys_id.casefold() != sys_id.casefold():
        raise RejectedError(
            f"asked for record {sys_id}, the answer is about {row.number or row.sys_id}",
            part="record",
            signature="another_record",
        )
    return row


def _shape(fields: Iterable[str]) -> dict[str, str | int]:
    names = ",".join(dict.fromkeys(fields))
    return {"sysparm_fields": names, "sysparm_exclude_reference_link": "true"}
