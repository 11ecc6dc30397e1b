"""ARM resource ids of the workspace's incidents: matched segment by segment without regard to case.

The undecoded path is split, because clients percent-encode a `/` inside an id.
"""

from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote

from connector.mocks.sentinel.errors import not_found

_FIXED: Final = {
    0: "subscriptions",
    2: "resourcegroups",
    4: "providers",
    5: "microsoft.operationalinsights",
    6: "workspaces",
    8: "providers",
    9: "microsoft.securityinsights",
    10: "incidents",
}


@dataclass(frozen=True)
class Workspace:
    """Where the workspace lives; `base` is the id its incidents' ids begin with."""

    subscription_id: str
    resource_group: str
    name: str

    @property
    def base(self) -> str:
        """Return the ARM id of the workspace's security insights provider."""
        return (
            f"/subscriptions/{self.subscription_id}/resourceGroups/{self.resource_group}"
            f"/providers/Microsoft.OperationalInsights/workspaces/{self.name}/providers/Microsoft.SecurityInsights"
        )


@dataclass(frozen=True)
class Address:
    """What a path points at: the list, an incident, a collection below it, or one child."""

    incident: str | None = None
    below: str | None = None
    child: str | None = None


def parse_address(raw_path: str, workspace: Workspace) -> Address:
    """Return what an undecoded path points at; raise `ArmError` 404 for anything outside the workspace."""
    parts = [unquote(part) for part in raw_path.strip("/").split("/")]
    if not 11 <= len(parts) <= 14 or any(parts[at].lower() != word for at, word in _FIXED.items()):
        raise not_found("The requested path does not exist.", "InvalidResourceType")
    _check_place(parts[1], parts[3], parts[7], workspace)
    rest = parts[11:]
    return Address(
        incident=rest[0] if rest else None,
        below=rest[1].lower() if len(rest) > 1 else None,
        child=rest[2] if len(rest) > 2 else None,
    )


def _check_place(subscription: str, group: str, name: str, workspace: Workspace) -> None:
    if subscription.lower() != workspace.subscription_id.lower():
        raise not_found(f"The subscription '{subscription}' could not be found.", "SubscriptionNotFound")
    if group.lower() != workspace.resource_group.lower():
        raise not_found(f"Resource group '{group}' could not be found.", "ResourceGroupNotFound")
    if name.lower() != workspace.name.lower():
        raise not_found(
            f"The Resource 'Microsoft.OperationalInsights/workspaces/{name}' under resource group '{group}' "
            "was not found.",
            "ResourceNotFound",
        )
