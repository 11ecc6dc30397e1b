"""States that the instance's own life cycle forbids, and the way round that it offers. Pure.

A resolved record goes back to In Progress, never to New; a closed or cancelled one is final. Saying so here
gives a sentence instead of a business rule's name. Source: ServiceNow docs, "Reopening an incident",
"Resolve and close an incident".
"""

from collections.abc import Mapping

from connector.errors import RejectedError
from connector.model import Delivery
from connector.targets.servicenow.catalogue import ON_HOLD
from connector.targets.servicenow.row import FINAL, RESOLVED, Memory

_NEW, _IN_PROGRESS = "1", "2"


def allowed_state(wanted: str, held: str, before: str) -> str:
    """The state to send where `wanted` is to be reached from `held`.

    `before` is the state that the last attempt started from, if its answer was lost: a record that this
    attempt has reopened already is In Progress and stays so.
    """
    if wanted == _NEW and (held == RESOLVED or (before == RESOLVED and held == _IN_PROGRESS)):
        return _IN_PROGRESS
    return wanted


def reachable(texts: Mapping[str, str], held: str, before: str) -> dict[str, str]:
    """The texts of a write, made such that a record in state `held` can follow.

    A reason for being on hold that was set once and only comes along with a new state would be refused, or worse
    kept, by a record that is not on hold.
    """
    state = texts.get("state")
    if state is None:
        return dict(texts)
    fitting = {**texts, "state": allowed_state(state, held, before)}
    if texts.get("hold_reason") and fitting["state"] != ON_HOLD:
        fitting["hold_reason"] = ""
    return fitting


def check_open(number: str, state: str) -> None:
    """Raise RejectedError when the record is in a final state."""
    if state in FINAL:
        raise closed(number, state)


def closed(number: str, state: str) -> RejectedError:
    """The refusal of a write to a record in a final state."""
    return RejectedError(
        f"record {number} is {FINAL[state]} ({state}), which is final in ServiceNow",
        part="record",
        field="state",
        signature=f"final_state_{state}",
        remedy="let the mapping end at Resolved (6), or discard this row",
        alone=True,
    )


def started_from(delivery: Delivery) -> str:
    """The state the record had before an attempt whose answer was lost; empty when none was."""
    return Memory.of(delivery.link).state if delivery.in_doubt else ""
