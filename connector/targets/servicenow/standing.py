"""What a mapping wants done where the record's own state stands in the way of a write. Pure.

A state stands in the way when the record is closed or cancelled and any field is due, or when it is resolved and the
incident is not. A new record is only opened for an incident that goes on: what is said of one that is over on both
sides goes into the notes of the record that it has.
"""

from connector.model import Lookup
from connector.targets.servicenow.lifecycle import FINAL, RESOLVED, LifeCycle
from connector.targets.servicenow.references import References
from connector.targets.servicenow.refusals import closed
from connector.targets.servicenow.row import Memory, Row
from connector.targets.writing import Due

REOPEN, FOLLOW_UP, NOTE, REPORT = "reopen", "follow_up", "note", "report"


def may_be_in_the_way(due: Due, cycle: LifeCycle) -> bool:
    """Whether a look must tell the record's state before fields are written."""
    if not due.fields:
        return False
    wishes = due.delivery.record.when_record
    asks = any(wish != REOPEN for state, wish in wishes.items() if state in {RESOLVED, *FINAL})
    return (
        asks
        or (cycle.looks and "state" in due.fields)
        or cycle.standing(Memory.of(due.link).state, {}) in FINAL
    )


def asked_for(due: Due, row: Row, cycle: LifeCycle, references: References) -> str:
    """What the mapping asks for where the record's state is in the way: `follow_up` or `note`; "": nothing special.

    Raises RejectedError where it asks for a report.
    """
    standing = cycle.standing(row.state, references.states)
    wish = due.delivery.record.when_record.get(standing, "") if due.fields else ""
    over = _is_over(due, cycle, references)
    if not wish or (standing == RESOLVED and (over or wish == REOPEN)):
        return ""
    if wish == REPORT:
        raise closed(row.number, row.state, standing)
    return NOTE if wish == FOLLOW_UP and over else wish


def why_left(row: Row, cycle: LifeCycle, references: References) -> str:
    """Why the fields of a record stay as they are."""
    return f"the record is {cycle.standing(row.state, references.states)}; only notes are added"


def _is_over(due: Due, cycle: LifeCycle, references: References) -> bool:
    """Whether the incident, too, is at an end, or nothing is wanted of the state."""
    wanted = due.delivery.record.fields.get("state")
    if wanted is None or isinstance(wanted, Lookup):
        return True
    text = references.resolve({"state": wanted}).texts.get("state", "")
    return not text or bool(cycle.standing(text, references.states))
