"""The vocabulary of Graph incidents: properties, enum members, and which of them a caller gets to see.

Members after `unknownFutureValue` are withheld unless the request prefers
`include-unknown-enum-members`. Pages: "incident resource type", "Update incident", "alert resource
type", "Best practices for working with Microsoft Graph" (learn.microsoft.com); names as in the
service's metadata where prose and metadata differ.
"""

SENTINEL = "unknownFutureValue"

STATUSES = ("active", "resolved", "inProgress", "redirected", "awaitingAction")
SEVERITIES = ("unknown", "informational", "low", "medium", "high")
CLASSIFICATIONS = ("unknown", "falsePositive", "truePositive", "informationalExpectedActivity")
DETERMINATIONS = (
    "unknown",
    "apt",
    "malware",
    "securityPersonnel",
    "securityTesting",
    "unwantedSoftware",
    "other",
    "multiStagedAttack",
    "compromisedAccount",
    "phishing",
    "maliciousUserActivity",
    "notMalicious",
    "notEnoughDataToValidate",
    "confirmedActivity",
    "lineOfBusinessApplication",
)
RETIRED_DETERMINATIONS = frozenset({"apt", "securityPersonnel"})
ALERT_STATUSES = ("unknown", "new", "inProgress", "resolved")

LEGAL_PAIRS: dict[str, tuple[str, ...]] = {
    "unknown": ("unknown",),
    "truePositive": (
        "multiStagedAttack",
        "maliciousUserActivity",
        "compromisedAccount",
        "malware",
        "phishing",
        "unwantedSoftware",
        "other",
        "unknown",
    ),
    "informationalExpectedActivity": (
        "securityTesting",
        "lineOfBusinessApplication",
        "confirmedActivity",
        "other",
        "unknown",
    ),
    "falsePositive": ("notMalicious", "notEnoughDataToValidate", "other", "unknown"),
}

WITHHELD_STATUSES = frozenset({"awaitingAction"})
WITHHELD_SERVICE_SOURCES = frozenset(
    {
        "microsoftDefenderForCloud",
        "microsoftSentinel",
        "microsoftInsiderRiskManagement",
        "microsoftThreatIntelligence",
        "microsoftSecurityForAI",
    }
)
DETECTION_SOURCES = (
    "unknown",
    "microsoftDefenderForEndpoint",
    "antivirus",
    "smartScreen",
    "customTi",
    "microsoftDefenderForOffice365",
    "automatedInvestigation",
    "microsoftThreatExperts",
    "customDetection",
    "microsoftDefenderForIdentity",
    "cloudAppSecurity",
    "microsoft365Defender",
    "azureAdIdentityProtection",
    "manual",
    "microsoftDataLossPrevention",
    "appGovernancePolicy",
    "appGovernanceDetection",
)
WITHHELD_DETECTION_SOURCES = frozenset(
    {
        "microsoftDefenderForCloud",
        "microsoftDefenderForIoT",
        "microsoftDefenderForServers",
        "microsoftDefenderForStorage",
        "microsoftDefenderForDNS",
        "microsoftDefenderForDatabases",
        "microsoftDefenderForContainers",
        "microsoftDefenderForNetwork",
        "microsoftDefenderForAppService",
        "microsoftDefenderForKeyVault",
        "microsoftDefenderForResourceManager",
        "microsoftDefenderForApiManagement",
        "nrtAlerts",
        "scheduledAlerts",
        "microsoftDefenderThreatIntelligenceAnalytics",
        "builtInMl",
        "microsoftInsiderRiskManagement",
        "microsoftThreatIntelligence",
        "microsoftDefenderForAIServices",
        "securityCopilot",
        "microsoftSentinel",
    }
)
WITHHELD_REMEDIATION_STATUSES = frozenset(
    {"active", "pendingApproval", "declined", "unremediated", "running", "partiallyRemediated"}
)

BETA_ONLY = frozenset({"recommendedActions", "recommendedHuntingQueries"})
READ_ONLY = frozenset(
    {
        "id",
        "tenantId",
        "alerts",
        "comments",
        "createdDateTime",
        "incidentWebUrl",
        "lastModifiedBy",
        "lastUpdateDateTime",
        "priorityScore",
        "redirectIncidentId",
        "systemTags",
    }
)
WRITABLE = frozenset(
    {
        "assignedTo",
        "classification",
        "customTags",
        "description",
        "determination",
        "displayName",
        "resolvingComment",
        "severity",
        "status",
        "summary",
    }
)
PROPERTIES = READ_ONLY | WRITABLE | BETA_ONLY
TIMES = ("createdDateTime", "lastUpdateDateTime")
ENUMS: dict[str, tuple[str, ...]] = {
    "status": STATUSES,
    "severity": SEVERITIES,
    "classification": CLASSIFICATIONS,
    "determination": DETERMINATIONS,
}


def member(property_name: str, text: str) -> str | None:
    """Return the metadata's spelling of an enum member given in any letter case, or None."""
    lowered = text.lower()
    return next((name for name in ENUMS[property_name] if name.lower() == lowered), None)
