"""The rules of `sn_si_incident`: a process that goes forward only, one state after the other.

The states of the process are known by their labels; which number stands for which is the instance's own data.
Sources: ServiceNow docs, pages "Security Incident Response setup assistant" (the process definitions NIST Stateful,
which is the default, and NIST Open) and "Closing security incidents". Assumptions: a new record begins in the first
state or is refused; a closed record is as protected as that of an incident; cancelling is possible until the end.
"""

from typing import Final

from connector.mocks.servicenow.rules import Change, Rule, aborted, clear_assignee, fail_on_demand, policy

PROCESS: Final = ("Draft", "Analysis", "Contain", "Eradicate", "Recover", "Review", "Closed")
_CLOSED, _CANCELLED = "Closed", "Cancelled"
_FINAL: Final = frozenset({_CLOSED, _CANCELLED})


def _label(change: Change, value: str) -> str:
    return next((row["label"] for row in change.choices("state") if row["value"] == value), "")


def _protect_closed(change: Change) -> None:
    protected = change.settings.closed_is_final and not change.is_admin
    if protected and _label(change, change.was("state")) in _FINAL and change.effective:
        raise aborted("Protect closed security incidents", change.table)


def _follow_process(change: Change) -> None:
    if not change.settings.process_is_stateful or not change.moved("state"):
        return
    after = _label(change, change.after["state"])
    before = _label(change, change.was("state"))
    following = {PROCESS[PROCESS.index(before) + 1], _CANCELLED} if before in PROCESS[:-1] else set[str]()
    allowed = following if change.before is not None else {PROCESS[0]}
    if after not in allowed:
        raise aborted("Validate state transition", change.table)


def _require_closure(change: Change) -> None:
    if not (change.settings.data_policy and _label(change, change.after["state"]) == _CLOSED):
        return
    labels = {"close_code": "Close code", "close_notes": "Close notes"}
    missing = [label for name, label in labels.items() if not change.after[name]]
    if missing:
        raise policy(missing)


def _stamp_states(change: Change) -> None:
    ended = _label(change, change.after["state"]) in _FINAL
    change.after["active"] = "false" if ended else "true"
    if ended and change.moved("state"):
        change.after["closed_at"], change.after["closed_by"] = (
            change.session.stamp,
            change.session.user.object_id,
        )


SECURITY_INCIDENT_RULES: Final[tuple[Rule, ...]] = (
    fail_on_demand,
    _protect_closed,
    _follow_process,
    clear_assignee,
    _require_closure,
    _stamp_states,
)
