"""Where complaints about a mapping are collected, so that one run shows all of them."""

from collections.abc import Callable
from typing import ParamSpec, TypeVar

from connector.errors import Problem
from connector.mapping.expr import ExpressionError
from connector.yamlsource import Document, Path

T = TypeVar("T")
P = ParamSpec("P")


class Report:
    """Problems of one document, each at the place it is about."""

    def __init__(self, document: Document) -> None:
        self.problems: list[Problem] = []
        self._document = document

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

    def line(self, path: Path) -> int:
        """The line of the key at `path`."""
        return self._document.line(path)
