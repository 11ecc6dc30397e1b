"""What is not known of a mapping's outcome while something in it is wrong.

A rule that is left out would have said something. Whatever depends on that is in doubt, and nothing is told of it: the
mistake is told, and what follows from it would only hide it.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from connector.mapping.document import MappingFile
from connector.yamlsource.mending import GONE, Place

_SECTIONS = frozenset({"scope", "create_when", "notes", "tasks"})


@dataclass(frozen=True, slots=True)
class Doubts:
    """What is in doubt. `others`: also every field that no rule of `written` writes; `sections`: scope, notes, ..."""

    everything: bool = False
    fields: frozenset[str] = frozenset()
    others: bool = False
    written: frozenset[str] = frozenset()
    sections: frozenset[str] = frozenset()

    @property
    def any(self) -> bool:
        """Whether anything is in doubt."""
        return bool(self.everything or self.fields or self.others or self.sections)

    def about(self, *names: str) -> bool:
        """Whether the value of one of these fields is in doubt."""
        return self.everything or any(
            name in self.fields or (self.others and name not in self.written) for name in names
        )

    def of(self, section: str) -> bool:
        """Whether what the rules of a section say is in doubt."""
        return self.everything or section in self.sections


def doubts_of(
    file: MappingFile, wrong: Iterable[Place], meant: Callable[[str], str | None], *, everything: bool
) -> Doubts:
    """What follows from what is wrong; `meant` gives the field that a name stands for, if any."""
    fields: set[str] = set()
    sections: set[str] = set()
    others = False
    for place in wrong:
        top, which = (*place, None, None)[:2]
        everything = everything or top is None or top is GONE
        if top in _SECTIONS or (top == "tags" and which != "into"):
            sections.add(str(top))
        elif top in {"fields", "decisions"}:
            names = [meant(name) for name in _names(file, top, which)]
            fields.update(name for name in names if name is not None)
            others = others or None in names or not names or place[2:3] == ("set",)
    written = {
        meant(name) for name in (*file.fields, *(name for each in file.decisions for name in each.set_))
    }
    known = frozenset(name for name in written if name is not None)
    return Doubts(everything, frozenset(fields), others, known, frozenset(sections))


def _names(file: MappingFile, section: Any, which: Any) -> list[str]:
    """The fields that the rule writes; none where it is not known which rule is meant."""
    if section == "fields":
        return [which] if which in file.fields else []
    return file.decisions[which].set_ if isinstance(which, int) else []
