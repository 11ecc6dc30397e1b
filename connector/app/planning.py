"""`plan`: what the next pass would write, found out by a connector on a copy of the state that writes nothing."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial

from connector.activation import activate
from connector.app.alike import Trouble, alike
from connector.app.build import App, Feed, Wrapping, build, offering, utc_now
from connector.app.offering import Offering
from connector.audit import iso
from connector.config import Config
from connector.config.load import Route
from connector.deliver import Brakes, Deliverer
from connector.errors import ConnectorError, StateError
from connector.forecast import FilteredSource, Plan, RehearsingTarget, Scratch, items_of
from connector.forecast.items import Place, to_look_at
from connector.forecast.pages import Content
from connector.forecast.rehearsing import Attempt
from connector.http import Runtime
from connector.model import IncidentKey, Seen, Target
from connector.store import Store, Tx, evaluations, holds, pauses, set_asides, snapshots, undelivered
from connector.store.undelivered import Picked, Undelivered
from connector.telemetry import null


@dataclass(frozen=True, slots=True)
class Scope:
    """What to plan: one route or all; with `rescan` everything since each source's start is decided on again.

    `past_brakes`: as if no brake held anything, since a person looks at the plan.
    """

    route: str | None = None
    rescan: bool = False
    past_brakes: bool = False

    def routes(self, config: Config) -> list[Route]:
        """The configured routes that are meant."""
        return [route for route in config.routes if self.route in (None, route.name)]


@dataclass(frozen=True, slots=True)
class Foreseen:
    """A plan, and what was read for it that leads to nothing."""

    plan: Plan
    idle: frozenset[Content]


async def plan(
    config: Config,
    scope: Scope,
    *,
    real: Store | None,
    now: Callable[[], datetime] = utc_now,
    runtime: Runtime | None = None,
) -> Plan:
    """What a pass would write that began now. `real` is the state, only read; None where there is none yet.

    Raises StateError when the state cannot be read. What else cannot be found out stands in the plan.
    """
    return (await foresee(config, scope, real=real, now=now, runtime=runtime)).plan


async def foresee(
    config: Config,
    scope: Scope,
    *,
    real: Store | None,
    now: Callable[[], datetime] = utc_now,
    runtime: Runtime | None = None,
) -> Foreseen:
    """The same as `plan`, with what leads to nothing."""
    targets: dict[str, RehearsingTarget] = {}

    def rehearsing(target: Target) -> Target:
        routes = {route.name for route in scope.routes(config) if route.target == target.name}
        targets[target.name] = RehearsingTarget(target, routes)
        return targets[target.name]

    scratch = await Scratch.open(real, now)
    wrapping = Wrapping(lambda source: FilteredSource(source, scratch.meet), rehearsing)
    runtime = replace(runtime or Runtime(now=now), rehearsal=True)
    async with build(
        config, null, now=now, store=scratch.store, runtime=runtime, wrapping=wrapping, watching=False
    ) as app:
        if real is not None:
            await _anticipate(app, offering(config, real, null, ""), scratch)
        return await _Rehearsal(app, config, scope, targets, scratch).foresee()


async def _anticipate(app: App, offered: Offering, scratch: Scratch) -> None:
    """Put into force in the copy what a pass would put into force: then everything of the route is mapped again."""
    for feed in app.feeds:
        await app.look(feed)
        for act, mapping in await offered.due(feed.poll.routes):
            if scratch.real is not None:
                await scratch.learn(await scratch.real.read(partial(evaluations.keys, route=act.route)))
            await app.store.write(partial(activate, act=act, mapping=mapping))


async def read(app: App, feeds: list[Feed], *, rescan: bool) -> list[str]:
    """Poll sources to their end, and map again what waits for it; why those failed that did."""
    failures = []
    for feed in feeds:
        try:
            await app.sweep(feed, rescan=rescan)
        except StateError:
            raise
        except ConnectorError as error:
            failures.append(f"source {feed.poll.source.name}: {error}")
        await feed.poll.remap()
    return failures


async def let_past(app: App, rows: list[int] | None) -> None:
    """Let rows leave whatever the brakes say of them: those with the ids given, or all; this app counts no more."""
    for deliverer in app.deliverers:
        deliverer.brakes = Brakes()

    def work(tx: Tx) -> None:
        holds.release(tx, [row.id for row in holds.every(tx) if rows is None or row.id in rows])

    await app.store.write(work)


def feeds_of(app: App, routes: list[Route]) -> list[Feed]:
    """The polls that feed some of the routes."""
    sources = {route.source for route in routes}
    return [feed for feed in app.feeds if feed.poll.source.name in sources]


@dataclass(slots=True)
class _Rehearsal:
    """A connector whose targets write nothing, and what could not be found out with it."""

    app: App
    config: Config
    scope: Scope
    targets: Mapping[str, RehearsingTarget]
    scratch: Scratch
    unknown: list[str] = field(default_factory=list)

    async def foresee(self) -> Foreseen:
        """Let everything happen that is due, and tell what it came to."""
        before = {(each.route, each.key) for each in await self._waiting()}
        feeds = feeds_of(self.app, self.scope.routes(self.config))
        self.unknown += await read(self.app, feeds, rescan=self.scope.rescan)
        idle = frozenset(await self.scratch.idle())
        return Foreseen(await self._plan(before), idle)

    async def _plan(self, before: Collection[Place]) -> Plan:
        routes = self.scope.routes(self.config)
        if self.scope.past_brakes:
            await let_past(self.app, None)
        meant = await self._waiting()
        await asyncio.gather(*map(self._deliver, self.app.deliverers))
        left = {(each.route, each.key): each for each in await self._waiting()}
        self.unknown += await self.app.store.read(lambda tx: list(_unanswered(tx, self.targets, left)))
        tried = self._tried()
        seen = await self._seen(tried)
        titles, asides = await self.app.store.read(lambda tx: (_titles(tx, meant), _set_aside(tx)))
        return Plan(
            made=iso(self.app.now()),
            route=self.scope.route,
            rescan=self.scope.rescan,
            past_brakes=self.scope.past_brakes,
            mappings={route.name: route.mapping.hash for route in routes},
            targets={each.name: each.far_side for each in self.config.settings.targets},
            items=tuple(items_of(meant, left, tried, seen, titles, before)),
            incomplete=tuple(self.unknown),
            set_aside=asides,
        )

    async def _waiting(self) -> list[Undelivered]:
        routes = [route.name for route in self.scope.routes(self.config)]
        return await self.app.store.read(lambda tx: undelivered.find(tx, Picked(routes=routes)))

    async def _deliver(self, deliverer: Deliverer) -> None:
        await deliverer.recover()
        await deliverer.drain(asyncio.Event())

    def _tried(self) -> dict[Place, list[Attempt]]:
        tried: defaultdict[Place, list[Attempt]] = defaultdict(list)
        for target in self.targets.values():
            for attempt in target.attempts:
                tried[attempt.delivery.route, attempt.delivery.key].append(attempt)
        return tried

    async def _seen(self, tried: Mapping[Place, list[Attempt]]) -> dict[Place, Seen | None]:
        """The records that would be written to, as they are now."""
        found: dict[Place, Seen | None] = {}
        looks = [look for attempts in tried.values() if (look := to_look_at(attempts)) is not None]
        for target in self.targets.values():
            mine = [look for look in looks if look.route in target.routes]
            try:
                held = await target.look(mine) if mine else []
            except ConnectorError as error:
                self.unknown.append(f"target {target.name}: {error}")
                continue
            found |= zip(((each.route, each.key) for each in mine), held, strict=True)
        return found


def _unanswered(tx: Tx, targets: Mapping[str, object], left: Mapping[Place, Undelivered]) -> Iterator[str]:
    """Why it is not known what some rows come to: their target could not be asked."""
    paused = [pause for name in targets if (pause := pauses.get(tx, name)) is not None]
    yield from (f"target {pause.target}: {pause.reason}" for pause in paused)
    known = {pause.target for pause in paused}
    failed = (
        Trouble(route, key.incident, each.row.last_error or "its target asks to wait")
        for (route, key), each in left.items()
        if each.row is not None
        and not (each.row.parked or each.row.held or each.row.waiting or each.row.target in known)
    )
    yield from map(str, alike(failed))


def _titles(tx: Tx, meant: list[Undelivered]) -> dict[IncidentKey, str]:
    stored = snapshots.latest(tx, [each.key for each in meant])
    return {key: str(each.body.get("displayName") or "") for key, each in stored.items()}


def _set_aside(tx: Tx) -> tuple[str, ...]:
    kept = set_asides.every(tx)
    return tuple(
        f"incident {each.set_aside.incident} of {each.source}: {each.set_aside.reason}" for each in kept
    )
