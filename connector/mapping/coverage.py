"""Every state that an incident can be in, and what a mapping makes of it.

A state is a status, a classification, a determination and a kind of owner. There are more than a thousand of them,
but hardly any outcome depends on all four; so outcomes that depend on the same things are told together, and equal
ones once.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from connector.mapping.compiled import CompiledMapping
from connector.mapping.joint import DIMENSIONS, Combination, described, every_state
from connector.mapping.outcome import LEAVE_WORD, covered_by, said


@dataclass(frozen=True, slots=True)
class Row:
    """Outcomes that some states share: one for each column of the block, and the states in words and by name."""

    outcomes: tuple[str, ...]
    described: str
    combinations: tuple[Combination, ...]


@dataclass(frozen=True, slots=True)
class Block:
    """Columns that depend on the same `dimensions` of a state, and what they hold."""

    dimensions: tuple[str, ...]
    columns: tuple[str, ...]
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Coverage:
    """What every state becomes.

    `columns` are fields by name, then `tags`, `create` and `excluded`; `states` holds each state with its outcome for
    every column. `left` counts, for each field, the states in which it is left alone.
    """

    columns: tuple[str, ...]
    states: tuple[tuple[Combination, tuple[str, ...]], ...]
    left: dict[str, int]

    @property
    def dimensions(self) -> tuple[str, ...]:
        """What a state consists of."""
        return tuple(DIMENSIONS)

    @property
    def constant(self) -> dict[str, str]:
        """The columns that hold the same whatever the state, and what they hold."""
        first = self.states[0][1]
        return {
            name: first[place]
            for place, name in enumerate(self.columns)
            if all(outcome[place] == first[place] for _, outcome in self.states)
        }

    def blocks(self) -> tuple[Block, ...]:
        """The columns that differ between states, those that depend on the same things together."""
        together: dict[tuple[str, ...], list[str]] = {}
        constant = self.constant
        for place, name in enumerate(self.columns):
            if name not in constant:
                together.setdefault(self._depends(place), []).append(name)
        return tuple(self._block(dimensions, columns) for dimensions, columns in together.items())

    def _depends(self, place: int) -> tuple[str, ...]:
        """The dimensions in which a change alone can change the column."""
        found = []
        for axis, name in enumerate(DIMENSIONS):
            seen: dict[Combination, str] = {}
            for state, outcome in self.states:
                rest = state[:axis] + state[axis + 1 :]
                if seen.setdefault(rest, outcome[place]) != outcome[place]:
                    found.append(name)
                    break
        return tuple(found)

    def _block(self, dimensions: tuple[str, ...], columns: Sequence[str]) -> Block:
        places = [self.columns.index(name) for name in columns]
        equal: dict[tuple[str, ...], list[Combination]] = {}
        for state, outcome in self.states:
            equal.setdefault(tuple(outcome[place] for place in places), []).append(state)
        rows = [Row(outcomes, described(states), tuple(states)) for outcomes, states in equal.items()]
        return Block(dimensions, tuple(columns), tuple(rows))


def outcomes_of(mapping: CompiledMapping) -> tuple[str, ...]:
    """The names of all columns that there are for a mapping."""
    return (*covered_by(mapping), "tags", "create", "excluded")


def coverage(mapping: CompiledMapping, fields: Iterable[str] | None = None) -> Coverage:
    """What the mapping makes of every state. `fields` narrows the columns, among which `tags`, `create`, `excluded`."""
    written = covered_by(mapping)
    columns = outcomes_of(mapping)
    chosen = columns if fields is None else tuple(name for name in columns if name in set(fields))
    left: Counter[str] = Counter()
    states = []
    for state, incident in every_state():
        outcome = said(mapping.apply(incident, None), written)
        left.update(name for name in written if outcome[name] == LEAVE_WORD)
        states.append((state, tuple(outcome[name] for name in chosen)))
    return Coverage(chosen, tuple(states), {name: left[name] for name in written if name in chosen})
