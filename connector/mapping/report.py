"""Where complaints about a mapping are collected, so that one run shows all of them."""

from collections.abc import Callable, Iterable, Sequence
from typing import ParamSpec, TypeVar

from connector.errors import Problem
from connector.mapping.expr import ExpressionError
from connector.yamlsource import Document, Path
from connector.yamlsource.mending import GONE, Place, holes

T = TypeVar("T")
P = ParamSpec("P")


class Report:
    """Problems of one document, each at the place it is about; `files`: what it is made of, nearest first.

    `wrong` has the place of everything that could not be used, told or not: what is wrong because of another mistake
    is not told, and neither is anything about what stands in for a value that was told already (`whole`).
    """

    def __init__(self, document: Document, files: Sequence[str], told: Iterable[Problem] = ()) -> None:
        self.problems: list[Problem] = list(told)
        self._holes = frozenset(holes(document.root))
        self._torn = frozenset(place[:length] for place in self._holes for length in range(len(place)))
        self.wrong: list[Place] = list(self._holes)
        self._document = document
        self._files = files

    def add(self, path: Path, what: str, remedy: str, *, at_key: bool = False, usable: bool = False) -> None:
        """Complain about the value at `path`, or about its key; `usable`: it is read as it was meant."""
        if not usable:
            self.wrong.append(tuple(path))
        if self.is_written(path):
            self.problems.append(self._document.problem(path, what, remedy, at_key=at_key))

    def attempt(self, path: Path, make: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T | None:
        """What `make` gives for the arguments, or None after its complaints, if it has any, were added at `path`."""
        try:
            if self.whole(path):
                return make(*args, **kwargs)
        except ExpressionError as error:
            for what, remedy in error.complaints:
                self.add(path, what, remedy)
        self.wrong.append(tuple(path))
        return None

    def fell_since(self, before: int, path: Path) -> bool:
        """Whether the rule at `path` cannot be used, of which nothing was judged when `wrong` had `before` entries."""
        return len(self.wrong) > before or not self.whole(path)

    def is_written(self, path: Path) -> bool:
        """Whether what is at `path` was written, and does not stand in for something else."""
        return not self._holes or self._holes.isdisjoint(
            tuple(path[:length]) for length in range(len(path) + 1)
        )

    def whole(self, path: Path) -> bool:
        """Whether what is at `path` was written as it is, with everything in it."""
        return self.is_written(path) and tuple(path) not in self._torn

    def lacks_key(self, path: Path) -> bool:
        """Whether a key was taken out of the mapping at `path` that nobody knows."""
        return (*path, GONE) in self._holes

    def lines(self, paths: Iterable[Path], beside: Path) -> str:
        """Where rules stand, for a complaint about what is at `beside`: "line 3, 7", with a file if it is another."""
        here = self._document.place(beside)[0]
        places = sorted({self._document.place(path)[:2] for path in paths})
        same = [str(line) for file, line in places if file == here]
        other = [f"{file}:{line}" for file, line in places if file != here]
        return ("line " if same else "") + ", ".join([*same, *other])

    def distance(self, path: Path) -> int:
        """How far down the chain of bases the rule at `path` stands; 0 is in the mapping itself."""
        return self._files.index(self._document.place(path)[0])
