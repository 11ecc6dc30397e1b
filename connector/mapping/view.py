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
from connector.mapping.vocabulary import PROPERTIES, STATUS, Kind, Property, Vocabulary
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


class _Values(dict[str, Any]):
    """The properties of one snapshot as expressions see them, each worked out when it is first asked for.

    A word that nobody knows is not kept: whoever asks for it is told.
    """

    __slots__ = ("snapshot",)

    def __init__(self, snapshot: Snapshot) -> None:
        super().__init__()
        self.snapshot = snapshot

    def __missing__(self, name: str) -> Any:
        value = self[name] = _READERS[name](self.snapshot)
        return value


class View:
    """One incident under one route while a mapping is applied to it; used once, by one thread.

    `lenient` is set while notes are written: a template then prints an unknown word as it is. `cut` collects the
    names of fields whose text was shortened. `values` has every property by name, `old_values` those of the previous
    revision; they raise UndecidedError.
    """

    __slots__ = (
        "_cache",
        "_lets",
        "_old",
        "cut",
        "facts",
        "item",
        "lenient",
        "old_values",
        "snapshot",
        "values",
    )

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
        self.values = _Values(snapshot)
        self.old_values = None if old is None else _Values(old)
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
        if self._old is None and self.old_values is not None:
            self._old = self._beside(self.old_values, lenient=self.lenient)
        return self._old

    def speaking(self) -> "View":
        """The same incident for writing notes; what is cut there is collected here."""
        view = self._beside(self.values, lenient=True)
        view.old_values, view.cut = self.old_values, self.cut
        return view

    def earlier(self) -> "View | None":
        """The incident as it was mapped last, records that are recent not yet known; None at first sight."""
        if self.old_values is None:
            return None
        facts = NO_FACTS if self.facts.recent else self.facts
        return self._beside(self.old_values, lenient=self.lenient, facts=facts)

    def _beside(self, values: _Values, *, lenient: bool, facts: Facts | None = None) -> "View":
        facts = self.facts if facts is None else facts
        view = View(values.snapshot, lets=self._lets, facts=facts, lenient=lenient)
        view.values = values
        return view

    def let(self, name: str) -> Any:
        """The value of a `let` name, worked out once. Raises UndecidedError like the expression behind it."""
        cache = self._cache
        if name in cache:
            return cache[name]
        value = cache[name] = self._lets[name](self)
        return value


def reader(name: str) -> Callable[[View], Any]:
    """A function from a view to the value of an incident property."""
    return lambda view: view.values[name]


def _reader(name: str, known: Property) -> Callable[[Snapshot], Any]:
    if name == "experts":
        return _experts
    if known.kind is Kind.ENUM and known.vocabulary is not None:
        return _enum_reader(name, known.vocabulary)
    source = "incidentWebUrl" if name == "portalUrl" else name
    return _text_reader(source) if known.kind in _TEXTUAL else _cleaned(source, _CLEANERS[known.kind])


def _text_reader(source: str) -> Callable[[Snapshot], str | None]:
    def read(snapshot: Snapshot) -> str | None:
        raw = snapshot.get(source)
        return raw if type(raw) is str and not raw.isspace() else text_of(raw)

    return read


def _cleaned(source: str, clean: Callable[[JSON], Any]) -> Callable[[Snapshot], Any]:
    return lambda snapshot: clean(snapshot.get(source))


def _enum_reader(name: str, vocabulary: Vocabulary) -> Callable[[Snapshot], str]:
    exact = {member: member for member in vocabulary.members}

    def read(snapshot: Snapshot) -> str:
        raw = snapshot.get(name)
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
    """A text property: numbers are shown, anything else is null, and blanks alone say nothing."""
    if isinstance(value, str):
        return "" if value.isspace() else value
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
    texts = [item if type(item) is str else text_of(item) for item in value[:MAX_ITEMS]]
    return [text for text in texts if text is not None]


def comments_of(value: JSON) -> list[dict[str, str | None]]:
    """The incident's comments with exactly the members the vendor documents."""
    if not isinstance(value, list | tuple):
        return []
    return [
        {
            "comment": text_of(item.get("comment")),
            "createdByDisplayName": text_of(item.get("createdByDisplayName")),
            "createdDateTime": text_of(item.get("createdDateTime")),
        }
        for item in value[:MAX_ITEMS]
        if isinstance(item, dict | Mapping)
    ]


_TEXTUAL = frozenset({Kind.TEXT, Kind.TIME})
_CLEANERS: Mapping[Kind, Callable[[JSON], Any]] = MappingProxyType(
    {
        Kind.OWNER: owner_of,
        Kind.NUMBER: number_of,
        Kind.TEXTS: texts_of,
        Kind.COMMENTS: comments_of,
    }
)

_read_status = _enum_reader("status", STATUS)


def _experts(snapshot: Snapshot) -> str:
    """How far Microsoft's Defender Experts are with the incident, from its status, owner and system tags.

    They take it by becoming its owner and hand it over with the status awaitingAction or to the owner Customer; the
    tag Defender Experts marks incidents that they have finished (learn.microsoft.com, "Managed detection and
    response").
    """
    status = _read_status(snapshot)
    owner = (owner_of(snapshot.get("assignedTo")) or "").casefold()
    tagged = any(tag.strip().casefold() == EXPERTS_NAME for tag in texts_of(snapshot.get("systemTags")))
    if status in {"resolved", "redirected"}:
        return "finished" if tagged or owner in {EXPERTS_NAME, CUSTOMER_NAME} else "none"
    if status == "awaitingAction" or owner == CUSTOMER_NAME:
        return "handedOver"
    if owner == EXPERTS_NAME:
        return "investigating"
    return "finished" if tagged else "none"


_READERS: Mapping[str, Callable[[Snapshot], Any]] = MappingProxyType(
    {name: _reader(name, known) for name, known in PROPERTIES.items()}
)
