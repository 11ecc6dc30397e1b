"""One page of a list: filter, order, size and the continuation.

The continuation is the last row's key, as in the document store behind the service, so a page never shifts
when rows move; the token is opaque and holds `+ / =` to catch clients that do not encode it. Filters and
orders that an index serves cost what the page costs; others walk all incidents once.
"""

import base64
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import Any, Final

from connector.mocks.sentinel import filters, vocabulary
from connector.mocks.sentinel.errors import bad_request
from connector.mocks.sentinel.filters import Compare, FieldType, HasLabel, Test
from connector.mocks.sentinel.index import Key, OrderedIndex
from connector.mocks.sentinel.records import StoredIncident
from connector.mocks.sentinel.settings import SentinelSettings
from connector.mocks.sentinel.store import IncidentStore

_CREATED: Final = "properties/createdTimeUtc"
_MODIFIED: Final = "properties/lastModifiedTimeUtc"
_NUMBER: Final = "properties/incidentNumber"
_PROVIDER_ID: Final = "properties/providerIncidentId"

_FIELDS: Final[Mapping[str, FieldType]] = {
    _CREATED: "time",
    _MODIFIED: "time",
    _NUMBER: "number",
    "properties/status": "text",
    "properties/severity": "text",
    "properties/title": "text",
    "properties/labels": "text",
}
_PROVIDER_FIELDS: Final[Mapping[str, FieldType]] = {_PROVIDER_ID: "text", "properties/providerName": "text"}
_ORDERS: Final = frozenset(_FIELDS) - {"properties/labels"}


@dataclass(frozen=True)
class ListQuery:
    """A list request, checked: `after` is the key of the last row already sent."""

    test: Test | None
    order: str
    descending: bool
    top: int
    after: Key | None


@dataclass(frozen=True)
class Page:
    """Rows of one page and the token of the next, if there is one."""

    rows: list[StoredIncident]
    token: str | None


def parse_query(options: Mapping[str, str], settings: SentinelSettings) -> ListQuery:
    """Return the query of lower-case option names; raise `ArmError` 400 for what is not supported."""
    fields = {**_FIELDS, **(_PROVIDER_FIELDS if settings.filter_provider_id else {})}
    text, token = options.get("$filter"), options.get("$skiptoken")
    order, descending = parse_order(options.get("$orderby"), _ORDERS, default=(_CREATED, True))
    return ListQuery(
        test=filters.parse(text, fields) if text else None,
        order=order,
        descending=descending,
        top=parse_top(options.get("$top"), settings),
        after=_key(token, order) if token else None,
    )


def page_of(store: IncidentStore, query: ListQuery) -> Page:
    """Return the rows of one page, in order, and where the next begins."""
    test = query.test
    matching = (one for one in _candidates(store, query) if test is None or test.holds(_row(one)))
    rows = list(islice(matching, query.top + 1))
    if len(rows) <= query.top:
        return Page(rows, None)
    rows.pop()
    return Page(rows, make_token((_order_value(rows[-1], query.order), rows[-1].number)))


def parse_top(text: str | None, settings: SentinelSettings) -> int:
    """Return the page size; raise `ArmError` 400 outside 1 to 1000."""
    if text is None:
        return settings.default_page_size
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= vocabulary.TOP_LIMIT:
        raise bad_request(f"$top must be a number between 1 and {vocabulary.TOP_LIMIT}.")
    return int(text)


def parse_order(text: str | None, known: frozenset[str], default: tuple[str, bool]) -> tuple[str, bool]:
    """Return the field and whether it descends; raise `ArmError` 400 for another form."""
    if not text:
        return default
    field, *direction = text.split()
    if field not in known or direction not in ([], ["asc"], ["desc"]):
        raise bad_request(f"$orderby '{text}' is not supported.")
    return field, direction == ["desc"]


def make_token(key: Key) -> str:
    """Return an opaque token for a key."""
    value = key[0].isoformat() if isinstance(key[0], datetime) else key[0]
    return f"+{base64.b64encode(json.dumps([value, key[1]]).encode()).decode()}/=="


def read_token(token: str) -> tuple[Any, int]:
    """Return what `make_token` was given, times as text; raise `ArmError` 400 for a foreign token."""
    try:
        value, number = json.loads(base64.b64decode(token.removeprefix("+").removesuffix("/==")))
        return value, int(number)
    except (ValueError, TypeError):
        raise bad_request("$skipToken is not valid.") from None


def _key(token: str, order: str) -> Key:
    value, number = read_token(token)
    try:
        if _FIELDS[order] == "time":
            return datetime.fromisoformat(value).astimezone(UTC), number
    except (TypeError, ValueError):
        raise bad_request("$skipToken does not belong to this $orderby.") from None
    return value, number


def _candidates(store: IncidentStore, query: ListQuery) -> Iterator[StoredIncident]:
    tests = filters.conjuncts(query.test)
    numbers = _equal_numbers(store, tests)
    index = _index(store, query.order)
    if numbers is None and index is not None:
        lowest, highest = _bounds(tests, query.order)
        walk = index.walk(lowest=lowest, highest=highest, after=query.after, descending=query.descending)
        return map(store.numbered, walk)
    if numbers is None:
        numbers = _bounded_numbers(store, tests)
    return _sorted(map(store.numbered, numbers), query)


def _sorted(rows: Iterable[StoredIncident], query: ListQuery) -> Iterator[StoredIncident]:
    keyed = [((_order_value(one, query.order), one.number), one) for one in rows]
    keyed.sort(key=lambda pair: pair[0], reverse=query.descending)
    after = query.after
    if after is None:
        return (one for _, one in keyed)
    if query.descending:
        return (one for key, one in keyed if key < after)
    return (one for key, one in keyed if key > after)


def _equal_numbers(store: IncidentStore, tests: list[Test]) -> Iterable[int] | None:
    for test in tests:
        if isinstance(test, HasLabel):
            return store.index.equal(("label", test.name))
        if isinstance(test, Compare) and (test.field, test.operator) == (_PROVIDER_ID, "eq"):
            return store.index.equal(("providerIncidentId", test.value))
    return None


def _bounded_numbers(store: IncidentStore, tests: list[Test]) -> Iterable[int]:
    for field in (_MODIFIED, _CREATED, _NUMBER):
        lowest, highest = _bounds(tests, field)
        index = _index(store, field)
        if index is not None and (lowest is not None or highest is not None):
            return index.walk(lowest=lowest, highest=highest)
    return store.index.numbers.walk()


def _bounds(tests: list[Test], field: str) -> tuple[Any, Any]:
    about = [test for test in tests if isinstance(test, Compare) and test.field == field]
    lows = [test.value for test in about if test.operator in {"eq", "ge", "gt"}]
    highs = [test.value for test in about if test.operator in {"eq", "le", "lt"}]
    return max(lows, default=None), min(highs, default=None)


def _index(store: IncidentStore, field: str) -> OrderedIndex | None:
    indexes = {_CREATED: store.index.created, _MODIFIED: store.index.modified, _NUMBER: store.index.numbers}
    return indexes.get(field)


def _row(incident: StoredIncident) -> filters.Row:
    return lambda field: _value(incident, field)


def _order_value(incident: StoredIncident, field: str) -> Any:
    value = _value(incident, field)
    return "" if value is None else value


def _value(incident: StoredIncident, field: str) -> Any:
    if field == _CREATED:
        return incident.created
    if field == _MODIFIED:
        return incident.modified
    if field == _NUMBER:
        return incident.number
    if field == "properties/labels":
        return incident.label_names()
    return incident.properties[field.removeprefix("properties/")]
