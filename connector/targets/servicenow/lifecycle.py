"""How records of a table move from state to state: what stands in the way of a write, and the way round it. Pure.

Each table has one: incidents go from any state to any but out of the final ones, security incidents forward only and
step by step. Saying so here gives a sentence instead of a business rule's name. Sources: ServiceNow docs, "Incident
management state model", "Resolve and close an incident", "Reopening an incident"; "Security Incident Response setup
assistant" (process definitions), "Closing security incidents".
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import ClassVar, Protocol

from connector.targets.servicenow.catalogue import ON_HOLD

# What `when_record` calls the states that may stand in a write's way.
RESOLVED, CLOSED, CANCELED = "resolved", "closed", "canceled"
FINAL = frozenset({CLOSED, CANCELED})

# The stored value of each state by its label, casefolded, as the instance's choice list has them.
Labels = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Way:
    """How a record gets to what is wanted: the states to pass, one write each, then the texts of the last write.

    `left` gives the fields that stay as they are, with the reason.
    """

    texts: Mapping[str, str]
    through: tuple[str, ...] = ()
    left: Mapping[str, str] = field(default_factory=dict)


class LifeCycle(Protocol):
    """The states of one table's records."""

    labelled: ClassVar[tuple[str, ...]]
    """Choices that a mapping names by their labels, because their values are the instance's own."""
    looks: ClassVar[bool]
    """Whether a record must be looked at before its state is written."""

    def standing(self, state: str, labels: Labels) -> str:
        """What `when_record` calls a state: `resolved`, `closed`, `canceled`, or "" where nothing is in the way."""
        ...

    def start(self, labels: Labels) -> str:
        """The state of a new record that was given none."""
        ...

    def beginning(self, texts: Mapping[str, str], labels: Labels) -> dict[str, str]:
        """The part of the texts that a new record can be made with; the others have to follow."""
        ...

    def way(self, texts: Mapping[str, str], held: str, before: str, labels: Labels) -> Way:
        """How a record in state `held` gets to `texts`.

        `before` is the state that the last attempt started from, if its answer was lost.
        """
        ...


class IncidentCycle:
    """A resolved incident goes back to In Progress, never to New; a closed or cancelled one is final."""

    labelled: ClassVar[tuple[str, ...]] = ()
    looks: ClassVar[bool] = False
    _STANDING: ClassVar[Mapping[str, str]] = MappingProxyType({"6": RESOLVED, "7": CLOSED, "8": CANCELED})
    _NEW, _IN_PROGRESS, _RESOLVED = "1", "2", "6"

    def standing(self, state: str, labels: Labels) -> str:  # noqa: ARG002  # the protocol's
        """The same numbers on every instance."""
        return self._STANDING.get(state, "")

    def start(self, labels: Labels) -> str:  # noqa: ARG002  # as above
        """New."""
        return self._NEW

    def beginning(self, texts: Mapping[str, str], labels: Labels) -> dict[str, str]:  # noqa: ARG002  # as above
        """Everything: a new incident may be in any state."""
        return dict(texts)

    def way(self, texts: Mapping[str, str], held: str, before: str, labels: Labels) -> Way:  # noqa: ARG002  # as above
        """One write.

        A reason for being on hold that was set once and only comes along with a new state would be refused, or worse
        kept, by a record that is not on hold.
        """
        state = texts.get("state")
        if state is None:
            return Way(texts)
        fitting = {**texts, "state": self._allowed(state, held, before)}
        if texts.get("hold_reason") and fitting["state"] != ON_HOLD:
            fitting["hold_reason"] = ""
        return Way(fitting)

    def _allowed(self, wanted: str, held: str, before: str) -> str:
        """The state to send; a record that the lost attempt has reopened already is In Progress and stays so."""
        reopened = before == self._RESOLVED and held == self._IN_PROGRESS
        return self._IN_PROGRESS if wanted == self._NEW and (held == self._RESOLVED or reopened) else wanted


class SecurityCycle:
    """A process that goes forward only, one state after the other; the numbers are read from the instance.

    States that an instance does not have are passed over, and one that is the customer's own is left and entered
    directly. Where the process allows more (NIST Open), going step by step is allowed, too.
    """

    labelled: ClassVar[tuple[str, ...]] = ("state", "close_code", "category", "substate")
    looks: ClassVar[bool] = True
    _PROCESS = ("draft", "analysis", "contain", "eradicate", "recover", "review", "closed")
    _CANCELED = ("cancelled", "canceled")

    def standing(self, state: str, labels: Labels) -> str:
        """By the label of the state."""
        label = next((label for label, value in labels.items() if value == state), "")
        return CANCELED if label in self._CANCELED else CLOSED if label == self._PROCESS[-1] else ""

    def start(self, labels: Labels) -> str:
        """Draft."""
        return labels.get(self._PROCESS[0], "")

    def beginning(self, texts: Mapping[str, str], labels: Labels) -> dict[str, str]:
        """Without the state, unless it is the first: a new record begins there."""
        if texts.get("state") in {None, labels.get(self._PROCESS[0])}:
            return dict(texts)
        return {name: text for name, text in texts.items() if name != "state"}

    def way(self, texts: Mapping[str, str], held: str, before: str, labels: Labels) -> Way:  # noqa: ARG002  # as above
        """Every state between, each in a write of its own; none backwards."""
        order = [labels[label] for label in self._PROCESS if label in labels]
        state = texts.get("state")
        ended = self.standing(held, labels) in FINAL  # which is refused in words of its own
        if state is None or state not in order or held not in order or ended:
            return Way(texts)
        start, end = order.index(held), order.index(state)
        if end >= start:
            return Way(texts, tuple(order[start + 1 : end]))
        rest = {name: text for name, text in texts.items() if name != "state"}
        label = self._PROCESS[[labels.get(each) for each in self._PROCESS].index(held)].capitalize()
        return Way(rest, left={"state": f"the record is at {label}, and its process goes forward only"})
