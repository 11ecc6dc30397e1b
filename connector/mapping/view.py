"""The incident as expressions see it: names to values, read when asked for, and never an exception but one.

A hostile or odd snapshot degrades here, at the border of the language: wrong types become null or empty, so that
nothing further in has to think of them. The exception is `UndecidedError`: a property holds a word that the vendor
added later. It is raised, and not a value of its own, so that no operator can forget to pass it on; only `and`,
`or` and the printing of notes catch it, because only they can go on without an answer.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from connector.mapping.text import MAX_ITEMS, show
from connector.mapping.vocabulary import STATUS, Kind, Property, Vocabulary
from connector.model import JSON, NO_FACTS, Facts, Snapshot

Let = Callable[["View"], Any]

EXPERTS_NAME = "defender experts"
CUSTOMER_NAME = "customer"
_LONGEST_WORD = 200


class UndecidedError(Exception):
    """A property holds a word that is in no vocabulary; whoever needed it cannot decide."""

    def __init__(self, name: str, value: str) -> None:
        super().__init__(name, value)
        self.name = name
        self.value = value


class View:
    """One incident under one route while a mapping is applied to it; used once, by one thread.

    `lenient` is set while notes are written: a template then prints an unknown word as it is. `cut` collects the
    names of fields whose text was shortened.
    """

    __slots__ = ("_cache", "_lets", "_old", "_old_snapshot", "cut", "facts", "item", "lenient", "snapshot")

    def __init__(
        self,
        snapshot: Snapshot,
        old: Snapshot | None = None,
        lets: Mapping[str, Let] | None = None,
        *,
        facts: Facts = NO_FACTS,
        lenient: bool = False,
    ) -> None:
        self.snapshot = snapshot
        self._old_snapshot = old
        self._old: View | None = None
        self.item: Any = None
        self.facts = facts
        self.lenient = lenient
        self.cut: list[str] = []
        self._lets = lets or {}
        self._cache: dict[str, Any] = {}

    @property
    def old(self) -> "View | None":
        """The incident at the previous revision read; None at first sight."""
        if self._old is None and self._old_snapshot is not None:
            self._old = View(self._old_snapshot, lets=self._lets, facts=self.facts, lenient=self.lenient)
        return self._old

    def speaking(self) -> "View":
        """The same incident for writing notes; what is cut there is collected here."""
        view = View(self.snapshot, self._old_snapshot, self._lets, facts=self.facts, lenient=True)
        view.cut = self.cut
        return view

    def let(self, name: str) -> Any:
        """The value of a `let` name, worked out once. Raises UndecidedError like the expression behind it."""
        if name not in self._cache:
            self._cache[name] = self._lets[name](self)
        return self._cache[name]


def reader(name: str, known: Property) -> Callable[[View], Any]:
    """A function from a view to the value of an incident property."""
    if name == "experts":
        return _experts
    if known.kind is Kind.ENUM and known.vocabulary is not None:
        return _enum_reader(name, known.vocabulary)
    clean = _CLEANERS[known.kind]
    source = "incidentWebUrl" if name == "portalUrl" else name
    return lambda view: clean(view.snapshot.get(source))


def _enum_reader(name: str, vocabulary: Vocabulary) -> Callable[[View], str]:
    exact = {member: member for member in vocabulary.members}

    def read(view: View) -> str:
        raw = view.snapshot.get(name)
        if isinstance(raw, str):
            member = exact.get(raw) or vocabulary.member(raw)
        else:
            member = vocabulary.default if raw is None else None
        if member is None:
            raise UndecidedError(name, _word(raw))
        return member

    return read


def _word(raw: JSON) -> str:
    if isinstance(raw, str):
        return raw[:_LONGEST_WORD]
    return "null" if raw is None else "not a word"


def text_of(value: JSON) -> str | None:
    """A text property: numbers are shown, anything else is null."""
    if isinstance(value, str):
        return value
    return show(value) if _is_small(value) else None


def _is_small(value: JSON) -> bool:
    """Whether a value is a number of sensible size: Python refuses to print longer ones."""
    return isinstance(value, float) or (isinstance(value, int) and value.bit_length() <= 64)


def owner_of(value: JSON) -> str | None:
    """`assignedTo` trimmed; null, "" and the portal's word Unassigned are one null."""
    text = value.strip() if isinstance(value, str) else ""
    return None if text == "" or text.casefold() == "unassigned" else text


def number_of(value: JSON) -> int | None:
    """A whole number; anything else is null."""
    return value if isinstance(value, int) and not isinstance(value, bool) and _is_small(value) else None


def texts_of(value: JSON) -> list[str]:
    """A list of texts: other items are shown or dropped, anything but a list is empty."""
    if not isinstance(value, list | tuple):
        return []
    texts = (text_of(item) for item in value[:MAX_ITEMS])
    return [text for text in texts if text is not None]


def comments_of(value: JSON) -> list[dict[str, str | None]]:
    """The incident's comments with exactly the members the vendor documents."""
    if not isinstance(value, list | tuple):
        return []
    names = ("comment", "createdByDisplayName", "createdDateTime")
    items = (item for item in value[:MAX_ITEMS] if isinstance(item, Mapping))
    return [{name: text_of(item.get(name)) for name in names} for item in items]


_CLEANERS: Mapping[Kind, Callable[[JSON], Any]] = MappingProxyType(
    {
        Kind.TEXT: text_of,
        Kind.TIME: text_of,
        Kind.OWNER: owner_of,
        Kind.NUMBER: number_of,
        Kind.TEXTS: texts_of,
        Kind.COMMENTS: comments_of,
    }
)

_read_status = _enum_reader("status", STATUS)


def _experts(view: View) -> str:
    """How far Microsoft's Defender Experts are with the incident, from its status, owner and system tags.

    They take it by becoming its owner and hand it over with the status awaitingAction or to the owner Customer; the
    tag Defender Experts marks incidents that they have finished (learn.microsoft.com, "Managed detection and
    response").
    """
    status = _read_status(view)
    owner = (owner_of(view.snapshot.get("assignedTo")) or "").casefold()
    tagged = any(tag.strip().casefold() == EXPERTS_NAME for tag in texts_of(view.snapshot.get("systemTags")))
    if status in {"resolved", "redirected"}:
        return "finished" if tagged or owner in {EXPERTS_NAME, CUSTOMER_NAME} else "none"
    if status == "awaitingAction" or owner == CUSTOMER_NAME:
        return "handedOver"
    if owner == EXPERTS_NAME:
        return "investigating"
    return "finished" if tagged else "none"
