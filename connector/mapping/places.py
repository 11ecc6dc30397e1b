"""Where the rules of a compiled mapping stand."""

from dataclasses import dataclass
from typing import Any

from connector.mapping.compiled import CompiledMapping
from connector.yamlsource import Path


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A place in a file; line and column count from 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


def place_of(mapping: CompiledMapping, path: Path) -> Place:
    """The place of the key or list item at `path`, or of the nearest part above it, in whichever file it stands."""
    return Place(*mapping.written.place(path))


def written_at(mapping: CompiledMapping, path: Path) -> Any:
    """What is written at `path`; None where nothing is."""
    value = mapping.written.data
    for part in path:
        try:
            value = value[part]
        except (KeyError, IndexError, TypeError):
            return None
    return value
