"""Finding records: by key for incidents without a link, by sys_id where a look is needed before a write.

One request answers for a hundred deliveries; what it found is kept until `apply` takes it. The key of every
row is verified, because an instance ignores a condition it does not understand and then returns everything.

Source: ServiceNow docs, "Table API" (`sysparm_query`), "REST API" (`glide.invalid_query.returns_no_rows`).
"""

from collections.abc import Iterable, Sequence

from connector.errors import RejectedError
from connector.model import Delivery
from connector.targets.servicenow.calls import Calls
from connector.targets.servicenow.row import ALWAYS, KEY, Row
from connector.targets.servicenow.tags import touched
from connector.targets.servicenow.values import is_listable, is_queryable

_BATCH = 100


def check_queryable(key: str) -> None:
    """Raise RejectedError for a key that cannot be looked up: it could match records of other incidents."""
    if not is_listable(key):
        raise RejectedError(
            "the incident's key holds characters that cannot be looked up",
            part="record",
            signature="unsafe_key",
            alone=True,
        )


class Records:
    """What was looked up for a batch of deliveries and not yet taken."""

    def __init__(self, token_field: str) -> None:
        """`token_field` is read besides the fields every look-up reads."""
        self._token_field = token_field
        self._fields = (*ALWAYS, token_field)
        self._by_key: dict[str, list[Row]] = {}
        self._by_id: dict[str, Row] = {}

    def fields(self, more: Iterable[str] = ()) -> tuple[str, ...]:
        """The names of the fields that an answer must have."""
        return (*self._fields, *more)

    async def look_up(self, calls: Calls, deliveries: Sequence[Delivery]) -> None:
        """Look for the records of deliveries without a link."""
        wanted = [delivery for delivery in deliveries if is_listable(delivery.target_key)]
        for start in range(0, len(wanted), _BATCH):
            batch = wanted[start : start + _BATCH]
            names = {name for delivery in batch for name in touched(delivery.record)}
            self._by_key |= await self._with_keys(calls, [one.target_key for one in batch], names)

    async def read_ahead(self, calls: Calls, deliveries: Sequence[Delivery]) -> None:
        """Read the records of linked deliveries that need a look."""
        self._by_id |= await self.held(calls, deliveries)

    async def held(self, calls: Calls, deliveries: Sequence[Delivery]) -> dict[str, Row]:
        """The records of linked deliveries as they are now, by sys_id; those that are not there are missing."""
        found: dict[str, Row] = {}
        for start in range(0, len(deliveries), _BATCH):
            batch = deliveries[start : start + _BATCH]
            ids = [one.link.external_id for one in batch if one.link and is_listable(one.link.external_id)]
            if not ids:
                continue
            names = {name for delivery in batch for name in touched(delivery.record)}
            rows = await calls.rows(f"sys_idIN{','.join(ids)}", self.fields(names), limit=len(ids))
            found |= {row.sys_id: row for row in rows if row.sys_id in ids}
        return found

    async def of(self, calls: Calls, delivery: Delivery) -> Row | None:
        """The record that has the delivery's key, if any. Raises RejectedError when there are two."""
        key = delivery.target_key
        rows = self._by_key.pop(key, None)
        if rows is None:
            rows = (await self._with_keys(calls, [key], touched(delivery.record)))[key]
        if len(rows) > 1:
            raise _ambiguous(key, rows)
        return rows[0] if rows else None

    async def with_token(self, calls: Calls, delivery: Delivery, but: str = "") -> Row | None:
        """The record that a lost creation left, where the instance did not keep the key it was given.

        It is not the one with the sys_id `but`.
        """
        if not is_queryable(delivery.token):
            return None
        query = f"{self._token_field}={delivery.token}"
        rows = await calls.rows(query, self.fields(touched(delivery.record)), limit=2)
        found = (row for row in rows if row.has(self._token_field, delivery.token) and row.sys_id != but)
        return next(found, None)

    async def linked(self, calls: Calls, sys_id: str, names: Iterable[str]) -> Row:
        """The record of a link. Raises RejectedError `not_found` when it is gone or hidden."""
        row = self._by_id.pop(sys_id, None)
        return row or await calls.read(sys_id, self.fields(names))

    async def _with_keys(
        self, calls: Calls, keys: Sequence[str], names: Iterable[str]
    ) -> dict[str, list[Row]]:
        limit = 2 * len(keys)
        condition = f"{KEY}IN{','.join(keys)}" if len(keys) > 1 else f"{KEY}={keys[0]}"
        rows = await calls.rows(f"{condition}^ORDERBYsys_created_on", self.fields(names), limit=limit)
        found: dict[str, list[Row]] = {key: [] for key in keys}
        for row in rows:
            if row.key not in found:
                raise _ignored_filter(row)
            found[row.key].append(row)
        if len(rows) < limit or len(keys) == 1:
            return found
        # As many rows as we allowed: some keys have several, and rows of others may be missing.
        for key in keys:
            found |= await self._with_keys(calls, [key], names)
        return found


def _ambiguous(key: str, rows: Sequence[Row]) -> RejectedError:
    numbers = " and ".join(row.number or row.sys_id for row in rows)
    return RejectedError(
        f"more than one record has the key {key}: {numbers}",
        part="record",
        signature="two_matches",
        remedy=f"empty {KEY} in all but one",
        alone=True,
    )


def _ignored_filter(row: Row) -> RejectedError:
    return RejectedError(
        f"a look-up by {KEY} returned record {row.number or row.sys_id}, which has another key",
        part="record",
        signature="ignored_filter",
        remedy=f"the condition was ignored; check that the table has {KEY} and the account reads it",
    )
