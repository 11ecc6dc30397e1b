"""What a user says about a ServiceNow target.

The platform has no limits of its own, only rules an administrator may set, and those answer with
`Retry-After`; so there is no default quota. Source: ServiceNow docs, "Inbound REST API rate limiting".
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, ClassVar, Literal

from pydantic import Field, field_validator

from connector.http import Peer, PeerKind, PeerSettings, Runtime, ServiceNowAuth
from connector.model import Catalogue
from connector.targets.quotas import QuotaChoice, check_classes, quotas_of
from connector.targets.servicenow.catalogue import SERVICENOW_CATALOGUE
from connector.targets.servicenow.dialect import Dialect, Kind, TaskTable
from connector.targets.servicenow.lifecycle import IncidentCycle, SecurityCycle
from connector.targets.servicenow.references import References
from connector.targets.servicenow.rehearsal import echo_of
from connector.targets.servicenow.security import SECURITY_CATALOGUE
from connector.targets.servicenow.target import WRITES, ServiceNowTarget

FieldName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]


# Tables whose forms list a record's tasks by a field of their own. Source: ServiceNow docs, "Incident tasks".
_MORE_PARENTS: Mapping[str, tuple[str, ...]] = MappingProxyType({"incident_task": ("incident",)})

_INCIDENT_WRITERS = frozenset({"admin", "itil", "itil_admin", "sn_incident_write"})
_SECURITY_WRITERS = frozenset(
    {"admin", "sn_si.admin", "sn_si.analyst", "sn_si.basic", "sn_si.integration_user"}
)
_TASK_WRITERS: Mapping[str, frozenset[str]] = MappingProxyType(
    {"incident_task": _INCIDENT_WRITERS, "sn_si_task": _SECURITY_WRITERS}
)


class _Records(PeerSettings):
    """Records of one table of one instance: a member below for each sort of table."""

    catalogue: ClassVar[Catalogue]
    kind: ClassVar[Kind]

    name: str = Field(min_length=1, description="Name of the target, for routes, logs and metrics.")
    type: Literal["servicenow", "servicenow-sir"]
    table: FieldName = Field(description="The table records are kept in.")
    token_field: FieldName = Field(
        "correlation_display", description="Text field in which a delivery leaves its token."
    )
    note_field: Literal["work_notes", "comments"] = Field(
        "work_notes", description="Where notes go; comments are read, and often mailed, by the caller."
    )
    choose_sys_id: bool = Field(
        True, description="Create records under a sys_id that follows from the incident: no twins, ever."
    )
    tasks: FieldName = Field(
        "note",
        description="Where tasks go: `note`, or a table of tasks such as incident_task or sn_si_task.",
        examples=["incident_task"],
    )
    task_parent: FieldName = Field(
        "parent",
        description="Field of that table that refers to the record; of incident_task `incident` does, too.",
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
        return f"servicenow:{self.base_url}/{self.table}".lower()

    def build(self, *, runtime: Runtime | None = None) -> ServiceNowTarget:
        """The target these settings describe; opens no connection yet."""
        runtime = runtime or Runtime()
        dialect = self._dialect()
        peer = Peer(self, self.auth, kind=PeerKind.SERVICENOW, runtime=runtime, echo=echo_of(dialect))
        return ServiceNowTarget(
            self.name,
            peer=peer,
            dialect=dialect,
            references=References(runtime.monotonic, self.table, self.kind.cycle.labelled),
            quotas=quotas_of(self.quotas, {}, group=self.base_url),
        )

    def _dialect(self) -> Dialect:
        return Dialect(
            base_url=self.base_url,
            table=self.table,
            token_field=self.token_field,
            note_field=self.note_field,
            kind=self.kind,
            choose_sys_id=self.choose_sys_id,
            tasks=self._tasks(),
        )

    def _tasks(self) -> TaskTable | None:
        if self.tasks == "note":
            return None
        parents = (self.task_parent, *_MORE_PARENTS.get(self.tasks, ()))
        return TaskTable(
            self.tasks,
            self.table,
            tuple(dict.fromkeys(parents)),
            self.choose_sys_id,
            _TASK_WRITERS.get(self.tasks, frozenset()),
        )


class ServiceNowSettings(_Records):
    """ServiceNow records of the incident table, or of a table that extends it."""

    catalogue: ClassVar[Catalogue] = SERVICENOW_CATALOGUE
    kind: ClassVar[Kind] = Kind(SERVICENOW_CATALOGUE, IncidentCycle(), _INCIDENT_WRITERS)

    type: Literal["servicenow"]
    table: FieldName = Field("incident", description="The table records are kept in.")


class ServiceNowSecuritySettings(_Records):
    """ServiceNow security incidents (Security Incident Response)."""

    catalogue: ClassVar[Catalogue] = SECURITY_CATALOGUE
    kind: ClassVar[Kind] = Kind(SECURITY_CATALOGUE, SecurityCycle(), _SECURITY_WRITERS)

    type: Literal["servicenow-sir"]
    table: FieldName = Field("sn_si_incident", description="The table records are kept in.")
