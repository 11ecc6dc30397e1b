"""The file's shape, with every complaint about it, and all of the file that can be judged further.

A key that is misspelt is read as the one that was meant. What is wrong otherwise is replaced by something of the
right shape that is marked as no one's words (`yamlsource.mending`): one value alone, so that everything around it is
judged in the same run.
"""

import difflib
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pydantic
from pydantic_core import ErrorDetails

from connector.errors import Problem
from connector.mapping.document import MappingFile
from connector.yamlsource import Document, Part
from connector.yamlsource.keys import annotations_at, keys_at
from connector.yamlsource.mending import GONE, Drop, Edit, Place, Put, Read, Rename, holes, mended, stand_in
from connector.yamlsource.validation import MAX_PROBLEMS, Misfits, misfits, told

# What is mended may be wrong in another way, and what was hidden by it comes to light.
_ROUNDS = 5
# A key this much like another one is a slip of the finger, not another idea.
_ALIKE = 0.75
# These say what the cells of each row are, and whoever forgot the brackets may have forgotten more.
_WIDTHS = frozenset({"given", "set"})


@dataclass(frozen=True, slots=True)
class Fitted:
    """A document with marks where something does not fit, and the same as a model."""

    document: Document
    file: MappingFile

    @property
    def holes(self) -> frozenset[Place]:
        """The places of the marks."""
        return frozenset(holes(self.document.root))


def fit(document: Document) -> tuple[Fitted | None, list[Problem]]:
    """The document as far as its shape is right (None: nothing of it can be read), and what is wrong with it."""
    if not isinstance(document.data, dict):
        return None, [document.problem((), "a mapping file is keys and values", "start with `version: 1`")]
    problems: list[Problem] = []
    for _ in range(_ROUNDS):
        try:
            return Fitted(document, MappingFile.model_validate(document.data)), problems
        except pydantic.ValidationError as error:
            wrong = misfits(document.data, error)
        renamed = _meant(document.data, wrong)
        problems += told(document, _own(document, wrong, renamed), MappingFile)
        if () in wrong:
            break
        part = _mended(document.part, wrong, renamed)
        document = Document(document.file, part.data, part.node)
    return None, problems


def _own(document: Document, wrong: Misfits, renamed: Mapping[Place, str]) -> Misfits:
    """What is wrong by itself, and not because of a mistake that is told already."""
    marks = frozenset(holes(document.root))
    expected = {(*place[:-1], key) for place, key in renamed.items()}
    return {
        place: details
        for place, details in wrong.items()
        if marks.isdisjoint(place[:length] for length in range(len(place) + 1))
        and (place not in expected or not _is_missing(details))
        and not ((*place, GONE) in marks and details[0]["type"] == "value_error")
    }


def _is_missing(details: Sequence[ErrorDetails]) -> bool:
    return details[0]["type"] == "missing"


def _meant(data: Any, wrong: Misfits) -> dict[Place, str]:
    """For each unknown key that is nearly another one, which nobody else stands for, that one."""
    found: dict[Place, str] = {}
    # Of very many, those that are told.
    for place, details in itertools.islice(wrong.items(), MAX_PROBLEMS):
        if details[0]["type"] == "extra_forbidden":
            known = sorted(keys_at(MappingFile, data, place[:-1]))
            folded = {key.casefold(): key for key in known if key not in _at(data, place[:-1])}
            near = difflib.get_close_matches(str(place[-1]).casefold(), folded, n=1, cutoff=_ALIKE)
            if near and all(
                other[:-1] != place[:-1] or key != folded[near[0]] for other, key in found.items()
            ):
                found[place] = folded[near[0]]
    return found


def _at(data: Any, place: Place) -> Any:
    for part in place:
        data = data[part]
    return data


def _mended(part: Part, wrong: Misfits, renamed: Mapping[Place, str]) -> Part:
    edits: dict[Place, Edit] = {place: Rename(key) for place, key in renamed.items()}
    expected = {(*place[:-1], key) for place, key in renamed.items()}
    for place, details in wrong.items():
        if place not in edits and not (place in expected and _is_missing(details)):
            edits[place] = _edit(part.data, place, details)
    return mended(part, edits)


def _edit(data: Any, place: Place, details: Sequence[ErrorDetails]) -> Edit:
    """How what is wrong here is put out of the way."""
    kinds, written = {detail["type"] for detail in details}, details[0]["input"]
    if kinds == {"extra_forbidden"}:
        return Drop()
    if kinds == {"string_type"} and isinstance(written, int | bool) and place != ("extends",):
        return Read(str(written))
    if kinds == {"list_type"} and isinstance(written, str) and place[-1] not in _WIDTHS:
        return Read([written])
    return Put(stand_in(annotations_at(MappingFile, data, place)))
