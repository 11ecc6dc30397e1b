"""The rules of the `incident` table: what the instance changes, and what it refuses, on every write.

Each rule reads a `Change` and edits its `after`, or refuses; the order is the order of the tuple at the
end. Sources: ServiceNow docs, pages "Incident state model", "Resolve and close an incident", "Reopening
an incident", "Default priority lookup rules", "Create an incident", "Data policy". Assumptions, each with
a switch where sites differ: leaving On Hold empties the reason; a reopened incident keeps its resolution
code and notes.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from uuid import NAMESPACE_URL, uuid5

from connector.mocks.servicenow.database import Row
from connector.mocks.servicenow.replies import RefusedError
from connector.mocks.servicenow.session import Session
from connector.mocks.servicenow.settings import Settings

_ON_HOLD, _IN_PROGRESS, _RESOLVED, _CLOSED, _CANCELED = "3", "2", "6", "7", "8"
_FINAL = frozenset({_CLOSED, _CANCELED})
_DONE = frozenset({_RESOLVED, _CLOSED})
_AWAITING_CALLER = "1"


@dataclass
class Change:
    """One write: `before` is None for a new record, `sent` names the fields the caller set itself.

    `choices` gives the rows of `sys_choice` for a field of `table`.
    """

    before: Row | None
    after: Row
    sent: frozenset[str]
    entries: dict[str, str]
    session: Session
    settings: Settings
    table: str
    choices: Callable[[str], list[Row]]

    @property
    def effective(self) -> bool:
        """Whether anything is different afterwards; a journal entry counts."""
        return bool(self.entries) or self.after != self.before

    def was(self, name: str) -> str:
        """Return the value before, empty for a new record."""
        return self.before[name] if self.before is not None else ""

    def moved(self, name: str) -> bool:
        """Tell whether a field has another value than before."""
        return self.after[name] != self.was(name)

    @property
    def is_admin(self) -> bool:
        """Whether the caller has the admin role."""
        return "admin" in self.session.user.roles


def aborted(rule: str, table: str = "incident") -> RefusedError:
    """Build the refusal a business rule makes, in the words integrators report."""
    rule_id = uuid5(NAMESPACE_URL, f"servicenow-mock/rule/{rule}").hex
    detail = (
        f"Operation against file '{table}' was aborted by Business Rule '{rule}^{rule_id}'. "
        f"Business Rule Stack:{rule}"
    )
    return RefusedError(403, "Operation Failed", detail)


def fail_on_demand(change: Change) -> None:
    """A business rule of the customer's that refuses everything."""
    if change.settings.failing_rule and change.effective:
        raise aborted(change.settings.failing_rule, change.table)


def _protect_closed(change: Change) -> None:
    protected = change.settings.closed_is_final and not change.is_admin
    if protected and change.was("state") in _FINAL and change.effective:
        raise aborted("Protect closed incidents")


def _mirror_state(change: Change) -> None:
    """`incident_state` is kept equal to `state`; written alone it moves both."""
    if change.moved("incident_state") and not change.moved("state"):
        change.after["state"] = change.after["incident_state"]
    change.after["incident_state"] = change.after["state"]


def _resume_on_caller_comment(change: Change) -> None:
    held = change.was("state") == _ON_HOLD and change.was("hold_reason") == _AWAITING_CALLER
    by_caller = "comments" in change.entries and change.session.user.object_id == change.was("caller_id")
    if change.settings.caller_comment_resumes and held and by_caller and not change.moved("state"):
        change.after["state"] = change.after["incident_state"] = _IN_PROGRESS


def _compute_priority(change: Change) -> None:
    """The matrix is impact + urgency - 1; outside it the least urgent priority holds."""
    impact, urgency = change.after["impact"], change.after["urgency"]
    known = impact in {"1", "2", "3"} and urgency in {"1", "2", "3"}
    change.after["priority"] = str(int(impact) + int(urgency) - 1) if known else "5"


def clear_assignee(change: Change) -> None:
    """Another group has another assignee, unless both were sent."""
    if change.before is None or not change.moved("assignment_group"):
        return
    if "assigned_to" not in change.sent:
        change.after["assigned_to"] = ""
    if change.was("assignment_group"):
        change.after["reassignment_count"] = str(int(change.was("reassignment_count")) + 1)


def _clear_hold_reason(change: Change) -> None:
    left = change.was("state") == _ON_HOLD and change.after["state"] != _ON_HOLD
    if change.settings.hold_reason_cleared and left:
        change.after["hold_reason"] = ""


def _stamp_states(change: Change) -> None:
    state, after = change.after["state"], change.after
    by, at = change.session.user.object_id, change.session.stamp
    after["active"] = "false" if state in _FINAL else "true"
    if not change.moved("state"):
        return
    if state in _DONE and not after["resolved_at"]:
        after["resolved_at"], after["resolved_by"] = at, by
    if state in _FINAL:
        after["closed_at"], after["closed_by"] = at, by
    if change.was("state") in _DONE | _FINAL and state not in _DONE | _FINAL:
        _reopen(after, by, at)


def _reopen(after: Row, by: str, at: str) -> None:
    for name in ("resolved_at", "resolved_by", "closed_at", "closed_by"):
        after[name] = ""
    after["reopened_by"], after["reopened_time"] = by, at
    after["reopen_count"] = str(int(after["reopen_count"]) + 1)


def _require_resolution(change: Change) -> None:
    """The data policy names the missing fields by their labels, in the order of the form."""
    if not (change.settings.data_policy and change.after["state"] in _DONE):
        return
    labels = {"close_code": "Resolution code", "close_notes": "Resolution notes"}
    missing = [label for name, label in labels.items() if not change.after[name]]
    if missing:
        raise policy(missing)


def _require_comment(change: Change) -> None:
    waiting = change.after["state"] == _ON_HOLD and change.after["hold_reason"] == _AWAITING_CALLER
    begun = change.moved("state") or change.moved("hold_reason")
    if (
        change.settings.awaiting_caller_needs_comment
        and waiting
        and begun
        and "comments" not in change.entries
    ):
        raise policy(["Additional comments"])


def policy(labels: list[str]) -> RefusedError:
    """Build the refusal of a data policy, which names fields by their labels."""
    text = f"Data Policy Exception: The following fields are mandatory: {', '.join(labels)}"
    return RefusedError(403, "Operation Failed", text)


Rule = Callable[[Change], None]

INCIDENT_RULES: Final[tuple[Rule, ...]] = (
    fail_on_demand,
    _protect_closed,
    _mirror_state,
    _resume_on_caller_comment,
    _compute_priority,
    clear_assignee,
    _clear_hold_reason,
    _stamp_states,
    _require_resolution,
    _require_comment,
)
