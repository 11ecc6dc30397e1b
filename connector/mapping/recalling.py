"""A writer that recalls what it wrote, for a survey of many incidents that differ in a few properties alone.

A rule is a function of what it reads, and which property it reads next follows from those it has read. So what it wrote
for an incident is what it writes for every other with the same values of the properties that it came to read.
"""

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

from connector.mapping.view import Let, View
from connector.mapping.writers import Results, Writer
from connector.model import JSON

Values = tuple[JSON, ...]


class _Asked(dict[str, JSON]):
    """An incident that notes in which order the properties that vary were first read."""

    def __init__(self, incident: Mapping[str, JSON], varying: Collection[str]) -> None:
        super().__init__(incident)
        self.varying = varying
        self.names: dict[str, None] = {}

    def get(self, name: str, default: Any = None) -> Any:
        if name in self.varying:
            self.names[name] = None
        return super().get(name, default)


def recalling(writer: Writer, varying: Collection[str], lets: Mapping[str, Let]) -> Writer:
    """The same writer for incidents at first sight, all alike but for the properties `varying`."""
    # After the values read so far: the property that is read next, or what is written.
    known: dict[Values, str | Results] = {}

    def run(view: View) -> Results:
        read: Values = ()
        while isinstance(found := known.get(read), str):
            read = (*read, view.snapshot.get(found))
        if found is None:
            found = _learnt(view.snapshot)
        return found

    def _learnt(incident: Mapping[str, JSON]) -> Results:
        asked = _Asked(incident, varying)
        results = writer.run(View(asked, lets=lets))
        read: Values = ()
        for name in asked.names:
            known[read] = name
            read = (*read, incident.get(name))
        known[read] = results
        return results

    return replace(writer, run=run)
