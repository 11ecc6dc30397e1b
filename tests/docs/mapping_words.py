"""What the names and filters of the mapping language mean, in words: the part of its reference that people write.

The reference refuses to be made while a name or a filter of the language is missing here, or one too many is there.
"""

from collections.abc import Mapping
from types import MappingProxyType

PROPERTIES: Mapping[str, str] = MappingProxyType(
    {
        "id": "The incident's number.",
        "tenantId": "The tenant it is of.",
        "displayName": "Its title.",
        "description": "What it is about.",
        "summary": "The overview of the attack, where there is one.",
        "status": "How far it is.",
        "severity": "In this order, so `>=` works.",
        "classification": "The verdict; `unknown` until there is one.",
        "determination": "What the verdict says exactly.",
        "assignedTo": (
            "Who has it: a user principal name, `Defender Experts`, `Customer`, or null. "
            '`""` and `Unassigned` are null, too.'
        ),
        "resolvingComment": "What was said when it was resolved.",
        "comments": "Its comments; see `item` below.",
        "customTags": "Tags of people and programs.",
        "systemTags": "Tags of the service.",
        "lastModifiedBy": "Who changed it last.",
        "redirectIncidentId": "The number of the incident that it was merged into.",
        "incidentWebUrl": "Its address as the service says it.",
        "recommendedActions": "What the service recommends.",
        "priorityScore": "0 to 100.",
        "createdDateTime": "When it was created.",
        "lastUpdateDateTime": "When it was changed last.",
        "experts": "How far Defender Experts are, by status, owner and tags.",
        "portalUrl": "Its address in the Defender portal.",
        "alertCount": "How many alerts it has.",
        "serviceSources": "The products that the alerts are from; `text` gives their names.",
        "detectionSources": "What detected the alerts.",
        "categories": "The stages of the attack.",
        "mitreTechniques": "Techniques by their MITRE ATT&CK numbers.",
        "investigationStates": "How far automated investigations are.",
        "devices": "Devices by their names.",
        "deviceGroups": "The device groups of these devices.",
        "users": "People by their user principal or account names.",
        "mailboxes": "Mailboxes by their addresses.",
        "files": "Files by their names.",
    }
)

# Other names, and what they give. `NAME` is for the writer of the mapping to choose.
OTHER_NAMES: Mapping[str, str] = MappingProxyType(
    {
        "NAME": "What stands under `let` by this name.",
        "old.NAME": "The property in the revision read before; null at first sight.",
        "vars.NAME": "What the route's `vars` in the configuration give; dots lead further in.",
        "source.name": "The name of the source.",
        "record.number": "The number of this route's own record; null while there is none.",
        "record.url": "Its address in a browser.",
        "links.NAME.number": (
            "The number of the same incident's record under another route; null while there is none. "
            "See [Naming other records](mappings.md#naming-other-records)."
        ),
        "links.NAME.url": "Its address in a browser.",
        "mergedInto.id": "As `redirectIncidentId`.",
        "mergedInto.number": "The number of this route's record for the incident that this one was merged into.",
        "mergedInto.url": "Its address in a browser.",
        "item": "Beside `each`: the item of the list.",
        "item.comment": "Beside `each: comments`: the text.",
        "item.createdByDisplayName": "Who wrote it.",
        "item.createdDateTime": "When it was written.",
    }
)

# What a filter does, and an example of it.
FILTERS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "date": (
            "A time, written with `yyyy MM dd HH mm ss`, in an IANA zone (UTC if there is none).",
            "createdDateTime | date('yyyy-MM-dd HH:mm', 'Europe/Zurich')",
        ),
        "plus": (
            "A later time; `'90s'`, `'15m'`, `'4h'`, `'2d'`.",
            "createdDateTime | plus('4h') | date('HH:mm')",
        ),
        "join": ("The items of a list as one text; `', '` if no separator is said.", "devices | join('; ')"),
        "unique": ("A list without repetitions.", "categories | unique"),
        "first": ("The first item of a list.", "devices | first"),
        "count": ("How many items a list has.", "devices | count"),
        "upper": ("A text in capitals.", "severity | upper"),
        "lower": ("A text in small letters.", "displayName | lower"),
        "cut": (
            "The first characters of a text, so many at most, the last being `…` then.",
            "displayName | cut(12)",
        ),
        "text": ("The word, or the words of a list, as the portal shows them.", "status | text"),
        "plain": ("HTML as text.", "description | plain"),
        "json": ("JSON.", "devices | json"),
        "default": ("The argument where there is nothing.", "resolvingComment | default('none yet')"),
    }
)
