"""The file's shape, with every complaint about it, and as much of the file as can be judged further.

A part that does not fit is cut out and the rest is read again, so that one mistyped key does not hide every other
mistake in the file.
"""

import copy
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

import pydantic

from connector.errors import Problem
from connector.mapping.document import MappingFile
from connector.yamlsource import Document, problems_of
from connector.yamlsource.validation import path_in

_ROUNDS = 3
# What stands in for a wrong head of the file while the rest is judged.
_PLACEHOLDERS: Mapping[str, Any] = MappingProxyType({"version": 1, "name": "unnamed"})


@dataclass(frozen=True, slots=True)
class Fitted:
    """A document without what does not fit, and the same as a model."""

    document: Document
    file: MappingFile


def fit(document: Document) -> tuple[Fitted | None, list[Problem]]:
    """The document as far as its shape is right (None: nothing of it can be read), and what is wrong with it."""
    if not isinstance(document.data, dict):
        return None, [document.problem((), "a mapping file is keys and values", "start with `version: 1`")]
    problems: list[Problem] = []
    data = document.data
    for attempt in range(_ROUNDS):
        fitting = replace(document, data=data)
        try:
            return Fitted(fitting, MappingFile.model_validate(data)), problems
        except pydantic.ValidationError as error:
            if attempt == 0:
                problems += problems_of(fitting, error, MappingFile)
            data = {**_PLACEHOLDERS, **_without(data, error)}
    return None, problems


def _without(data: dict[str, Any], error: pydantic.ValidationError) -> dict[str, Any]:
    """The data without what is wrong: an unknown key alone, of a wrong value the rule that has it."""
    rest = copy.deepcopy(data)
    for detail in error.errors(include_url=False):
        path = path_in(data, detail["loc"])
        depth = len(path) if detail["type"] == "extra_forbidden" else _depth(path)
        _remove(rest, path[:depth])
    return rest


def _depth(path: tuple[object, ...]) -> int:
    return 2 if path[:1] in {("fields",), ("let",)} else 1


def _remove(node: Any, path: tuple[object, ...]) -> None:
    """Remove a key, unless it went with something above it already."""
    for part in path[:-1]:
        if isinstance(node, dict) and part not in node:
            return
        node = node[part]
    if path and isinstance(node, dict):
        node.pop(path[-1], None)
