"""The incident's words: its properties, the members of its enums in the vendor's order, and what the portal shows.

Members and their order are those of the Graph metadata (learn.microsoft.com, "incident resource type" of
microsoft.graph.security); display words are the portal's ("Manage incidents", "Managed detection and response").
Published pages disagree about the spelling of four determinations and about letter case, so reading is lenient:
every spelling leads to the member of the metadata. A word that leads nowhere is a member that the vendor added
later, and the rule that reads it is undecided; so is the placeholder `unknownFutureValue`, which no list here has.
"""

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType


class Kind(enum.StrEnum):
    """What sort of value an expression yields; `ANY` is only known when it is there."""

    ENUM = "enum"
    OWNER = "owner"
    TEXT = "text"
    NUMBER = "number"
    TIME = "time"
    BOOL = "bool"
    TEXTS = "list"
    COMMENTS = "comments"
    COMMENT = "comment"
    ANY = "any"


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The members of an enum. `default` is the member that null stands for, if null is legal."""

    name: str
    words: Mapping[str, str]
    ordered: bool = False
    default: str | None = None
    spellings: Mapping[str, str] = field(default_factory=dict)
    _folded: dict[str, str] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        self._folded.update({member.casefold(): member for member in self.words})
        self._folded.update({other.casefold(): member for other, member in self.spellings.items()})

    @property
    def members(self) -> tuple[str, ...]:
        """Every known member, in the vendor's order."""
        return tuple(self.words)

    def member(self, word: object) -> str | None:
        """The member that a word stands for, in any case and spelling; None: not a known one."""
        return self._folded.get(word.strip().casefold()) if isinstance(word, str) else None


@dataclass(frozen=True, slots=True)
class Property:
    """Something an expression can name: its kind, and the vocabulary of its words or of its items' words."""

    kind: Kind
    vocabulary: Vocabulary | None = None


def _words(**words: str) -> Mapping[str, str]:
    return MappingProxyType(words)


STATUS = Vocabulary(
    "status",
    _words(
        active="Active",
        resolved="Resolved",
        inProgress="In progress",
        redirected="Redirected",
        awaitingAction="Awaiting Customer Action",
    ),
)
SEVERITY = Vocabulary(
    "severity",
    _words(unknown="Unknown", informational="Informational", low="Low", medium="Medium", high="High"),
    ordered=True,
)
CLASSIFICATION = Vocabulary(
    "classification",
    _words(
        unknown="Not set",
        falsePositive="False positive",
        truePositive="True positive",
        informationalExpectedActivity="Informational, expected activity",
    ),
    default="unknown",
)
DETERMINATION = Vocabulary(
    "determination",
    _words(
        unknown="Not set",
        apt="Advanced persistent threat",
        malware="Malware",
        securityPersonnel="Security personnel",
        securityTesting="Security test",
        unwantedSoftware="Unwanted software",
        other="Other",
        multiStagedAttack="Multi staged attack",
        compromisedAccount="Compromised account",
        phishing="Phishing",
        maliciousUserActivity="Malicious user activity",
        notMalicious="Not malicious",
        notEnoughDataToValidate="Not enough data to validate",
        confirmedActivity="Confirmed activity",
        lineOfBusinessApplication="Line-of-business application",
    ),
    default="unknown",
    spellings=_words(
        compromisedUser="compromisedAccount",
        clean="notMalicious",
        insufficientData="notEnoughDataToValidate",
        noEnoughDataToValidate="notEnoughDataToValidate",
        confirmedUserActivity="confirmedActivity",
    ),
)
EXPERTS = Vocabulary(
    "experts",
    _words(none="None", investigating="Investigating", handedOver="Handed over", finished="Finished"),
)

# Display words only: lists of these may hold members that we do not know, and are plain text lists to a rule.
SERVICE_SOURCES = Vocabulary(
    "serviceSources",
    _words(
        microsoftDefenderForEndpoint="Microsoft Defender for Endpoint",
        microsoftDefenderForIdentity="Microsoft Defender for Identity",
        microsoftDefenderForCloudApps="Microsoft Defender for Cloud Apps",
        microsoftDefenderForOffice365="Microsoft Defender for Office 365",
        microsoft365Defender="Microsoft Defender XDR",
        azureAdIdentityProtection="Microsoft Entra ID Protection",
        microsoftAppGovernance="App Governance",
        dataLossPrevention="Microsoft Data Loss Prevention",
        microsoftDefenderForCloud="Microsoft Defender for Cloud",
        microsoftSentinel="Microsoft Sentinel",
        microsoftInsiderRiskManagement="Microsoft Purview Insider Risk Management",
        microsoftThreatIntelligence="Microsoft Threat Intelligence",
        microsoftSecurityForAI="Microsoft Security for AI",
    ),
)

ENUMS = MappingProxyType(
    {vocabulary.name: vocabulary for vocabulary in (STATUS, SEVERITY, CLASSIFICATION, DETERMINATION)}
)

_TEXT, _TIME, _TEXTS, _NUMBER = (Property(kind) for kind in (Kind.TEXT, Kind.TIME, Kind.TEXTS, Kind.NUMBER))

PROPERTIES: Mapping[str, Property] = MappingProxyType(
    {
        **{name: Property(Kind.ENUM, vocabulary) for name, vocabulary in ENUMS.items()},
        "experts": Property(Kind.ENUM, EXPERTS),
        "assignedTo": Property(Kind.OWNER),
        "id": _TEXT,
        "tenantId": _TEXT,
        "displayName": _TEXT,
        "description": _TEXT,
        "summary": _TEXT,
        "resolvingComment": _TEXT,
        "lastModifiedBy": _TEXT,
        "redirectIncidentId": _TEXT,
        "incidentWebUrl": _TEXT,
        "portalUrl": _TEXT,
        "recommendedActions": _TEXT,
        "createdDateTime": _TIME,
        "lastUpdateDateTime": _TIME,
        "priorityScore": _NUMBER,
        "alertCount": _NUMBER,
        "customTags": _TEXTS,
        "systemTags": _TEXTS,
        "devices": _TEXTS,
        "users": _TEXTS,
        "mailboxes": _TEXTS,
        "files": _TEXTS,
        "deviceGroups": _TEXTS,
        "serviceSources": Property(Kind.TEXTS, SERVICE_SOURCES),
        "detectionSources": _TEXTS,
        "categories": _TEXTS,
        "mitreTechniques": _TEXTS,
        "investigationStates": _TEXTS,
        "comments": Property(Kind.COMMENTS),
    }
)
COMMENT: Mapping[str, Property] = MappingProxyType(
    {"comment": _TEXT, "createdByDisplayName": _TEXT, "createdDateTime": _TIME}
)
# Names that the language will have and this version has not.
LATER = frozenset({"actions"})
