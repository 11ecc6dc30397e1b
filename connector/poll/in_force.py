"""Which mapping an incident gets: the one in force on its route, or one that is tried on a share of the incidents.

What is in force stands in the state and is asked for in every transaction that decides, so that no process decides by
a mapping that another one has replaced. It is asked in a few words; only what is new is compiled.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from connector.mapping import CompiledMapping
from connector.poll.route import Route, Trial
from connector.store import Tx, activations
from connector.store.activations import Activation, Head

# Compiles what was in force before this process began; None for what is of no use to the route any more.
Compile = Callable[[Activation], CompiledMapping | None]


@dataclass(slots=True)
class InForce:
    """The mappings in force, by route and hash, as far as they were met."""

    compiled: Compile
    _known: dict[tuple[str, str], CompiledMapping | None] = field(default_factory=dict)

    def know(self, route: str, mapping: CompiledMapping) -> None:
        """A mapping that need not be compiled again."""
        self._known[route, mapping.hash] = mapping

    def __call__(self, tx: Tx, routes: Sequence[Route]) -> Sequence[Route]:
        """The routes with what is in force on them now; one that has nothing in force keeps what it has.

        Raises StateError when what is in force cannot be compiled by this version of the program.
        """
        heads = activations.heads(tx)
        return tuple(self._as_in_force(tx, route, heads.get(route.name, Head())) for route in routes)

    def _as_in_force(self, tx: Tx, route: Route, head: Head) -> Route:
        if _is(route, head) or not head.whole:
            return route
        whole = self._mapping(tx, route, head.whole)
        trial = self._mapping(tx, route, head.trial) if head.trial else None
        if whole is None:
            return route
        plain = replace(route, mapping=whole, trial=None)
        if trial is None:
            return plain
        return replace(plain, trial=Trial(replace(plain, mapping=trial), head.percent))

    def _mapping(self, tx: Tx, route: Route, mapping_hash: str) -> CompiledMapping | None:
        if route.mapping.hash == mapping_hash:
            return route.mapping
        place = route.name, mapping_hash
        if place not in self._known:
            kept = activations.last_with(tx, *place)
            self._known[place] = self.compiled(kept) if kept else None
        return self._known[place]


def _is(route: Route, head: Head) -> bool:
    trial = route.trial
    tried = (trial.route.mapping.hash, trial.percent) if trial else ("", 0)
    return (route.mapping.hash, *tried) == (head.whole, head.trial, head.percent)
