"""What a user says about a source. `start` has no default: no first poll should flood a ticket system."""

from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator

from connector.http import (
    BaseUrl,
    Duration,
    MicrosoftAuth,
    Peer,
    PeerKind,
    PeerSettings,
    Runtime,
    Settings,
    parse_duration,
)
from connector.model import Revision
from connector.sources.graph import GraphSource
from connector.sources.pagesize import PageSize


def start_revision(text: str, now: datetime) -> Revision:
    """The revision that `now`, a duration before now (`30d`), a date or a time stands for.

    A date is its midnight in UTC. Raises ValueError for anything else.
    """
    text = text.strip()
    if text == "now":
        return Revision.of(now)
    try:
        return Revision.of(now - parse_duration(text))
    except (ValueError, OverflowError):
        pass
    try:
        return Revision.parse(text if len(text) > 10 else f"{text}T00:00:00Z")
    except ValueError:
        raise ValueError("write now, a duration such as 30d, or a date such as 2026-01-31") from None


def _checked_start(text: str) -> str:
    start_revision(text, datetime.fromisoformat("2026-01-01T00:00:00+00:00"))
    return text


class PollSettings(Settings):
    """How a source is asked."""

    every: Duration = Field(timedelta(seconds=60), gt=timedelta(0), description="From one poll to the next.")
    overlap: Duration = Field(
        timedelta(minutes=2), description="How far before the last position each poll begins."
    )
    page_size: int = Field(50, ge=1, le=1000, description="Incidents asked for at once.")
    expand_alerts: bool = Field(True, description="Read alerts, too; without them no device is known.")


class GraphSettings(PeerSettings):
    """Incidents of one tenant, from Microsoft Graph."""

    name: str = Field(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$", description="Name in routes, status and audit."
    )
    type: Literal["graph"]
    tenant_id: str = Field(
        pattern=r"^[A-Za-z0-9.-]{1,64}$",
        description="Directory (tenant) id; half of every incident's identity, so never change it.",
    )
    start: Annotated[str, AfterValidator(_checked_start)] = Field(
        description="Where the first poll begins: now, a duration before then (30d), a date or a time."
    )
    base_url: BaseUrl = Field(
        "https://graph.microsoft.com", description="Address of Graph in the tenant's cloud."
    )
    api_version: Literal["v1.0", "beta"] = Field("v1.0", description="Version of the API.")
    poll: PollSettings = Field(default_factory=PollSettings, description="How the source is asked.")
    auth: MicrosoftAuth = Field(description="Who we are; the tenant is this source's unless named.")

    @model_validator(mode="before")
    @classmethod
    def _same_tenant(cls, data: Any) -> Any:
        """Give the credentials the source's tenant where they name none."""
        if not isinstance(data, dict) or not isinstance(auth := data.get("auth"), dict):
            return data
        if auth.get("type") != "client_secret" or auth.get("tenant_id") or not data.get("tenant_id"):
            return data
        return {**data, "auth": {**auth, "tenant_id": data["tenant_id"]}}

    def start_at(self, now: datetime) -> Revision:
        """Where the first poll begins, if it is made now."""
        return start_revision(self.start, now)

    def build(self, runtime: Runtime) -> GraphSource:
        """The source; nothing is asked yet."""
        return GraphSource(
            name=self.name,
            tenant=self.tenant_id,
            peer=Peer(self, self.auth, kind=PeerKind.GRAPH, runtime=runtime),
            path=f"/{self.api_version}/security/incidents",
            overlap=self.poll.overlap,
            expand_alerts=self.poll.expand_alerts,
            size=PageSize(self.poll.page_size),
            now=runtime.now,
        )
