"""What the rules do together: every state an incident can be in, held against the target's joint rules.

The incidents tried are the bare minimum (no description, no comments, no tags), because what must never be empty is
empty there first.
"""

import itertools
import re
from collections.abc import Iterator
from types import MappingProxyType

from connector.mapping.compiled import CompiledMapping
from connector.mapping.report import Report
from connector.mapping.vocabulary import CLASSIFICATION, DETERMINATION, STATUS
from connector.model import JSON
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


def check_joint(mapping: CompiledMapping, report: Report) -> None:
    """Complain about every state in which the target would refuse the record, equal complaints together."""
    found: dict[str, list[Combination]] = {}
    for combination, incident in every_state():
        mapped = mapping.apply(incident, None)
        if mapped.excluded is None:
            missing = mapping.missing(mapped.record) if mapping.wants_creation(incident) else []
            for sentence in (*mapping.catalogue.joint(mapped.record.fields), *map(_needed, missing)):
                found.setdefault(sentence, []).append(combination)
    for sentence, combinations in found.items():
        path, lines = _place(mapping, sentence, report)
        what = f"with {described(combinations)}: {sentence}"
        report.add(
            path,
            f"{what} (rules in {lines})" if lines else what,
            "give it a legal value there",
            at_key=True,
        )


def _needed(name: str) -> str:
    return f"{name} is needed to create a record"


def _place(mapping: CompiledMapping, sentence: str, report: Report) -> tuple[Path, str]:
    """The rule that a sentence is about, and the lines of all rules that have a part in it."""
    words = re.findall(r"\w+", sentence)
    written = {name: writer.path for writer in mapping.writers for name in writer.fields}
    named = [word for word in words if word in written]
    joined = {name for word in named for name in mapping.catalogue.group(word) if name in written}
    path = written[named[0]] if named else ("fields",)
    return path, report.lines((written[name] for name in joined), path) if joined else ""


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
