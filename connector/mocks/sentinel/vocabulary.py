"""The closed lists of the incident resource and its limits.

Source: the published 2024-09-01 definitions of `Microsoft.SecurityInsights` and "Sentinel service limits".
The pairs of classification and reason are those automation rules accept; the definitions do not encode
them.
"""

from typing import Final

SEVERITIES: Final = frozenset({"High", "Medium", "Low", "Informational"})
STATUSES: Final = frozenset({"New", "Active", "Closed"})
TASK_STATUSES: Final = frozenset({"New", "Completed"})

REASONS: Final[dict[str, frozenset[str]]] = {
    "TruePositive": frozenset({"SuspiciousActivity"}),
    "BenignPositive": frozenset({"SuspiciousButExpected"}),
    "FalsePositive": frozenset({"IncorrectAlertLogic", "InaccurateData"}),
    "Undetermined": frozenset(),
}
ALL_REASONS: Final = frozenset().union(*REASONS.values())

WRITABLE: Final = (
    "title",
    "description",
    "severity",
    "status",
    "classification",
    "classificationReason",
    "classificationComment",
    "owner",
    "labels",
    "firstActivityTimeUtc",
    "lastActivityTimeUtc",
)

DESCRIPTION_LIMIT: Final = 5_000
COMMENT_TEXT_LIMIT: Final = 30_000
ALERT_LIMIT: Final = 150
TOP_LIMIT: Final = 1_000

OWN_PROVIDER: Final = "Azure Sentinel"
XDR_PROVIDER: Final = "Microsoft XDR"
