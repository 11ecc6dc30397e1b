"""The incident list: query options in, one page out.

Pages are offsets into the live order, as the service's own are: an incident that changes between two
page requests moves, and can be seen twice or not at all. Page: "List incidents" (learn.microsoft.com).
"""

import base64
import random
from bisect import bisect_left
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import islice

from connector.mocks.graph.errors import bad_request, server_error
from connector.mocks.graph.filter import Filter, Range, parse_filter
from connector.mocks.graph.settings import GraphSettings
from connector.mocks.graph.store import Entry, IncidentStore, Key
from connector.mocks.graph.words import PROPERTIES, TIMES

_OPTIONS = {"$filter", "$orderby", "$top", "$skip", "$skiptoken", "$count", "$expand", "$select"}


@dataclass(frozen=True)
class Query:
    """A list request: `start` is the offset from `$skip` or a skip token, `empty` asks for the empty page."""

    condition: Filter | None
    order: str
    descending: bool
    size: int
    start: int
    empty: bool
    linked: bool
    count: bool
    expand: bool
    selected: tuple[str, ...] | None


@dataclass(frozen=True)
class Page:
    """Entries of one page, the number of all matches if asked for, and the offset behind a next link."""

    entries: list[Entry]
    count: int | None
    next_start: int | None
    next_empty: bool


def read_query(params: Mapping[str, str], settings: GraphSettings) -> Query:
    """Return the parsed query options; raise a 400 GraphError for what is not supported."""
    unknown = sorted(name for name in params if name.startswith("$") and name not in _OPTIONS)
    if unknown:
        raise bad_request(f"Query option '{unknown[0]}' is not supported on incidents.")
    order, descending = _order(params.get("$orderby"))
    start, empty = _start(params, settings)
    text = params.get("$filter")
    return Query(
        condition=parse_filter(text) if text else None,
        order=order,
        descending=descending,
        size=_size(params.get("$top"), settings),
        start=start,
        empty=empty,
        linked="$skiptoken" in params,
        count=params.get("$count", "false").lower() == "true",
        expand=expanded(params),
        selected=selection(params),
    )


def read_page(store: IncidentStore, query: Query, settings: GraphSettings, chance: random.Random) -> Page:
    """Return the page; raise a 500 GraphError where the switches say that this read fails."""
    if query.linked and settings.failing_links:
        raise server_error()
    size = max(1, query.size // 2) if settings.short_pages else query.size
    found = [] if query.empty else _found(store, query, query.start, query.start + size + 1)
    more = query.empty or len(found) > size
    entries = found[:size]
    if query.expand:
        check_expansion(entries, settings)
    if settings.unsorted:
        chance.shuffle(entries)
    next_start = query.start if query.empty else query.start + size
    next_empty = settings.empty_pages and not query.empty
    return Page(entries, _count(store, query), next_start if more else None, next_empty)


def next_params(params: Mapping[str, str], page: Page, settings: GraphSettings) -> dict[str, str]:
    """Return the query options of the link to the page after this one."""
    kept = {name: value for name, value in params.items() if name not in ("$skip", "$skiptoken")}
    start = page.next_start or 0
    if settings.next_link == "skip" and not page.next_empty:
        return {**kept, "$skip": str(start)}
    token = f"{start}:{'e' if page.next_empty else 'p'}"
    return {**kept, "$skiptoken": base64.urlsafe_b64encode(token.encode()).decode().rstrip("=")}


def expanded(params: Mapping[str, str]) -> bool:
    """Return whether alerts are asked for; raise a 400 GraphError for any other expansion."""
    text = params.get("$expand")
    if text not in (None, "", "alerts"):
        raise bad_request(f"Expanding '{text}' is not supported on incidents.")
    return text == "alerts"


def selection(params: Mapping[str, str]) -> tuple[str, ...] | None:
    """Return the members named by `$select`; raise a 400 GraphError for an unknown one."""
    text = params.get("$select")
    if not text:
        return None
    names = tuple(name.strip() for name in text.split(","))
    for name in names:
        if name not in PROPERTIES:
            raise bad_request(f"Could not find a property named '{name}' on type 'incident'.")
    return names


def check_expansion(entries: Iterable[Entry], settings: GraphSettings) -> None:
    """Raise a 500 GraphError when showing the alerts of these entries is meant to fail."""
    total = 0
    for entry in entries:
        total += len(entry.alerts)
        if entry.incident["id"] in settings.poison_ids:
            raise server_error()
    if settings.max_expanded_alerts is not None and total > settings.max_expanded_alerts:
        raise server_error()


def _found(store: IncidentStore, query: Query, start: int, stop: int) -> list[Entry]:
    index = store.order(query.order)
    positions = _positions(index, query)
    condition = query.condition
    if condition is None or (condition.exact and set(condition.ranges) == {query.order}):
        return [store.by_number(index[position][1]) for position in positions[start:stop]]
    test = condition.test
    matching = (entry for position in positions if test(entry := store.by_number(index[position][1])))
    return list(islice(matching, start, stop))


def _positions(index: list[Key], query: Query) -> range:
    bounds = query.condition.ranges.get(query.order, Range()) if query.condition else Range()
    low = 0 if bounds.low is None else bisect_left(index, (bounds.low, -1))
    high = len(index) if bounds.high is None else bisect_left(index, (bounds.high, -1))
    positions = range(low, high)
    return positions[::-1] if query.descending else positions


def _count(store: IncidentStore, query: Query) -> int | None:
    return len(_found(store, query, 0, len(store))) if query.count else None


def _order(text: str | None) -> tuple[str, bool]:
    """Return the property and the direction; without `$orderby` the newest incidents come first."""
    if not text:
        return "createdDateTime", True
    name, _, direction = text.strip().partition(" ")
    if name not in TIMES or direction.strip().lower() not in ("", "asc", "desc"):
        raise bad_request(f"Ordering by '{text}' is not supported on incidents.")
    return name, direction.strip().lower() == "desc"


def _size(text: str | None, settings: GraphSettings) -> int:
    if text is None:
        return settings.page_size
    size = _whole_number("$top", text)
    if size > settings.max_top and settings.strict_top:
        raise bad_request(f"The limit of '{settings.max_top}' for $top has been exceeded.")
    return max(1, min(size, settings.max_top))


def _start(params: Mapping[str, str], settings: GraphSettings) -> tuple[int, bool]:
    if "$skiptoken" in params:
        return _from_token(params["$skiptoken"])
    skip = _whole_number("$skip", params.get("$skip", "0"))
    if skip > settings.max_skip:
        raise bad_request(f"The limit of '{settings.max_skip}' for $skip has been exceeded.")
    return skip, False


def _from_token(token: str) -> tuple[int, bool]:
    try:
        start, _, kind = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)).decode().partition(":")
        return int(start), kind == "e"
    except ValueError as error:
        raise bad_request("The skip token is not valid.") from error


def _whole_number(name: str, text: str) -> int:
    if not text.isascii() or not text.isdigit():
        raise bad_request(f"Invalid value '{text}' for {name}: a number that is not negative is needed.")
    return int(text)
