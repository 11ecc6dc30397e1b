"""Sentinel as the far side of a target: a workspace of our own incidents, and one that Microsoft fills."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx

from connector.mocks.kernel import Grant, Refusal
from connector.mocks.sentinel import SentinelMock
from connector.model import FieldValue, IncidentKey
from tests.contract.targets.harness import HOST, TENANT, Harness, Held, HeldTask

SUBSCRIPTION = "22222222-0000-4000-8000-000000000000"


class SentinelHarness(Harness):
    word = "sentinel"
    mock_name = "sentinel"
    update_method = "PUT"
    text_field = "title"
    long_field = "description"
    plain_edit = ("classificationComment", "seen by Alex")
    dropped_field = "description"
    task_path = "/tasks/"

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.refusal: Refusal | None = None
        self.mock = SentinelMock(
            self.clock,
            authorize=lambda header: (
                self.refusal or Grant("xdr-connector", "app-id", frozenset(), "xdr-connector")
            ),
            subscription_id=SUBSCRIPTION,
            resource_group="soc",
            workspace="contoso",
            tenant_id=TENANT,
        )

    def settings(self) -> dict[str, Any]:
        return {
            "name": "any name",
            "type": "sentinel",
            "base_url": HOST,
            "subscription_id": SUBSCRIPTION,
            "resource_group": "soc",
            "workspace": "contoso",
            "incidents": "ours",
            "auth": {"type": "bearer", "token": {"file": str(self.secret)}},
        }

    def app(self) -> Any:
        return self.mock.app

    def held(self) -> list[Held]:
        contents = self.mock.contents()
        return [
            Held(
                incident["name"],
                incident["properties"],
                [label["labelName"] for label in incident["properties"]["labels"]],
                [
                    comment["properties"]["message"]
                    for comment in contents["comments"].get(incident["name"], [])
                ],
            )
            for incident in contents["incidents"]
        ]

    def edit(self, record: str, fields: Mapping[str, Any]) -> None:
        self.mock.edit(record, fields)

    def delete(self, record: str) -> None:
        self.mock.delete(record)

    def arrange(self, key: IncidentKey) -> None:
        return

    def drop(self, name: str) -> None:
        self.mock.settings.ignored_properties.append(name)

    def foreign_tag(self, record: str, tag: str) -> None:
        held = next(one for one in self.held() if one.id == record)
        self.mock.edit(record, {"labels": [{"labelName": label} for label in [*held.tags, tag]]})

    def tasks(self) -> list[HeldTask]:
        return [
            HeldTask(
                task["properties"]["title"],
                task["properties"]["description"] or "",
                name,
                task["properties"]["status"] == "Completed",
            )
            for name, tasks in self.mock.contents()["tasks"].items()
            for task in tasks
        ]

    def complete(self, title: str) -> None:
        for name, tasks in self.mock.contents()["tasks"].items():
            for task in tasks:
                if task["properties"]["title"] == title:
                    self.mock.edit_task(name, task["name"], {"status": "Completed"})

    def forbid_tasks(self) -> None:
        self.mock.settings.tasks_writable = False

    def first_fields(self) -> dict[str, FieldValue]:
        return {"title": "Phish", "severity": "High", "status": "New", "description": "first words"}

    def note_refusal(self, request: httpx.Request) -> httpx.Response | None:
        if not re.search(r"/comments/", request.url.path):
            return None
        body = {
            "error": {"code": "BadRequest", "message": "An incident must not have more than 100 comments."}
        }
        return httpx.Response(400, json=body)


class MicrosoftHarness(SentinelHarness):
    creates = False

    def settings(self) -> dict[str, Any]:
        return {**super().settings(), "incidents": "microsoft"}

    def arrange(self, key: IncidentKey) -> None:
        self.mock.upsert_from_provider(key.incident, _microsofts(key.incident))

    def add_twin(self, key: IncidentKey) -> None:
        other = self.mock.upsert_from_provider("of another incident", _microsofts("0"))
        self.mock.edit(other, {"providerIncidentId": key.incident})


def _microsofts(incident: str) -> dict[str, Any]:
    url = f"https://security.microsoft.com/incidents/{incident}?tid={TENANT}"
    return {
        "title": "Multi-stage incident",
        "severity": "Medium",
        "status": "New",
        "additionalData": {"providerIncidentUrl": url},
    }
