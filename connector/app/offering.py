"""What the mapping files hold, watched: what is new there is put into force, unless it is wrong or changes too much.

A look costs little as long as nothing moved: a file's time and size, then its text, and only then is it compiled. What
stands in the way of a file is written down and told once, and shown by `status` as long as it is so.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass, field
from functools import partial

from connector import activation
from connector.activation import Act, Extent, Rates, extent, rates, revision_of
from connector.config.load import Route as Configured
from connector.config.mappings import path_of, read_mapping
from connector.config.settings import BrakeSettings
from connector.errors import ConfigError
from connector.mapping import Bases, CompiledMapping
from connector.model import Event, EventKind, digest
from connector.poll import Route
from connector.store import Store, Tx, activations, offers
from connector.store.activations import Standing
from connector.store.offers import Refusal

Signature = tuple[tuple[int, int, int] | None, ...]
FILE_CHANGED = "file changed"


@dataclass(slots=True)
class Watched:
    """The mapping file of one route, with its bases, and what it held when it was last looked at."""

    route: Configured
    held: CompiledMapping | ConfigError
    seen: Signature | None = None

    @classmethod
    def of(cls, route: Configured, broken: Mapping[str, Sequence[object]]) -> "Watched":
        """A route as it was configured; a file that was wrong then is read again at the first look."""
        return cls(route, ConfigError([]) if route.name in broken else route.mapping)

    def look(self) -> CompiledMapping | ConfigError:
        """What the file holds now."""
        recipe = self.route.recipe
        if recipe is None:
            return self.held
        signature = self._signature()
        if isinstance(self.held, CompiledMapping) and (signature == self.seen or self._same(self.held)):
            self.seen = signature
            return self.held
        try:
            self.held = recipe.from_file(Bases(read_mapping))
            self.seen = None  # of the new bases nothing was asked before they were read
        except ConfigError as error:
            self.held = error
        return self.held

    @property
    def file(self) -> str:
        """The file's name."""
        return self.route.recipe.file if self.route.recipe else self.route.mapping.sources[0][0]

    def _signature(self) -> Signature:
        if not isinstance(self.held, CompiledMapping):
            return ()
        return tuple(_signed(name) for name, _ in self.held.sources)

    def _same(self, held: CompiledMapping) -> bool:
        try:
            return all(read_mapping(name).decode("utf-8-sig") == text for name, text in held.sources)
        except (OSError, ValueError):
            return False


def _signed(name: str) -> tuple[int, int, int] | None:
    try:
        found = path_of(name).stat()
    except (OSError, ValueError):
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


@dataclass(frozen=True, slots=True)
class _Due:
    """A mapping that is to come into force; `first`: nothing was before it."""

    mapping: CompiledMapping
    first: bool


@dataclass(frozen=True, slots=True)
class _Refused:
    """What a file holds is not to come into force by itself. `mark` tells one content from the next."""

    mark: str
    verdict: Refusal
    reason: str


@dataclass(slots=True)
class Offering:
    """Sees to it that the mappings of some routes come into force. `author` is in whose name the program acts."""

    store: Store
    watched: Sequence[Watched]
    brakes: BrakeSettings
    author: str
    config: str
    emit: Callable[[Event], None]
    _told: set[tuple[str, str]] = field(default_factory=set)
    _agreed: dict[str, str] = field(default_factory=dict)

    async def look(self, routes: Sequence[Route]) -> bool:
        """Look at the files of some routes, which are all of a source, as in force; whether anything was changed."""
        names = {route.name for route in routes}
        changed = False
        for each in self.watched:
            if each.route.name in names:
                changed |= await self._end_bad_trial(each)
                changed |= await self._offer(each, routes)
        return changed

    async def due(self, routes: Sequence[Route]) -> list[tuple[Act, CompiledMapping]]:
        """What a look would replace, and by which mappings; nothing is written."""
        names = {route.name for route in routes}
        judged = [
            (each, await self._judge(each, routes)) for each in self.watched if each.route.name in names
        ]
        return [
            (self._act(watched, first=False), verdict.mapping)
            for watched, verdict in judged
            if isinstance(verdict, _Due) and not verdict.first
        ]

    async def _offer(self, watched: Watched, routes: Sequence[Route]) -> bool:
        match await self._judge(watched, routes):
            case _Due() as due:
                return await self._activate(watched, due)
            case _Refused() as refused:
                await self._refuse(watched, refused)
            case None:
                await self._forget(watched.route.name)
        return False

    async def _judge(self, watched: Watched, routes: Sequence[Route]) -> "_Due | _Refused | None":
        """Whether what a file holds is to come into force, or why not; None if it is already."""
        held, name = watched.look(), watched.route.name
        if isinstance(held, ConfigError):
            first = held.problems[0] if held.problems else "it cannot be read"
            mark = digest([str(problem) for problem in held.problems])
            return _Refused(mark, Refusal.INVALID, f"mapping {watched.file} is not valid: {first}")
        standing = await self.store.read(lambda tx: activations.standing(tx, name))
        if held.hash in _hashes(standing):
            self._agreed[name] = held.hash
            return None
        refused = await self._refusal(watched, held, standing, routes)
        if refused is not None:
            return _Refused(held.hash, *refused)
        # What was in force and is not any more was replaced by an operator, who may have read a newer configuration.
        return None if self._agreed.get(name) == held.hash else _Due(held, first=standing.whole is None)

    async def _refusal(
        self, watched: Watched, held: CompiledMapping, standing: Standing, routes: Sequence[Route]
    ) -> tuple[Refusal, str] | None:
        """Why a mapping is not put into force by itself, if it is not."""
        name, whole = watched.route.name, standing.whole
        in_force = next(route for route in routes if route.name == name)
        if whole is None or in_force.mapping.hash != whole.hash:
            return None  # nothing was in force, or nothing that could be of use to this target
        known, before = await self.store.read(
            lambda tx: (offers.get(tx, name), activations.last_with(tx, name, held.hash))
        )
        if before is not None and before.revoked:
            return Refusal.REVOKED, f"mapping {watched.file} was taken back ({before.n} in the history)"
        if standing.trial is not None:
            return Refusal.HELD, f"mapping {watched.file} has changed while another one is on trial"
        if self._agreed.get(name) == held.hash:
            return None
        if known is not None and known.hash == held.hash and (name, held.hash) in self._told:
            return known.verdict, known.reason
        found = await extent(self.store, routes, name, held)
        return (Refusal.HELD, self._too_much(watched, found)) if self._beyond(found) else None

    def _beyond(self, found: Extent) -> bool:
        return found.beyond(share=self.brakes.changed_share, least=self.brakes.changed_least)

    def _too_much(self, watched: Watched, found: Extent) -> str:
        release = f"xdr-connector mapping activate --config {self.config} --route {watched.route.name}"
        return f"mapping {watched.file}: {found}; to let it: {release} --as WHO --reason WHY"

    def _act(self, watched: Watched, *, first: bool) -> Act:
        why, how = ("the first mapping of this route", "first") if first else (FILE_CHANGED, "file")
        return Act(watched.route.source, watched.route.name, self.author, why, how)

    async def _activate(self, watched: Watched, due: "_Due") -> bool:
        act, vcs = self._act(watched, first=due.first), revision_of(path_of(watched.file))
        new = await self.store.write(lambda tx: _activated(tx, act, due.mapping, vcs))
        if new and not due.first:
            reason = f"{act.why}: {watched.file}"
            self.emit(Event(EventKind.MAPPING_ACTIVATED, act.source, act.route, reason=reason))
        return new

    async def _refuse(self, watched: Watched, refused: "_Refused") -> None:
        act, (mark, verdict, reason) = self._act(watched, first=False), astuple(refused)
        known = await self.store.read(lambda tx: offers.get(tx, act.route))
        if known is None or (known.hash, known.verdict) != (mark, verdict):
            await self.store.write(lambda tx: activation.refuse(tx, act, mark, verdict, reason))
        if (act.route, mark) not in self._told:
            self._told.add((act.route, mark))
            self.emit(Event(EventKind.MAPPING_REFUSED, act.source, act.route, reason=reason))

    async def _forget(self, name: str) -> None:
        """The file holds what is in force: whatever it held meanwhile is no matter any more."""
        if await self.store.read(lambda tx: offers.get(tx, name)) is not None:
            await self.store.write(lambda tx: offers.clear(tx, name))

    async def _end_bad_trial(self, watched: Watched) -> bool:
        name = watched.route.name
        found = await self.store.read(partial(_worse, route=name))
        if found is None:
            return False
        act = Act(watched.route.source, name, self.author, f"on trial, {found}", "trial failed")
        if not await self.store.write(lambda tx: _ended(tx, act)):
            return False
        self.emit(Event(EventKind.MAPPING_REFUSED, watched.route.source, name, reason=act.why))
        return True


def _hashes(standing: Standing) -> Iterator[str]:
    return (each.hash for each in (standing.whole, standing.trial) if each is not None)


def _activated(tx: Tx, act: Act, held: CompiledMapping, vcs: str) -> bool:
    try:
        activation.activate(tx, act, held, vcs=vcs)
    except activation.NothingToDoError:  # an operator was faster
        return False
    return True


def _worse(tx: Tx, route: str) -> Rates | None:
    found = rates(tx, activations.standing(tx, route))
    return found if found is not None and found.worse else None


def _ended(tx: Tx, act: Act) -> bool:
    standing = activations.standing(tx, act.route)
    if standing.trial is None or _worse(tx, act.route) is None:
        return False
    activation.end_trial(tx, act, standing)
    return True
