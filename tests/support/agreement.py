"""Whether the targets agree with what the mappings want now, worked out without looking at how that came about."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from connector.app import App
from connector.audit import AuditKind, SealedRow
from connector.config import Config
from connector.mocks.world import World
from connector.model import FieldValue, IncidentKey, Lookup, Mapped, Mode, Snapshot
from connector.plan import Reason
from connector.store import Tx, audits, links, snapshots

_MARK = re.compile(r"\[mdxdr:[0-9a-f]{12}\]")
_REOPENED = {"1": "2"}  # ServiceNow has no way back from Resolved to New


@dataclass(frozen=True)
class Wish:
    """What one route wants of one incident, and what it has; `record` is the id of the linked record."""

    route: str
    key: IncidentKey
    snapshot: Snapshot
    mapped: Mapped
    created: bool
    record: str | None


async def wishes(app: App, config: Config) -> list[Wish]:
    """Every incident that was read, under every route."""
    return await app.store.read(lambda tx: list(_wishes(tx, config)))


def _wishes(tx: Tx, config: Config) -> Iterator[Wish]:
    rows = audits.read(tx, kind=AuditKind.DECIDED, limit=None)
    decided = {(row.route, IncidentKey(row.tenant, row.incident)): False for row in rows}
    for row in rows:
        if row.said().get("data", {}).get("reason") == Reason.CREATE:
            decided[row.route, IncidentKey(row.tenant, row.incident)] = True
    mappings = {route.name: route.mapping for route in config.routes}
    for (route, key), created in decided.items():
        body = snapshots.latest(tx, [key])[key].body
        linked = next((each for each in links.of_incident(tx, key) if each.route == route), None)
        mapped = mappings[route].apply(body, body)
        yield Wish(route, key, body, mapped, created, linked.link.external_id if linked else None)


class Shelves:
    """The records of both targets; `take` removes what it gives, so that what nobody wants is left over."""

    def __init__(self, world: World, labels: Mapping[str, set[str]]) -> None:
        sentinel, self._tables = world.sentinel.contents(), world.servicenow.contents()
        self._comments = sentinel["comments"]
        self._labels = labels
        self.records: dict[str, Any] = {each["name"]: each["properties"] for each in sentinel["incidents"]}
        self.records |= {row["sys_id"]: row for row in self._tables["incident"]}
        users = self._tables["sys_user"]
        self._people = {row[name]: row["sys_id"] for row in users for name in ("user_name", "email")}

    def take(self, wish: Wish) -> Iterator[str]:
        """What is wrong with the record of a wish."""
        held = self.records.pop(wish.record or "", None)
        if held is None or not wish.created:
            if wish.created or held is not None or wish.mapped.may_create:
                yield f"creation decided: {wish.created}, wanted: {wish.mapped.may_create}, held: {held}"
            return
        if "labels" in held:
            yield from _sentinel(wish, held)
            yield from _labels(wish, held, self._labels.get(wish.record or "", set()))
        else:
            yield from _servicenow(wish, held, self._people)
        yield from _notes(wish, "\n".join(self._said(wish.record)))

    def _said(self, record: str | None) -> Iterator[str]:
        for comment in self._comments.get(record, ()):
            yield comment["properties"]["message"]
        for entry in self._tables["sys_journal_field"]:
            if entry["element_id"] == record:
                yield entry["value"]


def disagreements(world: World, wished: Sequence[Wish], labels: Mapping[str, set[str]]) -> Iterator[str]:
    """Where the targets do not hold what is wanted; `labels` are those that people have set, by record."""
    shelves = Shelves(world, labels)
    for wish in wished:
        yield from (f"{wish.route} {wish.key.incident}: {each}" for each in shelves.take(wish))
    yield from (f"nobody wants {name}" for name in shelves.records)


def _followed(wish: Wish) -> Iterator[tuple[str, FieldValue]]:
    modes = wish.mapped.record.modes
    return (
        (name, value)
        for name, value in wish.mapped.record.fields.items()
        if modes.get(name) is not Mode.INITIAL
    )


def _sentinel(wish: Wish, held: Mapping[str, Any]) -> Iterator[str]:
    for name, value in _followed(wish):
        wanted = "" if value is None else str(value)
        owner = {str(each) for each in held["owner"].values() if each}
        has = (
            (owner == set() if not wanted else wanted in owner)
            if name == "owner"
            else _same(wanted, held.get(name))
        )
        if not has:
            yield f"{name} is {held.get(name)!r} and not {wanted!r}"


def _labels(wish: Wish, held: Mapping[str, Any], theirs: set[str]) -> Iterator[str]:
    has = {label["labelName"].casefold() for label in held["labels"]}
    wanted = {tag.casefold() for tag in (*wish.mapped.record.tags, *theirs)}
    missing, superfluous = wanted - has, set() if wish.mapped.record.keep_tags else has - wanted
    if missing or superfluous:
        yield f"labels {sorted(missing)} are missing, {sorted(superfluous)} superfluous"


def _servicenow(wish: Wish, held: Mapping[str, Any], people: Mapping[str, str]) -> Iterator[str]:
    for name, value in _followed(wish):
        if isinstance(value, Lookup):
            wanted = people.get(value.value)
            if wanted is None:
                continue  # nobody of that name: the ticket stays where it is
        else:
            wanted = "" if value is None else str(value)
        if not _same(wanted, held[name]) and not (name == "state" and held[name] == _REOPENED.get(wanted)):
            yield f"{name} is {held[name]!r} and not {wanted!r}"


def _same(wanted: str, held: object) -> bool:
    return str(held or "").rstrip() == wanted.rstrip()


def _notes(wish: Wish, text: str) -> Iterator[str]:
    twice = [mark for mark, count in Counter(_MARK.findall(text)).items() if count > 1]
    if twice:
        yield f"notes {twice} are there more than once"
    for comment in wish.snapshot["comments"]:
        count = text.count(comment["comment"])
        if count != 1:
            yield f"the comment {comment['comment']!r} is there {count} times"


def without_outcome(rows: Sequence[SealedRow]) -> list[str]:
    """Evaluations of which the audit does not say what became of them."""

    def evaluation(row: SealedRow) -> tuple[str, ...]:
        said = row.said()
        return (row.route, row.incident, said.get("revision", ""), said.get("content", ""))

    ended = {evaluation(row) for row in rows if row.outcome}
    decided = {evaluation(row) for row in rows if row.kind == AuditKind.DECIDED}
    return [str(each) for each in sorted(decided - ended)]
