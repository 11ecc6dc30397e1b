"""Both Microsoft mocks and the actor between them, for its tests."""

from datetime import timedelta
from typing import Any, Final

from connector.mocks.graph import GraphMock
from connector.mocks.kernel import Clock, Refusal
from connector.mocks.microsoft import MicrosoftConnector
from tests.contract.mocks.sentinel_caller import Caller

ANALYST: Final = "alexw@contoso.example"


class Tenant:
    """Both mocks on one frozen clock, and the actor between them, without delay."""

    def __init__(self) -> None:
        self.caller = Caller()
        self.clock: Clock = self.caller.clock
        self.sentinel = self.caller.mock
        self.graph = GraphMock(self.clock, authorize=lambda header: Refusal(401, ""), tenant_id="t")
        self.actor = MicrosoftConnector(self.clock, self.graph, self.sentinel)
        self.actor.enabled = True
        self.actor.longest_delay = timedelta()

    def new_incident(self, **values: Any) -> str:
        incident_id: str = self.graph.portal.create(values)["id"]
        return incident_id

    def pass_time(self, **by: float) -> None:
        self.clock.advance(timedelta(**by))
        self.actor.tick()

    def defender(self, incident_id: str) -> dict[str, Any]:
        return self.graph.portal.get(incident_id)

    def twins(self) -> list[dict[str, Any]]:
        incidents: list[dict[str, Any]] = self.sentinel.contents()["incidents"]
        return incidents

    def twin(self) -> dict[str, Any]:
        (incident,) = self.twins()
        return incident

    def twin_properties(self) -> dict[str, Any]:
        properties: dict[str, Any] = self.twin()["properties"]
        return properties

    def label_names(self) -> list[str]:
        return [label["labelName"] for label in self.twin_properties()["labels"]]

    def comments(self) -> list[dict[str, Any]]:
        rows = self.sentinel.contents()["comments"].get(self.twin()["name"], [])
        return [row["properties"] for row in rows]

    def activity(self) -> tuple[int, list[str]]:
        return self.sentinel.journal.last_seq, [one["lastUpdateDateTime"] for one in self.graph.incidents()]
