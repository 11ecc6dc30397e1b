"""Parts of made-up mappings that chance would hardly find: what makes a record legal, and mistakes."""

from typing import Any

# What the target needs to create a record, and what makes closing legal.
_OVER = "status in ['resolved', 'redirected']"
_NEEDED = {
    "title": {"template": "{{ displayName or 'Incident' }}"},
    "severity": {"from": "severity", "values": {"high": "High"}, "otherwise": "Low"},
    "status": {"from": "status", "values": {"active": "New"}, "otherwise": "Active"},
}
_REASONS = {"truePositive": "SuspiciousActivity", "falsePositive": "InaccurateData"}
_VERDICTS = {"truePositive": "TruePositive", "falsePositive": "FalsePositive"}
CORES: dict[str, tuple[dict[str, Any], ...]] = {
    "servicenow": (
        {},
        {
            "state": {
                "from": "status",
                "values": {"active": 1, "awaitingAction": 3, "inProgress": 2},
                "otherwise": 6,
            },
            "hold_reason": {"from": "status", "values": {"awaitingAction": 4}, "otherwise": "leave"},
            "close_code": {"value": "Solution provided", "when": _OVER},
            "close_notes": {"template": "Done. {{ resolvingComment }}", "when": _OVER},
        },
    ),
    "sentinel": (
        _NEEDED,
        {
            **_NEEDED,
            "status": {"from": _OVER, "values": {True: "Closed", False: "Active"}},
            "classification": {
                "from": "classification",
                "values": _VERDICTS,
                "otherwise": "Undetermined",
                "when": _OVER,
            },
            "classificationReason": {
                "from": "classification",
                "values": _REASONS,
                "otherwise": "clear",
                "when": _OVER,
                "else": "clear",
            },
        },
    ),
}
MISTAKES: tuple[dict[str, Any], ...] = (
    {"create_when": "stauts == 'active'"},
    {"scope": [{"id": "x", "exclude_when": "severity == 'hihg'"}]},
    {"fields": {"no_such_field": "x"}},
    {"fields": {"description": {"template": "{{ displayName | shorten }}"}}},
    {"let": {"shout": "{{ vars.nothing }}", "late": "late"}},
    {"notes": [{"name": "n", "each": "displayName", "text": "x"}]},
    {"description": ["a list"]},
    {"version": 2},
    {"fields": {"description": {"from": "severity", "values": {"high": "x"}}}},
)
