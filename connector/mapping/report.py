"""Where complaints about a mapping are collected, so that one run shows all of them."""

from collections.abc import Callable, Iterable, Sequence
from typing import ParamSpec, TypeVar

from connector.errors import Problem
from connector.mapping.expr import ExpressionError
from connector.yamlsource import Document, Path

T = TypeVar("T")
P = ParamSpec("P")


class Report:
    """Problems of one document, each at the place it is about; `files`: what it is made of, nearest first."""

    def __init__(self, document: Document, files: Sequence[str]) -> None:
        self.problems: list[Problem] = []
        self._document = document
        self._files = files

    def add(self, path: Path, what: str, remedy: str, *, at_key: bool = False) -> None:
        """Complain about the value at `path`, or about its key."""
        self.problems.append(self._document.problem(path, what, remedy, at_key=at_key))

    def attempt(self, path: Path, make: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T | None:
        """What `make` gives for the arguments, or None after its complaints were added at `path`."""
        try:
            return make(*args, **kwargs)
        except ExpressionError as error:
            for what, remedy in error.complaints:
                self.add(path, what, remedy)
            return None

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
