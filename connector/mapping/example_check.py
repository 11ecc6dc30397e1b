"""What is wrong with the examples in a mapping file: names and values that cannot be, and outcomes that are others."""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from connector.mapping.compiled import CompiledMapping
from connector.mapping.doubts import Doubts
from connector.mapping.example_shape import Example
from connector.mapping.examples import DERIVED, Difference, differences, outcome_of
from connector.mapping.outcome import CLEAR_WORD, LEAVE_WORD
from connector.mapping.report import Report
from connector.mapping.text import show
from connector.mapping.vocabulary import ENUMS, PROPERTIES
from connector.model import Mapped
from connector.yamlsource import Path, nearest
from connector.yamlsource.mending import Place

_NOTHING = "nothing"
_NO_VALUES = frozenset({LEAVE_WORD, CLEAR_WORD, ""})


def check_examples(mapping: CompiledMapping, report: Report, doubts: Doubts, *, run: bool = True) -> None:
    """Complain about what no incident and no record has, and with `run` about every difference that is certain."""
    for index, example in enumerate(mapping.document.examples):
        _Judge(mapping, report, doubts, index, example).judge(run=run)


@dataclass(frozen=True, slots=True)
class _Judge:
    """Judges one example."""

    mapping: CompiledMapping
    report: Report
    doubts: Doubts
    index: int
    example: Example

    def judge(self, *, run: bool) -> None:
        """Complain."""
        path, before = ("examples", self.index), len(self.report.wrong)
        meant = [self._check_incident(path, part) for part in ("incident", "old")]
        self._check_expected((*path, "expect"))
        wrong = set(self.report.wrong[before:])
        parts = all(self.report.whole((*path, part)) for part in ("incident", "old", "records"))
        if run and parts and None not in meant and not self.report.lacks_key(path):
            known = {"incident": meant[0], "old": None if self.example.old is None else meant[1]}
            mapped = outcome_of(self.mapping, self.example.model_copy(update=known))
            for difference in differences(self.example, mapped, self.index):
                if tuple(difference.path) not in wrong and self._is_certain(difference, mapped):
                    what = f"example `{self.example.name}`: {difference}"
                    self.report.add(difference.path, what, "correct the rule or the example")

    def _check_incident(self, path: Path, part: str) -> Mapping[str, Any] | None:
        """An incident with its properties as they are meant; None where that is not known."""
        incident: Mapping[str, Any] = getattr(self.example, part) or {}
        unknown = [name for name in incident if name not in PROPERTIES or name in DERIVED]
        free = [each for each in PROPERTIES if each not in incident]
        named: dict[str, str] = {}
        for name in unknown:
            remedy = DERIVED.get(name) or nearest(name, PROPERTIES) or "name a property of the incident"
            self.report.add((*path, part, name), f"an incident has no `{name}`", remedy, at_key=True)
            near = [] if name in DERIVED else difflib.get_close_matches(name, free, n=1)
            named.update((name, each) for each in near)
        if len({*named.values()}) < len(unknown):  # one has no near name, or two have the same
            return None
        return {named.get(name, name): value for name, value in incident.items()}

    def _check_expected(self, path: Place) -> None:
        """Complain about names and values that no outcome has."""
        expect = self.example.expect
        if self.mapping.catalogue.target:
            for name, wanted in expect.fields.items():
                self._check_field((*path, "fields", name), name, wanted)
        rules = [rule.id for rule in self.mapping.document.scope]
        if expect.excluded not in (None, _NOTHING, *rules) and not self.doubts.of("scope"):
            known = nearest(str(expect.excluded), [*rules, _NOTHING])
            self.report.add(
                (*path, "excluded"), f"no rule under `scope` is called `{expect.excluded}`", known
            )
        for place, name in enumerate(expect.undecided or ()):
            if name not in ENUMS and not self.mapping.catalogue.knows(name):
                what = f"`{name}` is never undecided"
                remedy = nearest(name, ENUMS) or "name a property that has words"
                self.report.add((*path, "undecided", place), what, remedy)

    def _check_field(self, path: Path, name: str, wanted: Any) -> None:
        catalogue = self.mapping.catalogue
        if not catalogue.knows(name):
            remedy = nearest(name, catalogue.fields) or "see the reference"
            self.report.add(path, f"{catalogue.target} has no field `{name}`", remedy, at_key=True)
            return
        choices = [str(choice) for choice in catalogue.spec(name).choices]
        if choices and show(wanted) not in {*choices, *_NO_VALUES}:
            self.report.add(
                path, f"`{show(wanted)}` is not a choice of {name}", nearest(show(wanted), choices)
            )

    def _is_certain(self, difference: Difference, mapped: Mapped) -> bool:
        """Whether it will be a difference, too, when everything else that is wrong is mended."""
        key, *rest = difference.path[3:]
        doubts = self.doubts
        if not self.report.whole(difference.path) or doubts.everything:
            return False
        scope = doubts.of("scope")
        if not doubts.any or (mapped.excluded is not None and key != "undecided" and not scope):
            return True
        if key in {"excluded", "undecided"} or (scope and self._is_excluded(key, rest)):
            return key == "excluded" and not scope
        if key == "fields":
            return self._is_settled(str(rest[0]), mapped)
        if key == "create":
            return not doubts.of("create_when") and not doubts.about(*self.mapping.catalogue.required)
        return not doubts.of(str(key))

    def _is_excluded(self, key: object, rest: list[object]) -> bool:
        """Whether what is expected is what becomes of an incident that the route is not about."""
        expect = self.example.expect
        if key == "fields":
            return expect.fields[str(rest[0])] == LEAVE_WORD
        return not getattr(expect, str(key))

    def _is_settled(self, name: str, mapped: Mapped) -> bool:
        """Whether no rule that is left out has a part in what becomes of a field."""
        catalogue, fields = self.mapping.catalogue, mapped.record.fields
        if self.doubts.about(name):
            return False
        # An undecided partner takes a field along where without it the target would refuse the rest.
        return not self.doubts.about(*catalogue.group(name)) or not catalogue.joint(fields)
