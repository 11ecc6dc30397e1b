"""What is different between a plan and the one that would be made now. Pure.

An incident that the plan does not have is no difference as long as it comes from the source alone: nothing of it is
written, and the next pass takes it up.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from connector.forecast.plan import Item, Plan

_Place = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Moved:
    """A difference: which side moved (`source`, `target`, `mapping`, `state`), what of it, and how."""

    side: str
    route: str
    what: str
    tenant: str = ""
    incident: str = ""

    def __str__(self) -> str:
        about = f"incident {self.incident} on {self.route}" if self.incident else self.route
        return f"{about}: {self.side}: {self.what}"


def moved(planned: Plan, now: Plan) -> list[Moved]:
    """Every difference that matters; none when the same would be written for the same reasons."""
    return [*_config(planned, now), *_items(planned, now)]


def _config(planned: Plan, now: Plan) -> Iterator[Moved]:
    for route, mapping in planned.mappings.items():
        if now.mappings.get(route) != mapping:
            what = "changed" if route in now.mappings else "the route is not configured any more"
            yield Moved("mapping", route, what)
    for route in now.mappings.keys() - planned.mappings.keys():
        yield Moved("mapping", route, "the route is new")
    for target, far_side in planned.targets.items():
        if now.targets.get(target) != far_side:
            yield Moved(
                "target", target, f"led to {far_side}, and leads to {now.targets.get(target, 'nothing')}"
            )


def _items(planned: Plan, now: Plan) -> Iterator[Moved]:
    before, after = _by_place(planned), _by_place(now)
    for place, item in before.items():
        if item.carried and (item.writes or (place in after and after[place].writes)):
            yield from _differences(item, after.get(place))
    for place, item in after.items():
        if item.writes and item.waiting and not (place in before and before[place].carried):
            yield _about(item, "state", "it is due, and the plan does not write it")


def _by_place(plan: Plan) -> Mapping[_Place, Item]:
    return {(item.route, item.tenant, item.incident): item for item in plan.items}


def _differences(was: Item, is_: Item | None) -> Iterator[Moved]:
    if is_ is None:
        yield _about(was, "state", "nothing is left to write: it was delivered, discarded or overtaken")
        return
    found = list(_causes(was, is_))
    yield from found
    if not found and (was.writes, was.action) != (is_.writes, is_.action):
        yield _about(was, "state", f"{_would(was)}, and now {_would(is_)}")


def _causes(was: Item, is_: Item) -> Iterator[Moved]:
    if (was.revision, was.content) != (is_.revision, is_.content):
        yield _about(was, "source", f"revision {was.revision}, now {is_.revision or 'unknown'}")
    if was.mapping != is_.mapping:
        yield _about(was, "mapping", "decided with another version")
    if was.version != is_.version:
        name = is_.number or was.number or "the record"
        yield _about(
            was, "target", f"{name} was {was.version or 'not there'}, now {is_.version or 'not there'}"
        )


def _would(item: Item) -> str:
    names = ", ".join(change.name for change in item.fields)
    what = f"{len(item.writes)} writes" + (f" ({names})" if names else "")
    return f"{what} ({item.problem})" if item.problem else what


def _about(item: Item, side: str, what: str) -> Moved:
    return Moved(side, item.route, what, item.tenant, item.incident)
