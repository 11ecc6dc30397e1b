"""The fields that mappings write, held against the columns and choices of an instance. Pure.

Source: ServiceNow docs, "System dictionary", "Choice lists".
"""

import difflib
from collections.abc import Iterator, Mapping, Sequence

from connector.model import FieldKind, Finding, Lookup, Writing
from connector.model.finding import ok, problem, warning
from connector.targets.servicenow.dialect import Dialect
from connector.targets.servicenow.referring import check_references
from connector.targets.servicenow.structure import Column, Table
from connector.targets.servicenow.tags import NOTE
from connector.targets.servicenow.values import text_of

_SHOWN = 8


def check_fields(dialect: Dialect, writings: Sequence[Writing], table: Table) -> Iterator[Finding]:
    """What is wrong with each field that a mapping writes; one line for all that are right."""
    right: list[str] = []
    unread: list[str] = []
    for name, users in _users(writings).items():
        found = list(_check_field(dialect, name, users, table))
        yield from found
        right += [] if found else [name]
        is_choice = dialect.kind.catalogue.spec(name).kind is FieldKind.CHOICE
        unread += [name] if is_choice and name in table.columns and not table.choices.get(name) else []
    if unread:
        remedy = "let the account read sys_choice, or look at the choice lists yourself"
        yield warning("choices", f"of {', '.join(sorted(unread))} are not to be seen", remedy)
    if right:
        yield ok("fields", f"{len(right)} are there and take what is written: {', '.join(sorted(right))}")


def _users(writings: Sequence[Writing]) -> dict[str, list[Writing]]:
    """By field, the mappings that write it."""
    users: dict[str, list[Writing]] = {}
    for writing in writings:
        for name in {
            **writing.values,
            **({writing.tags_into: ()} if writing.tags_into not in {"", NOTE} else {}),
        }:
            users.setdefault(name, []).append(writing)
    return users


def _check_field(dialect: Dialect, name: str, users: Sequence[Writing], table: Table) -> Iterator[Finding]:
    mappings = ", ".join(dict.fromkeys(each.mapping for each in users))
    column = table.columns.get(name)
    if column is None:
        what = f"{dialect.table} has no such field, and what is written is dropped in silence"
        yield problem(f"field {name}", what, f"add it, or take it out of {mappings}")
        return
    yield from _check_room(dialect, name, mappings, column)
    yield from _check_choices(dialect, name, users, table.choices.get(name, {}))
    yield from check_references(name, users, column, table.ancestry)


def _check_room(dialect: Dialect, name: str, mappings: str, column: Column) -> Iterator[Finding]:
    subject = f"field {name}"
    if column.read_only:
        yield warning(
            subject, "is read-only, and what is written may be dropped", f"take it out of {mappings}"
        )
    limit = dialect.kind.catalogue.spec(name).limit
    if limit and column.is_text and 0 < column.length < limit:
        what = f"holds {column.length} characters, and up to {limit} are written: the rest is cut in silence"
        yield warning(
            subject, what, f"make it longer, or shorten it with `cut({column.length})` in {mappings}"
        )


def _check_choices(
    dialect: Dialect, name: str, users: Sequence[Writing], known: Mapping[str, str]
) -> Iterator[Finding]:
    written = {
        text: each.mapping
        for each in users
        for value in each.values.get(name, ())
        if not isinstance(value, Lookup) and (text := text_of(name, value))
    }
    if not known:
        return
    labelled = name in dialect.kind.cycle.labelled
    legal = {*known, *(label for label in known.values() if labelled)}
    folded = {each.casefold() for each in legal} if labelled else legal
    for text, mapping in written.items():
        if (text.casefold() if labelled else text) not in folded:
            yield problem(
                f"field {name}",
                f"`{text}` ({mapping}) is not among its choices",
                _nearest(text, known, labelled),
            )


def _nearest(text: str, known: Mapping[str, str], labelled: bool) -> str:
    words = [label if labelled else value for value, label in known.items()]
    near = difflib.get_close_matches(text, words, n=1)
    guess = f"did you mean `{near[0]}`? " if near else ""
    shown = words[:_SHOWN]
    more = f", and {len(words) - len(shown)} more" if len(words) > len(shown) else ""
    return f"{guess}its choices are {', '.join(shown)}{more}"
