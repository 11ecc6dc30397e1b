"""What a user says about a ServiceNow target.

The platform has no limits of its own, only rules an administrator may set, and those answer with
`Retry-After`; so there is no default quota. Source: ServiceNow docs, "Inbound REST API rate limiting".
"""

from typing import Annotated, ClassVar, Literal

from pydantic import Field, field_validator

from connector.http import Peer, PeerKind, PeerSettings, Runtime, ServiceNowAuth
from connector.model import Catalogue
from connector.targets.quotas import QuotaChoice, check_classes, quotas_of
from connector.targets.servicenow.catalogue import SERVICENOW_CATALOGUE
from connector.targets.servicenow.dialect import Dialect
from connector.targets.servicenow.references import References
from connector.targets.servicenow.rehearsal import echo_of
from connector.targets.servicenow.target import WRITES, ServiceNowTarget

FieldName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]


class ServiceNowSettings(PeerSettings):
    """ServiceNow records of the incident table, or of a table that extends it."""

    catalogue: ClassVar[Catalogue] = SERVICENOW_CATALOGUE

    name: str = Field(min_length=1, description="Name of the target, for routes, logs and metrics.")
    type: Literal["servicenow"]
    table: FieldName = Field("incident", description="The table records are kept in.")
    token_field: FieldName = Field(
        "correlation_display", description="Text field in which a delivery leaves its token."
    )
    note_field: Literal["work_notes", "comments"] = Field(
        "work_notes", description="Where notes go; comments are read, and often mailed, by the caller."
    )
    choose_sys_id: bool = Field(
        True, description="Create records under a sys_id that follows from the incident: no twins, ever."
    )
    auth: ServiceNowAuth = Field(description="Credentials for the instance.")
    quotas: QuotaChoice = "default"

    @field_validator("quotas")
    @classmethod
    def _names_known_classes(cls, choice: QuotaChoice) -> QuotaChoice:
        return check_classes(choice, (WRITES,))

    @property
    def far_side(self) -> str:
        """What is written to: two targets of one far side would fight over its records."""
        return f"{self.type}:{self.base_url}/{self.table}".lower()

    def build(self, *, runtime: Runtime | None = None) -> ServiceNowTarget:
        """The target these settings describe; opens no connection yet."""
        runtime = runtime or Runtime()
        dialect = self._dialect()
        peer = Peer(self, self.auth, kind=PeerKind.SERVICENOW, runtime=runtime, echo=echo_of(dialect))
        return ServiceNowTarget(
            self.name,
            peer=peer,
            dialect=dialect,
            references=References(runtime.monotonic),
            quotas=quotas_of(self.quotas, {}, group=self.base_url),
        )

    def _dialect(self) -> Dialect:
        return Dialect(
            base_url=self.base_url,
            table=self.table,
            token_field=self.token_field,
            note_field=self.note_field,
            choose_sys_id=self.choose_sys_id,
        )
