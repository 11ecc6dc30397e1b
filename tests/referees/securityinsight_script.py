"""What Microsoft's SDK for Sentinel sees of the mock; runs in that SDK's environment, in either release.

Reads the addresses of a workspace from standard input and prints one JSON object: the name of a check and
what the SDK answered. The caller judges; here nothing is asserted, so one surprise hides no other.
"""

import json
import sys
import time
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from azure.core.credentials import AccessToken
from azure.core.exceptions import HttpResponseError
from azure.mgmt.securityinsight import SecurityInsights
from azure.mgmt.securityinsight import models as m

NAME = "73e01a99-5cd7-4139-a149-9f2736ff2ab5"
OBJECT_ID = "11111111-0000-4000-8000-000000000001"


class Credential:
    """A token that was handed to us."""

    def __init__(self, token: str) -> None:
        self.token = token

    def get_token(self, *scopes: str, **options: Any) -> AccessToken:
        return AccessToken(self.token, int(time.time()) + 3600)


class Workspace:
    """The SDK's client with the workspace's coordinates filled in."""

    def __init__(self, place: dict[str, Any], token: str) -> None:
        self.client = SecurityInsights(
            Credential(token),
            place["subscription_id"],
            base_url=place["url"],
            connection_verify=place["ca_file"],
            retry_backoff_factor=0.01,
        )
        self.where = (place["resource_group"], place["workspace"])

    def get(self, name: str = NAME) -> Any:
        return self.client.incidents.get(*self.where, name)

    def put(self, incident: Any, name: str = NAME) -> Any:
        return self.client.incidents.create_or_update(*self.where, name, incident)


def shown(incident: Any) -> dict[str, Any]:
    data = incident.additional_data
    return {
        "name": incident.name,
        "number": incident.incident_number,
        "title": incident.title,
        "severity": str(getattr(incident.severity, "value", incident.severity)),
        "status": str(getattr(incident.status, "value", incident.status)),
        "owner": incident.owner.assigned_to,
        "labels": [label.label_name for label in incident.labels],
        "label_types": [str(getattr(one.label_type, "value", one.label_type)) for one in incident.labels],
        "comments": data.comments_count,
        "quoted_etag": incident.etag.startswith('"') and incident.etag.endswith('"'),
        "dated": isinstance(incident.created_time_utc, datetime),
        "provider": getattr(incident, "provider_name", "not in the model"),
    }


def created(workspace: Workspace) -> dict[str, Any]:
    incident = m.Incident(
        title="Phish",
        severity="High",
        status="New",
        owner=m.IncidentOwnerInfo(object_id=OBJECT_ID),
        labels=[m.IncidentLabel(label_name="a"), m.IncidentLabel(label_name="b c")],
    )
    return shown(workspace.put(incident))


def got(workspace: Workspace) -> dict[str, Any]:
    return shown(workspace.get(NAME.upper()))


def updated(workspace: Workspace) -> dict[str, Any]:
    incident = workspace.get()
    incident.severity = "Low"
    incident.status = "Closed"
    incident.classification = "FalsePositive"
    incident.classification_reason = "InaccurateData"
    return shown(workspace.put(incident))


def reopened_without_owner_and_labels(workspace: Workspace) -> dict[str, Any]:
    return shown(workspace.put(m.Incident(title="Phish", severity="Low", status="Active")))


def written_back_unassigned(workspace: Workspace) -> dict[str, Any]:
    return shown(workspace.put(workspace.get()))


def stale_update(workspace: Workspace) -> None:
    mine, other = workspace.get(), workspace.get()
    workspace.put(other)
    workspace.put(mine)


def update_after_a_comment(workspace: Workspace) -> None:
    mine = workspace.get()
    comment(workspace, "moves the version")
    workspace.put(mine)


def without_title(workspace: Workspace) -> None:
    workspace.put(m.Incident(title=None, severity="Low", status="New"))


def missing(workspace: Workspace) -> None:
    workspace.get("nobody")


def listed_over_pages(workspace: Workspace) -> list[str]:
    for number in range(7):
        workspace.put(m.Incident(title=f"page {number}", severity="Low", status="New"), f"page-{number}")
    return listed(workspace, "properties/status eq 'New'", "properties/createdTimeUtc asc")


def listed_by_label(workspace: Workspace) -> list[str]:
    labels = [m.IncidentLabel(label_name="it's")]
    for name in ("page-2", "page-5"):
        workspace.put(m.Incident(title="t", severity="Low", status="New", labels=labels), name)
    return listed(workspace, "properties/labels/any(i:i/labelName eq 'it''s')", "properties/incidentNumber")


def listed_by_time(workspace: Workspace) -> list[str]:
    since = workspace.get("page-2").last_modified_time_utc - timedelta(milliseconds=1)
    text = since.strftime("properties/lastModifiedTimeUtc ge %Y-%m-%dT%H:%M:%S.%fZ")
    return listed(workspace, text, "properties/lastModifiedTimeUtc asc")


def listed(workspace: Workspace, text: str, order: str) -> list[str]:
    rows = workspace.client.incidents.list(*workspace.where, filter=text, orderby=order, top=3)
    return [row.name for row in rows]


def bad_filter(workspace: Workspace) -> None:
    listed(workspace, "properties/description eq 'x'", "properties/createdTimeUtc asc")


def comment(workspace: Workspace, text: str, name: str | None = None) -> Any:
    body, comment_id = m.IncidentComment(message=text), name or str(uuid.uuid4())
    return workspace.client.incident_comments.create_or_update(*workspace.where, NAME, comment_id, body)


def commented(workspace: Workspace) -> dict[str, Any]:
    first = comment(workspace, "hello", "c-1")
    again = comment(workspace, "hello, again", "c-1")
    for number in range(2, 6):
        comment(workspace, f"text {number}", f"c-{number}")
    rows = list(workspace.client.incident_comments.list(*workspace.where, NAME, top=2))
    held = workspace.client.incident_comments.get(*workspace.where, NAME, "c-1")
    return {
        "names": [row.name for row in rows],
        "author": first.author.name,
        "same_time": again.created_time_utc == first.created_time_utc,
        "message": held.message,
        "count": workspace.get().additional_data.comments_count,
    }


def related(workspace: Workspace) -> dict[str, Any]:
    target = "/subscriptions/s/providers/Microsoft.SecurityInsights/bookmarks/b1"
    relations = workspace.client.incident_relations
    made = relations.create_or_update(*workspace.where, NAME, "r1", m.Relation(related_resource_id=target))
    rows = list(relations.list(*workspace.where, NAME))
    return {"name": made.related_resource_name, "listed": [row.name for row in rows]}


def surroundings(workspace: Workspace) -> dict[str, Any]:
    incidents = workspace.client.incidents
    return {
        "alerts": incidents.list_alerts(*workspace.where, NAME).value,
        "bookmarks": incidents.list_bookmarks(*workspace.where, NAME).value,
        "entities": incidents.list_entities(*workspace.where, NAME).entities,
    }


def tasks(workspace: Workspace) -> Any:
    if not hasattr(workspace.client, "incident_tasks"):
        return "not in this release"
    group = workspace.client.incident_tasks
    task = m.IncidentTask(title="Isolate", description="the device", status="New")
    made = group.create_or_update(*workspace.where, NAME, "t1", task)
    made.status = "Completed"
    done = group.create_or_update(*workspace.where, NAME, "t1", made)
    return {
        "status": str(getattr(done.status, "value", done.status)),
        "by": done.created_by.name,
        "listed": [row.name for row in group.list(*workspace.where, NAME)],
    }


def deleted(workspace: Workspace) -> list[str]:
    workspace.client.incident_comments.delete(*workspace.where, NAME, "c-1")
    workspace.client.incidents.delete(*workspace.where, NAME)
    workspace.client.incidents.delete(*workspace.where, NAME)
    return [row.name for row in workspace.client.incidents.list(*workspace.where)]


def report(check: Callable[[], Any]) -> Any:
    """Return what a check returned, or the exception's name, status and ARM code."""
    try:
        return check()
    except HttpResponseError as error:
        code = error.error.code if error.error else None
        return {"raised": type(error).__name__, "status": error.status_code, "code": code}
    except Exception as error:  # noqa: BLE001 - which exception the SDK chooses is what we want to know
        return {"raised": type(error).__name__, "text": str(error)}


CHECKS = (
    created, got, updated, reopened_without_owner_and_labels, written_back_unassigned, stale_update,
    update_after_a_comment, without_title, missing, listed_over_pages, listed_by_label, listed_by_time,
    bad_filter, commented, related, surroundings, tasks, deleted,
)  # fmt: skip


def main() -> None:
    place = json.load(sys.stdin)
    workspace = Workspace(place, place["token"])
    answers = {check.__name__: report(lambda check=check: check(workspace)) for check in CHECKS}
    stranger = Workspace(place, "no token of ours")
    answers["wrong_token"] = report(lambda: missing(stranger))
    elsewhere = place["contributor"] | {"ca_file": place["ca_file"]}
    contributor = Workspace(elsewhere, elsewhere["token"])
    report(lambda: created(contributor))
    report(lambda: comment(contributor, "x", "c-1"))
    answers["deleted_by_contributor"] = report(lambda: deleted(contributor))
    answers["throttled_once"] = report(lambda: got(workspace)["name"])
    print(json.dumps(answers))


if __name__ == "__main__":
    main()
