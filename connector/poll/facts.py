"""The records that mappings may look at besides the incident: what this route and the source's others keep."""

from collections.abc import Iterator, Mapping, Sequence

from connector.model import Facts, Incident, IncidentKey, RecordFacts, link_name
from connector.poll.route import Route
from connector.store import Tx, awaits, links

_Records = Mapping[tuple[str, IncidentKey], RecordFacts]


def known_facts(
    tx: Tx, route: Route, routes: Sequence[Route], incidents: Sequence[Incident]
) -> dict[IncidentKey, Facts]:
    """What the route's mapping may look at, by incident; nothing for a mapping that looks at no record.

    `routes` are all routes of the source. An incident that was merged into another one is remembered to depend on it.
    """
    if not route.reads_records:
        return {}
    awaits.put(tx, route.name, _awaited(route, incidents))
    return facts_now(tx, route, routes, incidents)


def facts_now(
    tx: Tx, route: Route, routes: Sequence[Route], incidents: Sequence[Incident]
) -> dict[IncidentKey, Facts]:
    """The same, only read: nothing is remembered."""
    if not route.reads_records:
        return {}
    merged = _awaited(route, incidents)
    keys = {*(incident.key for incident in incidents), *merged.values()}
    records = links.records(tx, {each.name: each.target for each in routes}, sorted(keys))
    others = [each for each in routes if each.name != route.name]
    return {
        key: Facts(
            record=records.get((route.name, key)),
            links=_named(others, key, records),
            merged=records.get((route.name, merged[key])) if key in merged else None,
        )
        for key in (incident.key for incident in incidents)
    }


def _awaited(route: Route, incidents: Sequence[Incident]) -> dict[IncidentKey, IncidentKey]:
    return dict(_merged(incidents)) if "mergedInto" in route.reads_records else {}


def _merged(incidents: Sequence[Incident]) -> Iterator[tuple[IncidentKey, IncidentKey]]:
    """Which incident each of them was merged into, if it was."""
    for incident in incidents:
        into = incident.snapshot.get("redirectIncidentId")
        if into:
            yield incident.key, IncidentKey(incident.key.tenant, str(into))


def _named(routes: Sequence[Route], key: IncidentKey, records: _Records) -> dict[str, RecordFacts]:
    """The incident's records by the name of the route, of its target, and of the target's type.

    A route's name wins over a target's and that over a type's; of two of one kind the first configured wins.
    """
    there = [route for route in reversed(routes) if (route.name, key) in records]
    names = (
        *((route.catalogue.target, route) for route in there),
        *((route.target, route) for route in there),
        *((route.name, route) for route in there),
    )
    return {link_name(name): records[route.name, key] for name, route in names}
