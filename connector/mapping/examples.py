"""The examples in a mapping file: small incidents, and what must become of them. Run by `check` and by tests."""

from collections.abc import Iterator
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from connector.mapping.compiled import CompiledMapping
from connector.mapping.example_shape import Example, ExampleRecord, ExampleRecords, Expectation
from connector.mapping.outcome import written
from connector.mapping.text import show
from connector.model import Facts, Mapped, RecordFacts, Snapshot, link_name
from connector.yamlsource import Path

# What an example leaves out is as on a new incident that nobody has touched.
UNTOUCHED = MappingProxyType(
    {
        "id": "1",
        "status": "active",
        "severity": "medium",
        "classification": "unknown",
        "determination": "unknown",
        "displayName": "Example",
        "createdDateTime": "2024-01-01T00:00:00Z",
        "lastUpdateDateTime": "2024-01-01T00:00:00Z",
    }
)


# Names that follow from others, and what to give instead.
DERIVED = MappingProxyType(
    {"experts": "give status, assignedTo and systemTags", "portalUrl": "give incidentWebUrl"}
)


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that came out otherwise; `path` leads to the expectation in the file."""

    path: Path
    what: str
    expected: str
    found: str

    def __str__(self) -> str:
        return f"{self.what}: expected {self.expected}, found {self.found}"


@dataclass(frozen=True, slots=True)
class ExampleResult:
    """What became of one example; it passed if nothing differed."""

    name: str
    differences: tuple[Difference, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether everything came out as expected."""
        return not self.differences


def run_examples(mapping: CompiledMapping) -> list[ExampleResult]:
    """Every example of the mapping file, in order."""
    return [
        ExampleResult(example.name, tuple(differences(example, outcome_of(mapping, example), index)))
        for index, example in enumerate(mapping.document.examples)
    ]


def outcome_of(mapping: CompiledMapping, example: Example) -> Mapped:
    """What becomes of an example."""
    old: Snapshot | None = None if example.old is None else UNTOUCHED | example.old
    return mapping.apply(UNTOUCHED | example.incident, old, facts_of(example))


def differences(example: Example, mapped: Mapped, index: int) -> Iterator[Difference]:
    """What of an outcome is not as the example at `index` of the file expects it."""
    return _differences(example.expect, mapped, ("examples", index, "expect"))


def facts_of(example: Example) -> Facts:
    """The records that are there in an example."""
    records = example.records or ExampleRecords()
    return Facts(
        record=_known(records.record) if records.record else None,
        links={link_name(name): _known(each) for name, each in records.links.items()},
        merged=_known(records.merged) if records.merged else None,
    )


def _known(record: ExampleRecord) -> RecordFacts:
    return RecordFacts(record.number, record.url)


def _differences(expect: Expectation, mapped: Mapped, path: Path) -> Iterator[Difference]:
    for name, wanted in expect.fields.items():
        found = written(mapped.record.fields, name)
        if found != _expected(wanted):
            yield Difference((*path, "fields", name), name, _expected(wanted), found)
    yield from _outcomes(expect, mapped, path)


def _outcomes(expect: Expectation, mapped: Mapped, path: Path) -> Iterator[Difference]:
    excluded = mapped.excluded.id if mapped.excluded else "nothing"
    undecided = sorted({unmapped.name for unmapped in mapped.unmapped})
    compared: tuple[tuple[str, Any, Any], ...] = (
        ("tags", _folded(expect.tags), _folded(list(mapped.record.tags))),
        ("notes", expect.notes, [note.text for note in mapped.notes if note.fresh and not note.title]),
        ("tasks", expect.tasks, [note.title for note in mapped.notes if note.fresh and note.title]),
        ("create", expect.create, mapped.may_create),
        ("excluded", expect.excluded, excluded),
        ("undecided", None if expect.undecided is None else sorted(expect.undecided), undecided),
    )
    for key, wanted, found in compared:
        if wanted is not None and wanted != found:
            yield Difference((*path, key), key, _listed(wanted), _listed(found))


def _folded(tags: list[str] | None) -> list[str] | None:
    return None if tags is None else sorted(tags, key=str.casefold)


def _listed(value: Any) -> str:
    return f"[{', '.join(value)}]" if isinstance(value, list) else show(value)


def _expected(wanted: Any) -> str:
    return "clear" if wanted is None or wanted == "" else show(wanted)
