"""Which row a lookup means, and which value a choice's label: asked for in batches, verified, remembered for a while.

A reference takes a sys_id; an instance that resolves names itself takes the first of several people who share
one. So rows are looked up by the fields the mapping names, and only a single match counts. A person who was
found is remembered longer than one who was not, because the usual cure is to add the person. Of a table that the
instance does not have, or that the account may not read, nothing is known: what refers to it is left as it is, never
emptied, and the ticket goes out.

Choices whose stored values are the instance's own are named by their labels, without regard to case; a label that the
choice list does not have is taken for the value itself, except for a state, which is left.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import quote

from connector.errors import ForbiddenError, RejectedError
from connector.model import FieldValue, Lookup
from connector.targets.servicenow.calls import Calls
from connector.targets.servicenow.row import Row
from connector.targets.servicenow.values import is_listable, is_queryable, text_of

_FOUND_SECONDS = 900.0
_MISSED_SECONDS = 120.0
_BATCH = 50
_ROOM = 6_000  # characters of an address for names; one that is too long is refused
_MOST = 20_000
_CHOICES = 10_000  # they come in every language of the instance
_STATE = "state"
_CHOICE_FIELDS = ("name", "element", "label", "value")

_Ask = tuple[str, tuple[str, ...], str]  # table, fields, value without regard to case


@dataclass(frozen=True, slots=True)
class Resolved:
    """Fields as texts, and those that are left because their row was not found, each with the reason."""

    texts: Mapping[str, str]
    left: Mapping[str, str]


class References:
    """Remembers which rows were found.

    `monotonic` is in seconds; `labelled` are the choices of `table` that are named by label.
    """

    def __init__(
        self, monotonic: Callable[[], float], table: str = "", labelled: tuple[str, ...] = ()
    ) -> None:
        self._monotonic = monotonic
        self._table = table
        self._labelled = labelled
        self._choices: Mapping[str, Mapping[str, str]] = {}  # by field: values by label
        self._choices_until = 0.0
        self._found: dict[_Ask, tuple[float, frozenset[str]]] = {}
        self._refused: dict[_Ask, str] = {}  # why it could not be asked

    @property
    def states(self) -> Mapping[str, str]:
        """The values of the table's states by label, casefolded, where they are named so."""
        return self._choices.get(_STATE, {})

    async def learn(self, calls: Calls, values: Iterable[FieldValue]) -> None:
        """Ask for the lookups among `values` whose rows are not known, in one request for each kind."""
        if self._labelled and self._choices_until <= self._monotonic():
            await self._learn_choices(calls)
        kinds: dict[tuple[str, tuple[str, ...]], dict[str, str]] = {}
        for value in values:
            if isinstance(value, Lookup) and is_queryable(value.value) and not self._knows(_ask(value)):
                asked = value.value.strip()
                kinds.setdefault((value.table, value.by), {})[asked.casefold()] = asked
        for (table, by), wanted in kinds.items():
            for names in _batches(wanted.values(), len(by)):
                await self._learn(calls, table, by, names)

    def resolve(self, fields: Mapping[str, FieldValue]) -> Resolved:
        """The texts of fields whose lookups were learnt."""
        texts: dict[str, str] = {}
        left: dict[str, str] = {}
        for name, value in fields.items():
            if not isinstance(value, Lookup):
                text = self._chosen(name, text_of(name, value))
                if text is None:
                    left[name] = f"{self._table} has no state {value!r} in sys_choice"
                else:
                    texts[name] = text
                continue
            found = self._rows(value)
            if refused := self._refused.get(_ask(value)):
                left[name] = refused
            elif len(found) == 1:
                texts[name] = next(iter(found))
            elif (value.on_many if found else value.on_missing) == "clear":
                texts[name] = ""
            else:
                left[name] = _why(value, len(found))
        return Resolved(texts, left)

    def _chosen(self, name: str, text: str) -> str | None:
        """The stored value of a choice; None for a state that the instance does not have."""
        if name not in self._labelled:
            return text
        return self._choices.get(name, {}).get(text.casefold(), None if name == _STATE else text)

    async def _learn_choices(self, calls: Calls) -> None:
        query = f"name={self._table}^elementIN{','.join(self._labelled)}^inactive=false"
        rows = await calls.rows(query, ("sys_id", *_CHOICE_FIELDS), limit=_CHOICES, table="sys_choice")
        found: dict[str, dict[str, str]] = {}
        for row in rows:
            name, element, label, value = (row.text(field) for field in _CHOICE_FIELDS)
            if name == self._table and element in self._labelled:
                found.setdefault(element, {})[label.strip().casefold()] = value
        self._choices = found
        kept = _FOUND_SECONDS if _STATE in found else _MISSED_SECONDS
        self._choices_until = self._monotonic() + kept

    def _rows(self, lookup: Lookup) -> frozenset[str]:
        return self._found.get(_ask(lookup), (0.0, frozenset[str]()))[1]

    def _knows(self, ask: _Ask) -> bool:
        return ask in self._found and self._found[ask][0] > self._monotonic()

    async def _learn(self, calls: Calls, table: str, by: tuple[str, ...], names: list[str]) -> None:
        query = "^OR".join(_condition(column, names) for column in by)
        refused, rows = "", list[Row]()
        try:
            rows = await calls.rows(query, ("sys_id", "active", *by), limit=1000, table=table)
        except (RejectedError, ForbiddenError) as error:
            refused = str(error)
        if len(self._found) > _MOST:
            self._found.clear()
            self._refused.clear()
        now = self._monotonic()
        for name in names:
            ask = table, by, name.casefold()
            found = frozenset(row.sys_id for row in rows if _is_meant(row, by, ask[-1]))
            until = now + (_FOUND_SECONDS if len(found) == 1 else _MISSED_SECONDS)
            self._found[ask] = (until, found)
            self._refused.pop(ask, None)
            if refused:
                self._refused[ask] = refused


def _ask(lookup: Lookup) -> _Ask:
    return lookup.table, lookup.by, lookup.value.strip().casefold()


def _batches(names: Iterable[str], columns: int) -> Iterator[list[str]]:
    """Names that fit into one address: each stands there twice for each column."""
    batch: list[str] = []
    room = _ROOM
    for name in names:
        size = 2 * columns * len(quote(name))
        if batch and (size > room or len(batch) == _BATCH):
            yield batch
            batch, room = [], _ROOM
        batch.append(name)
        room -= size
    if batch:
        yield batch


def _condition(column: str, names: Iterable[str]) -> str:
    """The instance compares with regard to case, and stores e-mail addresses mostly in lower case."""
    spellings = dict.fromkeys(part for name in names for part in (name, name.lower()))
    listed = ",".join(filter(is_listable, spellings))
    alone = [f"{column}={name}" for name in spellings if not is_listable(name)]
    return "^OR".join([*([f"{column}IN{listed}"] if listed else []), *alone])


def _is_meant(row: Row, by: tuple[str, ...], key: str) -> bool:
    """Whether the row has the value in one of the fields; people and groups out of use never count."""
    return row.text("active") != "false" and any(row.text(name).strip().casefold() == key for name in by)


def _why(lookup: Lookup, found: int) -> str:
    count = f"{found} rows" if found else "no row"
    return f"{count} in {lookup.table} with {' or '.join(lookup.by)} {lookup.value[:100]!r}"
