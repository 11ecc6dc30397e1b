"""The choice lists of the instance, as rows of `sys_choice`.

A list belongs to a table or, for what all tasks share, to `task`, the table that others extend. Both generations of
resolution codes are there, as on an instance that was upgraded; for them the stored value is the label. For the
states of security incidents public sources contradict each other, so a client has to read the numbers here. Sources:
ServiceNow docs "Incident state model", "Incident management best practice" and "Security incident process", and the
choice tables of public ServiceNow client libraries.
"""

from collections.abc import Iterator

from connector.mocks.servicenow.database import Database, Row

_THREE_LEVELS = "1=1 - High; 2=2 - Medium; 3=3 - Low"
_STATES = "1=New; 2=In Progress; 3=On Hold; 6=Resolved; 7=Closed; 8=Canceled"

_CODES_BEFORE = (
    "Solved (Work Around)",
    "Solved (Permanently)",
    "Solved Remotely (Work Around)",
    "Solved Remotely (Permanently)",
    "Not Solved (Not Reproducible)",
    "Not Solved (Too Costly)",
    "Closed/Resolved by Caller",
)
_CODES_NOW = (
    "Duplicate",
    "Known error",
    "No resolution provided",
    "Resolved by caller",
    "Resolved by change",
    "Resolved by problem",
    "Resolved by request",
    "Solution provided",
    "Workaround provided",
    "User error",
)

_TASK = {
    "impact": _THREE_LEVELS,
    "urgency": _THREE_LEVELS,
    "priority": "1=1 - Critical; 2=2 - High; 3=3 - Moderate; 4=4 - Low; 5=5 - Planning",
    "escalation": "0=Normal; 1=Moderate; 2=High; 3=Overdue",
    "approval": "not requested=Not Yet Requested; requested=Requested; approved=Approved; rejected=Rejected",
    "upon_approval": "proceed=Proceed to Next Task; do_nothing=Wait for a User to Close this task",
    "upon_reject": "cancel=Cancel all future Tasks; goto=Go to a previous Task",
}
_INCIDENT = {
    "state": _STATES,
    "incident_state": _STATES,
    "hold_reason": "1=Awaiting Caller; 3=Awaiting Problem; 4=Awaiting Vendor; 5=Awaiting Change",
    "severity": _THREE_LEVELS,
    "category": (
        "inquiry=Inquiry / Help; software=Software; hardware=Hardware; network=Network; database=Database; "
        "security=Security"
    ),
    "subcategory": "antivirus=Antivirus; email=Email; phishing=Phishing; malware=Malware",
    "contact_type": (
        "chat=Chat; email=Email; event=Event Management; integration=Integration; phone=Phone; "
        "self-service=Self-service; virtual_agent=Virtual Agent; walk-in=Walk-in"
    ),
    "notify": "1=Do Not Notify; 2=Send Email; 3=Telephone",
    "close_code": "; ".join(f"{code}={code}" for code in (*_CODES_BEFORE, *_CODES_NOW)),
}
_SECURITY_CODES = (
    "Investigation completed",
    "Threat mitigated",
    "Patched vulnerability",
    "Invalid vulnerability",
    "Not resolved",
    "False positive",
)
_SECURITY_INCIDENT = {
    "state": (
        "10=Draft; 16=Analysis; 18=Contain; 19=Eradicate; 20=Recover; 100=Review; 3=Closed; 7=Cancelled"
    ),
    "substate": "1=Pending Change; 2=Pending Problem",
    "severity": _THREE_LEVELS,
    "business_criticality": "1=1 - Critical; 2=2 - High; 3=3 - Non-critical",
    "category": (
        "Phishing=Phishing; Malicious code activity=Malicious code activity; "
        "Unauthorized access=Unauthorized access; Privilege escalation=Privilege escalation"
    ),
    "contact_type": "email=Email; phone=Phone; siem=SIEM; self-service=Self-service",
    "close_code": "; ".join(f"{code}={code}" for code in _SECURITY_CODES),
}
_LISTS = {
    "task": _TASK,
    "incident": _INCIDENT,
    "sn_si_incident": _SECURITY_INCIDENT,
    "incident_task": {"state": "1=Open; 2=Work in Progress; 3=Closed Complete; 4=Closed Incomplete"},
    "sn_si_task": {"state": "1=Draft; 10=Ready; 16=Assigned; 18=Work in Progress; 3=Complete; 7=Cancelled"},
}


def choice_rows() -> Iterator[Row]:
    """Yield every choice, without system fields."""
    for table, lists in _LISTS.items():
        for element, text in lists.items():
            for sequence, pair in enumerate(text.split("; "), start=1):
                value, _, label = pair.partition("=")
                place = {"name": table, "element": element, "sequence": str(sequence * 10)}
                yield {**place, "value": value, "label": label}


def choices_of(database: Database, table: str, element: str) -> list[Row]:
    """The choices of a field that are in use: the table's own or, where it has none, those of `task`."""
    rows = [
        row for row in database.tables["sys_choice"].having("element", [element]) if row["inactive"] != "true"
    ]
    own = [row for row in rows if row["name"] == table]
    return own or [row for row in rows if row["name"] == "task"]
