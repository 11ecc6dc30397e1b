"""Tags in a text field: a comma-separated list that people may write to as well. Pure.

The platform's own tags need rights that an integration account should not have, so tags go into a field that
the user names. Source: ServiceNow docs, "Tags".
"""

from collections.abc import Iterable

LEFT = "this target keeps no tags; name a field with tags_field"


def merged(held: str, add: Iterable[str], remove: Iterable[str]) -> str:
    """The list with our tags added and taken away; entries of others stay as they are."""
    taken_away = {_entry(tag).casefold() for tag in remove}
    entries = [entry for part in held.split(",") if (entry := part.strip())]
    kept = [entry for entry in entries if entry.casefold() not in taken_away]
    there = {entry.casefold() for entry in kept}
    return ", ".join([*kept, *(entry for tag in add if (entry := _entry(tag)).casefold() not in there)])


def _entry(tag: str) -> str:
    """A tag as an entry: a comma in it would make two."""
    return tag.replace(",", ";").strip()
