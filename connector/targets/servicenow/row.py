"""A ServiceNow record as an answer showed it, and what a link remembers of it. Pure.

A link keeps only what cannot be worked out again: the state, and the values of fields that the instance gave
back otherwise than we sent them (references, cut texts, a state changed on the way).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from connector.errors import TransientError
from connector.model import JSON, FieldValue, Link, NotTaken
from connector.targets.servicenow.values import is_choice, is_same, shown, text_of

KEY = "correlation_id"
ALWAYS = ("sys_id", "number", "state", "sys_mod_count", KEY)


@dataclass(frozen=True, slots=True)
class Row:
    """One record: `values` are the fields of the answer, as sent by the instance."""

    values: Mapping[str, JSON]

    @property
    def sys_id(self) -> str:
        """The primary key."""
        return shown(self.values.get("sys_id"))

    @property
    def number(self) -> str:
        """What people call the record, e.g. INC0010001."""
        return shown(self.values.get("number"))

    @property
    def key(self) -> str:
        """The key of the incident it belongs to."""
        return shown(self.values.get(KEY))

    @property
    def state(self) -> str:
        """The number of its state, e.g. 6."""
        return shown(self.values.get("state"))

    def text(self, name: str) -> str:
        """A field as text; empty when the answer does not have it."""
        return shown(self.values.get(name))

    def has(self, name: str, text: str) -> bool:
        """Whether a field holds a text."""
        return is_same(text, self.values.get(name))

    def updated(self, later: "Row") -> "Row":
        """This record with the fields of a later answer."""
        return Row({**self.values, **later.values})


def from_answer(body: JSON) -> Row:
    """Read a record from an answer. Raises TransientError when the body is none."""
    result = body.get("result") if isinstance(body, Mapping) else None
    if not isinstance(result, Mapping) or not shown(result.get("sys_id")):
        raise TransientError("ServiceNow answered with a body that is no record")
    return Row(result)


def rows_from(body: JSON) -> list[Row]:
    """Read a list of records from an answer. Raises TransientError when the body is none."""
    result = body.get("result") if isinstance(body, Mapping) else None
    if not isinstance(result, list):
        raise TransientError("ServiceNow answered with a body that is no list of records")
    return [Row(row) for row in result if isinstance(row, Mapping) and shown(row.get("sys_id"))]


@dataclass(frozen=True, slots=True)
class Memory:
    """What a link remembers: the record's state, and fields that came back in another form.

    `token` is the last one that the record was seen to keep; `tokenless` when it did not keep the last it was sent.
    """

    state: str = ""
    forms: Mapping[str, str] = field(default_factory=dict)
    tokenless: bool = False
    token: str = ""

    @classmethod
    def of(cls, link: Link | None) -> "Memory":
        """The memory in a link; empty when it has none."""
        remote = link.remote if link else None
        if not isinstance(remote, Mapping):
            return cls()
        return cls(
            str(remote.get("state") or ""),
            remote.get("forms") or {},
            bool(remote.get("tokenless", False)),
            str(remote.get("token") or ""),
        )

    def after(self, row: Row, wanted: Mapping[str, FieldValue]) -> "Memory":
        """The memory once `row` has answered for the fields `wanted`."""
        forms = {name: form for name, form in self.forms.items() if name not in wanted}
        for name, value in wanted.items():
            if not row.has(name, text_of(name, value)):  # a lookup's sys_id always differs from its value
                forms[name] = row.text(name)
        return replace(self, state=row.state or self.state, forms=forms)

    def remote(self) -> JSON:
        """The form in which a link keeps it."""
        remote: dict[str, JSON] = {"state": self.state, "forms": dict(self.forms)}
        remote |= {"tokenless": True} if self.tokenless else {}
        return remote | ({"token": self.token} if self.token else {})


def not_taken(sent: Mapping[str, str], row: Row) -> tuple[NotTaken, ...]:
    """The fields for which the instance answered otherwise than it was sent: an ACL, a rule, a cut.

    Fields without write access and fields that do not exist are dropped with success, so this is the only way
    to notice. A choice that was to be emptied does not count: the API never empties one, and a reopened record
    keeps its close code by design. Source: ServiceNow docs, "Table API".
    """
    return tuple(
        NotTaken(name, text, row.text(name) if name in row.values else None)
        for name, text in sent.items()
        if not row.has(name, text) and not (text == "" and is_choice(name))
    )
