"""What the caller may do, as Azure Resource Manager tells it: the actions of its role.

Sources: "Permissions - List For Resource" (Microsoft.Authorization), "Azure built-in roles for Security" (Microsoft
Sentinel Reader, Responder and Contributor).
"""

import re
from typing import Any, Final

from connector.mocks.sentinel.address import Workspace
from connector.mocks.sentinel.call import Answer, json_answer
from connector.mocks.sentinel.errors import not_found, unauthorized
from connector.mocks.sentinel.settings import Role, SentinelSettings

_PATH: Final = re.compile(r"(?P<place>/.+)/providers/Microsoft\.Authorization/permissions/?", re.IGNORECASE)

_TASKS = "Microsoft.SecurityInsights/incidents/tasks/write"
_READ = "Microsoft.SecurityInsights/*/read"
_ROLES: Final[dict[Role, tuple[tuple[str, ...], tuple[str, ...]]]] = {
    "reader": ((_READ,), ()),
    "responder": (
        (_READ, "Microsoft.SecurityInsights/incidents/*"),
        ("Microsoft.SecurityInsights/incidents/*/Delete",),
    ),
    "contributor": (("Microsoft.SecurityInsights/*",), ()),
}


def permissions_at(
    method: str, path: str, workspace: Workspace, settings: SentinelSettings, object_id: str
) -> Answer | None:
    """The list of grants at the workspace, None for any other path; raise `ArmError` where it is not for the caller."""
    match = _PATH.fullmatch(path)
    if match is None:
        return None
    if method != "GET" or match["place"].lower() != workspace.base.rpartition("/providers/")[0].lower():
        raise not_found("The requested path does not exist.", "InvalidResourceType")
    if not settings.permissions_readable:
        raise unauthorized(object_id, "Microsoft.Authorization/permissions/read", path)
    return json_answer(200, _grants(settings))


def _grants(settings: SentinelSettings) -> dict[str, Any]:
    """A service may show several grants, of which each counts."""
    actions, not_actions = _ROLES[settings.role]
    denied = [*not_actions] if settings.tasks_writable else [*not_actions, _TASKS]
    granted = {"actions": [*actions], "notActions": denied, "dataActions": [], "notDataActions": []}
    return {"value": [granted]}
