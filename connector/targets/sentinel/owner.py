"""How an owner is spelled, and when the owner the service answers with is the one we meant.

A mapping knows an owner as one text: a user principal name, an object id, or a name that is nobody's, such as
`Defender Experts`. The service completes what it is sent from its directory, so an answer is compared by
identity and never as text.

A user principal name is sent as `userPrincipalName`, `email` and `assignedTo` at once: integrators report
that assigning works with the object id left empty and these three given, and that one of them alone is not
always recognised. Source: learn.microsoft.com, "Incidents - Create Or Update" (`IncidentOwnerInfo`).
"""

import re
from collections.abc import Mapping

from connector.model import JSON, FieldValue

_OBJECT_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_MEMBERS = ("objectId", "email", "assignedTo", "userPrincipalName")
_NOBODY: Mapping[str, JSON] = dict.fromkeys(_MEMBERS)


def spelled(owner: FieldValue) -> dict[str, JSON]:
    """The `owner` object of a request; None unassigns, which takes all members with null."""
    text = "" if owner is None else str(owner).strip()
    if not text:
        return {**_NOBODY}
    if _OBJECT_ID.fullmatch(text):
        return {**_NOBODY, "objectId": text}
    if "@" in text:
        return {**_NOBODY, "email": text, "assignedTo": text, "userPrincipalName": text}
    return {**_NOBODY, "assignedTo": text}


def is_owner(held: JSON, wanted: FieldValue) -> bool:
    """Whether the owner the service holds is the wanted one, however the service completed it."""
    members = held if isinstance(held, Mapping) else {}
    identities = {str(members.get(name) or "").casefold() for name in _MEMBERS} - {""}
    text = "" if wanted is None else str(wanted).strip().casefold()
    return text in identities if text else not identities
