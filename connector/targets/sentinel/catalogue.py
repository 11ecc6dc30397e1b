"""What a Sentinel incident can hold, as data, and the rules that join its fields.

`owner` is one text here, although the service has five members for it: a mapping knows a display name or a
user principal name, and the target alone knows how to spell an owner. Labels are tags, so they are no field.
The service documents no limit for titles and closing comments, so none is assumed.

Sources: learn.microsoft.com, "Incidents - Create Or Update" (Microsoft.SecurityInsights), "Service limits for
Microsoft Sentinel", "Microsoft Defender XDR integration with Microsoft Sentinel", "Automation rules".
"""

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from connector.model import Catalogue, FieldKind, FieldSpec, FieldValue

_FIELDS = (
    FieldSpec("title", clearable=False, description="Shown in the incident queue"),
    FieldSpec("description", limit=5000),
    FieldSpec("severity", FieldKind.CHOICE, ("High", "Medium", "Low", "Informational"), clearable=False),
    FieldSpec("status", FieldKind.CHOICE, ("New", "Active", "Closed"), clearable=False),
    FieldSpec(
        "classification",
        FieldKind.CHOICE,
        ("Undetermined", "TruePositive", "BenignPositive", "FalsePositive"),
        description="The verdict of a closed incident; Undetermined is a verdict too",
    ),
    FieldSpec(
        "classificationReason",
        FieldKind.CHOICE,
        ("SuspiciousActivity", "SuspiciousButExpected", "IncorrectAlertLogic", "InaccurateData"),
    ),
    FieldSpec("classificationComment"),
    FieldSpec("owner", description="A user principal name, or a display name such as `Customer`"),
    FieldSpec("firstActivityTimeUtc", FieldKind.DATETIME, description="ISO 8601, UTC"),
    FieldSpec("lastActivityTimeUtc", FieldKind.DATETIME, description="ISO 8601, UTC"),
)

_NOT_WRITABLE = MappingProxyType(
    {
        "labels": "labels are written as tags: say it under `tags`",
        "incidentNumber": "incidentNumber is assigned by the workspace",
        "incidentUrl": "incidentUrl is made by the service",
        "createdTimeUtc": "createdTimeUtc is set by the service",
        "lastModifiedTimeUtc": "lastModifiedTimeUtc is set by the service",
        "providerName": "providerName is set by the service",
        "providerIncidentId": "providerIncidentId is set by the service, and records are found by it",
        "relatedAnalyticRuleIds": "relatedAnalyticRuleIds is set by the service",
        "additionalData": "additionalData is counted by the service",
        "etag": "etag belongs to the delivery",
    }
)

_REASONS = MappingProxyType(
    {
        "TruePositive": ("SuspiciousActivity",),
        "BenignPositive": ("SuspiciousButExpected",),
        "FalsePositive": ("IncorrectAlertLogic", "InaccurateData"),
        "Undetermined": (),
    }
)


def _illegal(fields: Mapping[str, FieldValue]) -> Iterator[str]:
    yield from (_NOT_WRITABLE[name] for name in fields if name in _NOT_WRITABLE)
    closed = fields.get("status") == "Closed"
    classification, reason = fields.get("classification"), fields.get("classificationReason")
    if closed and not classification:
        yield "status Closed needs a classification"
    if reason and not closed:
        yield "a classificationReason is only legal with status Closed"
    if not classification:
        if reason:
            yield "a classificationReason needs a classification"
        return
    legal = _REASONS.get(str(classification), ())
    if reason and reason not in legal:
        allowed = " or ".join(legal) or "no reason"
        yield f"classification {classification} takes {allowed}, not {reason}"
    if closed and legal and not reason:
        yield f"classification {classification} of a closed incident needs a classificationReason"


def joint_rules(fields: Mapping[str, FieldValue]) -> list[str]:
    """Every sentence that makes these fields illegal together.

    Source: learn.microsoft.com, "Incidents - Create Or Update" and "Automation rules".
    """
    return list(_illegal(fields))


SENTINEL_CATALOGUE = Catalogue(
    target="sentinel",
    fields=MappingProxyType({spec.name: spec for spec in _FIELDS}),
    together=(frozenset({"status", "classification", "classificationReason", "classificationComment"}),),
    required=frozenset({"title", "severity", "status"}),
    joint=joint_rules,
    closed=("status", frozenset({"Closed"})),
    tags_native=True,
    note_limit=30_000,
    # The service documents no length of a task; these are assumed, and a task that is refused for it is told.
    task_title_limit=150,
    task_text_limit=3_000,
    record_states=MappingProxyType({"deleted": ("report",)}),
    carried_by_microsoft=frozenset(
        {
            "title",
            "description",
            "severity",
            "status",
            "owner",
            "classification",
            "classificationReason",
            "classificationComment",
        }
    ),
)
