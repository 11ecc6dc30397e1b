"""ServiceNow as the far side of a target: an instance with an integration account and a field for tags."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx

from connector.mocks.servicenow import ServiceNowMock
from connector.model import FieldValue, IncidentKey
from connector.targets.notes import unmarked
from tests.contract.targets.harness import HOST, Harness, Held, HeldTask


class ServiceNowHarness(Harness):
    word = "servicenow"
    mock_name = "servicenow"
    update_method = "PATCH"
    text_field = "short_description"
    long_field = "description"
    plain_edit = ("category", "network")
    tags_into = "work_notes_list"
    dropped_field = "description"
    table = "incident"

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.mock = ServiceNowMock(self.clock, username="integration", password="not-a-secret")

    def settings(self) -> dict[str, Any]:
        return {
            "name": "any name",
            "type": self.word,
            "base_url": HOST,
            **({"tasks": self.task_path} if self.task_path else {}),
            "auth": {"type": "basic", "username": "integration", "password": {"file": str(self.secret)}},
        }

    def app(self) -> Any:
        return self.mock.app

    def held(self) -> list[Held]:
        contents = self.mock.contents()
        return [
            Held(
                row["sys_id"],
                row,
                [tag.strip() for tag in row["work_notes_list"].split(",") if tag.strip()],
                [
                    entry["value"]
                    for entry in contents["sys_journal_field"]
                    if entry["element_id"] == row["sys_id"]
                ],
            )
            for row in contents[self.table]
        ]

    def edit(self, record: str, fields: Mapping[str, Any]) -> None:
        self.mock.edit(self.table, record, fields)

    def delete(self, record: str) -> None:
        self.mock.delete(self.table, record)

    def arrange(self, key: IncidentKey) -> None:
        return

    def add_twin(self, key: IncidentKey) -> None:
        for _ in range(2 - sum(row.fields["correlation_id"] == key.on_target() for row in self.held())):
            self.mock.create(self.table, {"correlation_id": key.on_target(), "short_description": "a twin"})

    def drop(self, name: str) -> None:
        self.mock.settings.no_write_fields.add(name)

    def foreign_tag(self, record: str, tag: str) -> None:
        held = next(one for one in self.held() if one.id == record)
        self.mock.edit(self.table, record, {"work_notes_list": ", ".join([*held.tags, tag])})

    def tasks(self) -> list[HeldTask]:
        if not self.task_path:
            return [
                HeldTask(title.removeprefix("Task: "), unmarked(text), held.id)
                for held in self.held()
                for entry in "\n\n".join(held.notes).split("\n\n")
                for title, _, text in [entry.partition("\n")]
                if title.startswith("Task: ")
            ]
        return [
            HeldTask(row["short_description"], row["description"], row["parent"], row["state"] == "3")
            for row in self.mock.contents()[self.task_path]
        ]

    def complete(self, title: str) -> None:
        for row in self.mock.contents()[self.task_path] if self.task_path else ():
            if row["short_description"] == title:
                self.mock.edit(self.task_path, row["sys_id"], {"state": "3"})

    def forbid_tasks(self) -> None:
        self.mock.settings.read_only_tables.add(self.task_path)

    def first_fields(self) -> dict[str, FieldValue]:
        return {"short_description": "Phish", "impact": "2", "urgency": "2", "description": "first words"}

    def note_refusal(self, request: httpx.Request) -> httpx.Response | None:
        if b'"work_notes"' not in request.content:
            return None
        detail = "Operation against file 'incident' was aborted by Business Rule 'No notes^1'."
        return httpx.Response(403, json={"error": {"message": "Operation Failed", "detail": detail}})


class SecurityHarness(ServiceNowHarness):
    """Security incidents of the same instance."""

    word = "servicenow-sir"
    table = "sn_si_incident"
    plain_edit = ("attack_vector", "email")
    task_path = "sn_si_task"


class IncidentTaskHarness(ServiceNowHarness):
    """Incidents whose tasks are records of their own."""

    task_path = "incident_task"
