"""What a row of ServiceNow's `sn_si_incident` (security incident) table can hold, as data.

The table extends `task`, as `incident` does, but its states and close codes are the instance's own numbers. A mapping
therefore says their labels, and the target reads the numbers from the instance. Its caller is `caller`, and whom it
is about `affected_user`. Category starts the playbook that a site attached to it, so leave it unless that is wanted.

Sources: ServiceNow docs, "Security Incident Response setup assistant", "Closing security incidents", "Security
incident form".
"""

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from connector.model import Catalogue, FieldKind, FieldSpec, FieldValue
from connector.targets.servicenow.catalogue import (
    ASSIGNMENT,
    CUSTOM,
    LEVELS,
    NOTE_LIMIT,
    TASK_FIELDS,
    is_empty,
    kept_by_instance,
)

_CHOICE, _REFERENCE = FieldKind.CHOICE, FieldKind.REFERENCE
_CLOSED = "Closed"

_FIELDS = (
    *TASK_FIELDS,
    FieldSpec(
        "state",
        _CHOICE,
        ("Draft", "Analysis", "Contain", "Eradicate", "Recover", "Review", _CLOSED, "Cancelled"),
        clearable=False,
        description="By label; the process goes forward only, and the states between are passed one by one",
    ),
    FieldSpec("severity", _CHOICE, LEVELS, clearable=False, description="1 high, 2 medium, 3 low"),
    FieldSpec("priority", _CHOICE, ("1", "2", "3", "4", "5"), clearable=False),
    FieldSpec("business_criticality", _CHOICE, LEVELS, description="1 critical, 2 high, 3 non-critical"),
    FieldSpec("risk_score", FieldKind.NUMBER, description="0 to 100"),
    FieldSpec("substate", _CHOICE, description="By label, e.g. Pending Change"),
    FieldSpec("close_code", _CHOICE, description="By label, e.g. Threat mitigated"),
    FieldSpec("category", _CHOICE, description="By label; starts the playbook attached to it"),
    FieldSpec("subcategory", _CHOICE, description="Depends on category"),
    FieldSpec("attack_vector", _CHOICE),
    FieldSpec("caller", _REFERENCE, table="sys_user"),
    FieldSpec("opened_for", _REFERENCE, table="sys_user"),
    FieldSpec("affected_user", _REFERENCE, table="sys_user"),
    FieldSpec("alert_id", limit=100),
    FieldSpec("alert_rule", limit=100),
    FieldSpec("alert_sensor", limit=100),
    FieldSpec("source_ip", limit=40),
    FieldSpec("dest_ip", limit=40),
    FieldSpec("parent_security_incident", _REFERENCE, table="sn_si_incident"),
    FieldSpec("incident", _REFERENCE, table="incident"),
    FieldSpec("problem", _REFERENCE, table="problem"),
    FieldSpec("change_request", _REFERENCE, table="change_request"),
)


def _illegal(fields: Mapping[str, FieldValue]) -> Iterator[str]:
    yield from kept_by_instance(name for name in fields if name not in SECURITY_CATALOGUE.fields)
    if fields.get("state") == _CLOSED:
        yield from (
            f"state {_CLOSED} needs {name}"
            for name in ("close_code", "close_notes")
            if is_empty(fields.get(name))
        )


def _joint_rules(fields: Mapping[str, FieldValue]) -> list[str]:
    """Every sentence that makes these fields illegal together.

    Source: ServiceNow docs, "Closing security incidents".
    """
    return list(_illegal(fields))


SECURITY_CATALOGUE = Catalogue(
    target="servicenow-sir",
    fields=MappingProxyType({spec.name: spec for spec in _FIELDS}),
    custom=CUSTOM,
    together=(ASSIGNMENT, frozenset({"state", "close_code", "close_notes"})),
    joint=_joint_rules,
    closed=("state", frozenset({_CLOSED})),
    tags_native=False,
    tag_fields=frozenset({"work_notes_list"}),
    note_limit=NOTE_LIMIT,
    record_states=MappingProxyType(
        {
            "closed": ("follow_up", "note", "report"),
            "canceled": ("follow_up", "note", "report"),
            "deleted": ("report",),
        }
    ),
)
