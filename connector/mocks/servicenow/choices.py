"""The choice lists of the instance, as rows of `sys_choice`.

Both generations of resolution codes are there, as on an instance that was upgraded; for them the stored
value is the label. Sources: ServiceNow docs "Incident state model" and "Incident management best
practice", and the choice tables of public ServiceNow client libraries.
"""

from collections.abc import Iterator

from connector.mocks.servicenow.database import Row

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

_LISTS = {
    "state": _STATES,
    "incident_state": _STATES,
    "hold_reason": "1=Awaiting Caller; 3=Awaiting Problem; 4=Awaiting Vendor; 5=Awaiting Change",
    "impact": _THREE_LEVELS,
    "urgency": _THREE_LEVELS,
    "severity": _THREE_LEVELS,
    "priority": "1=1 - Critical; 2=2 - High; 3=3 - Moderate; 4=4 - Low; 5=5 - Planning",
    "category": (
        "inquiry=Inquiry / Help; software=Software; hardware=Hardware; network=Network; database=Database; "
        "security=Security"
    ),
    "subcategory": "antivirus=Antivirus; email=Email; phishing=Phishing; malware=Malware",
    "contact_type": (
        "chat=Chat; email=Email; event=Event Management; integration=Integration; phone=Phone; "
        "self-service=Self-service; virtual_agent=Virtual Agent; walk-in=Walk-in"
    ),
    "escalation": "0=Normal; 1=Moderate; 2=High; 3=Overdue",
    "approval": "not requested=Not Yet Requested; requested=Requested; approved=Approved; rejected=Rejected",
    "upon_approval": "proceed=Proceed to Next Task; do_nothing=Wait for a User to Close this task",
    "upon_reject": "cancel=Cancel all future Tasks; goto=Go to a previous Task",
    "notify": "1=Do Not Notify; 2=Send Email; 3=Telephone",
    "close_code": "; ".join(f"{code}={code}" for code in (*_CODES_BEFORE, *_CODES_NOW)),
}


def choice_rows() -> Iterator[Row]:
    """Yield the choices of `incident`, without system fields."""
    for element, text in _LISTS.items():
        for sequence, pair in enumerate(text.split("; "), start=1):
            value, _, label = pair.partition("=")
            yield {
                "name": "incident",
                "element": element,
                "value": value,
                "label": label,
                "sequence": str(sequence * 10),
            }
