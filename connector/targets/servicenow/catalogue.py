"""What a row of ServiceNow's `incident` table can hold, as data, and the rules that join its fields.

Choices are listed only where every instance has the same ones. Close codes, categories and channels are the
customer's own data: upgraded instances hold two generations of close codes, so any text passes here and the
instance itself is asked when it can be. Every scalar of the Table API is a string, so choices are strings.

Sources: ServiceNow docs, "Table API", "Incident management state model", "Resolve and close an incident",
"Incident best practice - San Diego plugin", "Data policy fields", "Journal fields".
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType

from connector.model import Catalogue, FieldKind, FieldSpec, FieldValue

ON_HOLD = "3"
CLOSING = ("6", "7")

NOTE_LIMIT = 30_000
LEVELS = ("1", "2", "3")
CUSTOM = re.compile(r"^(u|x)_[a-z0-9_]+$")
# Changing the group empties the assignee.
ASSIGNMENT = frozenset({"assignment_group", "assigned_to"})
_CHOICE, _REFERENCE = FieldKind.CHOICE, FieldKind.REFERENCE

# What every kind of task has.
TASK_FIELDS = (
    FieldSpec("short_description", limit=160),
    FieldSpec("description", limit=4000),
    FieldSpec("impact", _CHOICE, LEVELS, clearable=False, description="Priority follows impact and urgency"),
    FieldSpec("urgency", _CHOICE, LEVELS, clearable=False, description="Priority follows impact and urgency"),
    FieldSpec("close_notes", limit=4000),
    FieldSpec("contact_type", _CHOICE, description="The channel"),
    FieldSpec("opened_by", _REFERENCE, table="sys_user"),
    FieldSpec("assigned_to", _REFERENCE, table="sys_user"),
    FieldSpec("assignment_group", _REFERENCE, table="sys_user_group"),
    FieldSpec("cmdb_ci", _REFERENCE, table="cmdb_ci"),
    FieldSpec("business_service", _REFERENCE, table="cmdb_ci_service"),
    FieldSpec("service_offering", _REFERENCE, table="service_offering"),
    FieldSpec("location", _REFERENCE, table="cmn_location"),
    FieldSpec("company", _REFERENCE, table="core_company"),
    FieldSpec("parent", _REFERENCE, table="task"),
    FieldSpec("due_date", FieldKind.DATETIME, description="yyyy-MM-dd HH:mm:ss, UTC"),
    FieldSpec(
        "watch_list",
        table="sys_user",
        description="Comma-separated; people in it are sent public comments",
    ),
    FieldSpec(
        "work_notes_list",
        table="sys_user",
        description="Comma-separated; people in it are sent work notes",
    ),
)

_FIELDS = (
    *TASK_FIELDS,
    FieldSpec(
        "state",
        _CHOICE,
        ("1", "2", "3", "6", "7", "8"),
        clearable=False,
        description="1 New, 2 In Progress, 3 On Hold, 6 Resolved, 7 Closed, 8 Canceled",
    ),
    FieldSpec(
        "hold_reason",
        _CHOICE,
        ("1", "3", "4", "5"),
        description="1 Awaiting Caller, 3 Awaiting Problem, 4 Awaiting Vendor, 5 Awaiting Change",
    ),
    FieldSpec("severity", _CHOICE, LEVELS, clearable=False, description="1 high, 2 medium, 3 low"),
    FieldSpec(
        "close_code", _CHOICE, description="The label itself; which ones exist differs between instances"
    ),
    FieldSpec("category", _CHOICE),
    FieldSpec("subcategory", _CHOICE, description="Depends on category"),
    FieldSpec("caller_id", _REFERENCE, table="sys_user"),
    FieldSpec("parent_incident", _REFERENCE, table="incident"),
    FieldSpec("problem_id", _REFERENCE, table="problem"),
    FieldSpec("rfc", _REFERENCE, table="change_request"),
    FieldSpec("caused_by", _REFERENCE, table="change_request"),
)

_NOT_WRITABLE = MappingProxyType(
    {
        "number": "number is assigned by the instance",
        "priority": "priority is computed by the instance from impact and urgency: map those",
        "incident_state": "incident_state is kept equal to state by the instance: map state",
        "active": "active follows the state",
        "correlation_id": "correlation_id holds the key by which the record is found again",
        "correlation_display": "correlation_display holds the token by which a lost answer is recognised",
        "work_notes": "work notes are appended: say it under `notes`",
        "comments": "comments are appended, and the caller reads them: say it under `notes`",
        "resolved_at": "resolved_at is set by the instance",
        "resolved_by": "resolved_by is set by the instance",
        "closed_at": "closed_at is set by the instance",
        "closed_by": "closed_by is set by the instance",
        "opened_at": "opened_at is set by the instance",
        "reopen_count": "reopen_count is counted by the instance",
        "reopened_by": "reopened_by is set by the instance",
        "reopened_time": "reopened_time is set by the instance",
        "reassignment_count": "reassignment_count is counted by the instance",
    }
)


def kept_by_instance(names: Iterable[str]) -> Iterator[str]:
    """A sentence for each name of a field that is not for us to write."""
    for name in names:
        if name in _NOT_WRITABLE:
            yield _NOT_WRITABLE[name]
        elif name.startswith("sys_"):
            yield f"{name} is kept by the instance"


def is_empty(value: FieldValue) -> bool:
    """Whether a value leaves its field empty."""
    return value is None or (isinstance(value, str) and not value.strip())


def _illegal(fields: Mapping[str, FieldValue]) -> Iterator[str]:
    yield from kept_by_instance(fields)
    state = fields.get("state")
    if state is not None and str(state) in CLOSING:
        yield from (
            f"state {state} needs {name}"
            for name in ("close_code", "close_notes")
            if is_empty(fields.get(name))
        )
    if not is_empty(fields.get("hold_reason")) and str(state) != ON_HOLD:
        yield f"a hold_reason is only legal with state {ON_HOLD} (On Hold)"


def joint_rules(fields: Mapping[str, FieldValue]) -> list[str]:
    """Every sentence that makes these fields illegal together.

    Source: ServiceNow docs, "Resolve and close an incident" and "Data policy fields".
    """
    return list(_illegal(fields))


SERVICENOW_CATALOGUE = Catalogue(
    target="servicenow",
    fields=MappingProxyType({spec.name: spec for spec in _FIELDS}),
    custom=CUSTOM,
    together=(
        ASSIGNMENT,
        # The data policy on 6 and 7 judges one write.
        frozenset({"state", "hold_reason", "close_code", "close_notes"}),
    ),
    joint=joint_rules,
    closed=("state", frozenset({"6", "7"})),
    tags_native=False,
    tag_fields=frozenset({"work_notes_list"}),
    note_limit=NOTE_LIMIT,
    record_states=MappingProxyType(
        {
            "resolved": ("reopen", "follow_up", "note", "report"),
            "closed": ("follow_up", "note", "report"),
            "canceled": ("follow_up", "note", "report"),
            "deleted": ("report",),
        }
    ),
)
