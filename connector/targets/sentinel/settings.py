"""What a user says about a Sentinel target.

`incidents` has no default: whether Microsoft's connector fills the workspace decides whether we create
incidents or join them, and a wrong guess doubles every incident. The published floor of the service's own
limits is the default quota. Source: learn.microsoft.com, "Request limits and throttling"
(Microsoft.SecurityInsights): 75 writes of incidents and of comments in 5 minutes for a subscription. Tasks are not
named there; they are assumed to have the same limit.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import ClassVar, Literal

from pydantic import Field, field_validator

from connector.http import BaseUrl, BearerAuth, MicrosoftAuth, Peer, PeerKind, PeerSettings, Runtime
from connector.model import Catalogue, Quota
from connector.targets.quotas import QuotaChoice, check_classes, quotas_of
from connector.targets.sentinel.calls import Place
from connector.targets.sentinel.catalogue import SENTINEL_CATALOGUE
from connector.targets.sentinel.microsofts import MicrosoftIncidents
from connector.targets.sentinel.ours import OurIncidents
from connector.targets.sentinel.rehearsal import ECHO
from connector.targets.sentinel.target import (
    COMMENT_WRITES,
    INCIDENT_WRITES,
    TASK_WRITES,
    Finder,
    SentinelTarget,
)

_CLASSES = (INCIDENT_WRITES, COMMENT_WRITES, TASK_WRITES)
# Where the scope of a token is not `<base_url>/.default`. Source: learn.microsoft.com, "Compare Azure Government and
# global Azure".
_SCOPES: Mapping[str, str] = MappingProxyType(
    {"https://management.usgovcloudapi.net": "https://management.core.usgovcloudapi.net/.default"}
)
_PROVIDER = "Microsoft.OperationalInsights/workspaces/{}/providers/Microsoft.SecurityInsights/incidents"


class SentinelSettings(PeerSettings):
    """Microsoft Sentinel incidents of one workspace."""

    catalogue: ClassVar[Catalogue] = SENTINEL_CATALOGUE

    name: str = Field(min_length=1, description="Name of the target, for routes, logs and metrics.")
    type: Literal["sentinel"]
    base_url: BaseUrl = Field("https://management.azure.com", description="Azure Resource Manager's address.")
    subscription_id: str = Field(pattern=r"^[0-9A-Za-z-]+$", description="Azure subscription.")
    resource_group: str = Field(pattern=r"^[-\w.()]{1,90}$", description="Resource group of the workspace.")
    workspace: str = Field(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9-]{0,88}[A-Za-z0-9]$", description="Log Analytics workspace."
    )
    api_version: str = Field("2024-09-01", description="Version of the Microsoft.SecurityInsights API.")
    incidents: Literal["ours", "microsoft"] = Field(
        description="`ours`: create incidents. `microsoft`: join those that Microsoft's connector brings."
    )
    find_by: Literal["list", "filter"] = Field(
        "list", description="How Microsoft's incidents are found; the filter is documented nowhere."
    )
    auth: MicrosoftAuth = Field(description="Credentials for Azure Resource Manager.")
    quotas: QuotaChoice = "default"

    @field_validator("quotas")
    @classmethod
    def _names_known_classes(cls, choice: QuotaChoice) -> QuotaChoice:
        return check_classes(choice, _CLASSES)

    @property
    def far_side(self) -> str:
        """What is written to: two targets of one far side would fight over its incidents."""
        return self._identity()

    def build(self, *, runtime: Runtime | None = None) -> SentinelTarget:
        """The target these settings describe; opens no connection yet."""
        runtime = runtime or Runtime()
        peer = Peer(self, self._auth(), kind=PeerKind.ARM, runtime=runtime, echo=ECHO)
        place = Place(peer, self._path(), self.api_version)
        return SentinelTarget(
            self.name,
            peer=peer,
            place=place,
            identity=self._identity(),
            finder=self._finder(place, runtime.monotonic),
            quotas=self._quotas(),
        )

    def _auth(self) -> MicrosoftAuth:
        scope = _SCOPES.get(self.base_url.lower())
        if scope is None or isinstance(self.auth, BearerAuth) or self.auth.scope:
            return self.auth
        return self.auth.model_copy(update={"scope": scope})

    def _path(self) -> str:
        group = f"/subscriptions/{self.subscription_id}/resourceGroups/{self.resource_group}"
        return f"{group}/providers/{_PROVIDER.format(self.workspace)}"

    def _identity(self) -> str:
        return f"{self.type}:{self.subscription_id}/{self.workspace}".lower()

    def _finder(self, place: Place, monotonic: Callable[[], float]) -> Finder:
        if self.incidents == "ours":
            return OurIncidents(place, self._identity())
        return MicrosoftIncidents(place, by_filter=self.find_by == "filter", monotonic=monotonic)

    def _quotas(self) -> Mapping[str, Quota]:
        group = self.subscription_id.lower()
        floor = Quota(group, limit=75, seconds=300, reserve=5)
        return quotas_of(self.quotas, dict.fromkeys(_CLASSES, floor), group=group)
