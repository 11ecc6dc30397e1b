"""What the rules do together: every state an incident can be in, held against the target's joint rules.

The incidents tried are the bare minimum (no description, no comments, no tags), because what must never be empty is
empty there first.
"""

import itertools
import re
from collections.abc import Iterator
from dataclasses import replace
from types import MappingProxyType

from connector.mapping.compiled import CompiledMapping
from connector.mapping.doubts import Doubts
from connector.mapping.places import written_at
from connector.mapping.recalling import recalling
from connector.mapping.report import Report
from connector.mapping.view import View
from connector.mapping.vocabulary import CLASSIFICATION, DETERMINATION, STATUS
from connector.mapping.writers import Writer
from connector.model import JSON, Record, Snapshot
from connector.yamlsource import Path

# Null, the two names that Defender Experts use, and somebody else.
_OWNERS = MappingProxyType(
    {
        "nobody": None,
        "Defender Experts": "Defender Experts",
        "Customer": "Customer",
        "a person": "kim@example.com",
    }
)
# What a state consists of, and the values of each part.
DIMENSIONS = MappingProxyType(
    {
        "status": STATUS.members,
        "classification": CLASSIFICATION.members,
        "determination": DETERMINATION.members,
        "assignedTo": tuple(_OWNERS),
    }
)
Combination = tuple[str, ...]
_SHOWN = 3


def every_state() -> Iterator[tuple[Combination, dict[str, JSON]]]:
    """Every combination of status, classification, determination and kind of owner, and an incident in it."""
    for combination in itertools.product(*DIMENSIONS.values()):
        status, classification, determination, owner = combination
        yield (
            combination,
            {
                "id": "1",
                "tenantId": "00000000-0000-0000-0000-000000000000",
                "status": status,
                "severity": "medium",
                "classification": classification,
                "determination": determination,
                "assignedTo": _OWNERS[owner],
                "displayName": None,
                "createdDateTime": "2024-01-01T00:00:00Z",
                "lastUpdateDateTime": "2024-01-01T00:00:00Z",
            },
        )


def check_joint(mapping: CompiledMapping, report: Report, doubts: Doubts) -> None:
    """Complain about every state in which the target would refuse the record, equal complaints together.

    What depends on a rule that is in doubt is not told.
    """
    if doubts.everything or doubts.of("scope"):
        return
    survey = _Survey(mapping, doubts)
    for sentence, combinations in survey.refused.items():
        for path, those in survey.causes(sentence, combinations):
            lines = survey.rules(sentence)
            what = f"with {described(those)}: {sentence}"
            told = f"{what} (rules in {report.lines(lines, path)})" if lines else what
            report.add(path, told, "give it a legal value there", at_key=True)


class _Survey:
    """What becomes of every state, and why the target refuses some."""

    def __init__(self, mapping: CompiledMapping, doubts: Doubts) -> None:
        self._mapping = mapping
        self._doubts = doubts
        self._writers = {name: writer for writer in mapping.writers for name in writer.fields}
        # Of every state that the route is about, the view in which its rules see it.
        self._views: dict[Combination, View] = {}
        self.refused: dict[str, list[Combination]] = {}
        # Joint rules are about fields alone.
        writers = tuple(recalling(writer, DIMENSIONS, mapping.lets) for writer in mapping.writers)
        surveyed = replace(mapping, writers=writers, taggers=(), noters=())
        for combination, incident in every_state():
            mapped = surveyed.apply(incident, None)
            if mapped.excluded is None:
                self._views[combination] = View(incident, None, mapping.lets)
                for sentence in self._sentences(mapped.record, incident):
                    self.refused.setdefault(sentence, []).append(combination)

    def _sentences(self, record: Record, incident: Snapshot) -> Iterator[str]:
        mapping, doubts = self._mapping, self._doubts
        for sentence in mapping.catalogue.joint(record.fields):
            # What must be there is named; what a rule that is left out would add is at worst told in the next run.
            if not doubts.about(*self._named(sentence)):
                yield sentence
        if not doubts.of("create_when") and mapping.wants_creation(incident):
            yield from (
                f"{name} is needed to create a record"
                for name in mapping.missing(record)
                if not doubts.about(name)
            )

    def _named(self, sentence: str) -> list[str]:
        """The fields that a sentence names, in its order."""
        known = self._mapping.catalogue.fields
        return [word for word in dict.fromkeys(re.findall(r"\w+", sentence)) if word in known]

    def _together(self, sentence: str) -> list[str]:
        """The fields that a sentence is about: those it names, and then those that are judged with them."""
        named = self._named(sentence)
        joined = {each for name in named for each in self._mapping.catalogue.group(name)}
        return [*named, *sorted(joined.difference(named))]

    def rules(self, sentence: str) -> list[Path]:
        """Where the rules stand that have a part in it."""
        return [self._writers[name].path for name in self._together(sentence) if name in self._writers]

    def causes(self, sentence: str, combinations: list[Combination]) -> list[tuple[Path, list[Combination]]]:
        """What to change: the parts of a rule that decide in these states, and as few others as possible."""
        named = [name for name in self._named(sentence) if name in self._writers]
        if not named:
            return [(("fields",), combinations)]
        bad = set(combinations)
        best: dict[Path, list[Combination]] = {}
        fewest = len(self._views) + 1
        for name in named:
            deciding = self._deciding(name)
            also = sum(len(set(those) - bad) for those in deciding.values() if not bad.isdisjoint(those))
            if also < fewest:
                fewest = also
                best = {path: [each for each in those if each in bad] for path, those in deciding.items()}
        return [(path, those) for path, those in best.items() if those]

    def _deciding(self, name: str) -> dict[Path, list[Combination]]:
        """The states by the part of the rule that decides what the field is in them."""
        writer = self._writers[name]
        found: dict[Path, list[Combination]] = {}
        for combination, view in self._views.items():
            found.setdefault(self._cell(writer, name, writer.where(view)), []).append(combination)
        return found

    def _cell(self, writer: Writer, name: str, path: Path) -> Path:
        """The value for one field in what decides: a row and the lists of values have one for each field."""
        written = written_at(self._mapping, path)
        if isinstance(written, list) and writer.path[0] == "decisions":
            return (*path, len(written) - len(writer.fields) + writer.fields.index(name))
        return tuple(path)


def described(combinations: list[Combination]) -> str:
    """Combinations in few words: a dimension in which every value occurs is not named."""
    phrases = [", ".join(parts) for parts in _phrases(combinations, list(DIMENSIONS.items()))]
    shown = "; or ".join(phrase or "any incident" for phrase in phrases[:_SHOWN])
    return shown if len(phrases) <= _SHOWN else f"{shown}; and {len(phrases) - _SHOWN} more cases"


def _phrases(
    combinations: list[Combination], dimensions: list[tuple[str, tuple[str, ...]]]
) -> list[list[str]]:
    if not dimensions:
        return [[]]
    (name, values), rest = dimensions[0], dimensions[1:]
    # Values after which the same things can follow are told together.
    following: dict[tuple[Combination, ...], list[str]] = {}
    for value in values:
        tails = tuple(each[1:] for each in combinations if each[0] == value)
        if tails:
            following.setdefault(tails, []).append(value)
    phrases = []
    for tails, same in following.items():
        head = [] if len(same) == len(values) else [f"{name} {' or '.join(same)}"]
        phrases += [head + tail for tail in _phrases(list(tails), rest)]
    return phrases
