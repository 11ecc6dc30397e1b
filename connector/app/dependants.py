"""Which routes' mappings look at the records of a route."""

from collections.abc import Iterable, Sequence

from connector.deliver import Dependants
from connector.poll import Poll, Route, decisions_of


def dependants_of(polls: Iterable[Poll], name: str) -> Dependants | None:
    """Who looks at the records of the route with this name; None if nobody does."""
    for poll in polls:
        found = next((route for route in poll.routes if route.name == name), None)
        if found is not None:
            return _among(poll.routes, found, decisions_of(poll.source.name))
    return None


def _among(routes: Sequence[Route], route: Route, lock: str) -> Dependants | None:
    looking = tuple(
        each.name
        for each in routes
        if ("record" if each.name == route.name else "links") in each.reads_records
    )
    merged = "mergedInto" in route.reads_records
    return Dependants(lock, looking, merged) if looking or merged else None
