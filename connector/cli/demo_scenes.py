"""What XDR says of an incident and what each target holds for it, read from the mocks' own contents.

The connector is not asked: a demonstration that showed what the connector believes would prove nothing. A
ServiceNow record is found by its correlation_id, a Sentinel incident by the title that the shipped mapping
gives it, and the titles of the shipped journeys differ.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from connector.mocks.world import World
from connector.model import MARKER

Holding = Mapping[str, Any]
NOTHING: Holding = {}
AWAITING = "Awaiting Customer Action"

# What each XDR status becomes: the Sentinel status, and the labels that the ServiceNow state may have.
# ServiceNow has no way back from Resolved to New: what becomes active again is In Progress there.
_EXPECTED = {
    "active": ("New", {"New", "In Progress"}),
    "inProgress": ("Active", {"In Progress"}),
    "awaitingAction": ("Active", {"On Hold"}),
    "resolved": ("Closed", {"Resolved"}),
    "redirected": ("Closed", {"Resolved"}),
}


@dataclass(frozen=True, slots=True)
class Scene:
    """One incident after one step of its journey. A holding is empty while the target has no record."""

    journey: str
    step: str
    title: str
    incident: str
    xdr: Holding
    sentinel: Holding
    servicenow: Holding

    def as_json(self) -> dict[str, Any]:
        """The form in which `demo --json` writes it."""
        return {
            "journey": self.journey,
            "step": self.step,
            "title": self.title,
            "incident": self.incident,
            "xdr": dict(self.xdr),
            "sentinel": dict(self.sentinel),
            "servicenow": dict(self.servicenow),
        }

    def problems(self) -> Iterator[str]:
        """How the targets differ from what XDR says, one sentence each; none when they agree."""
        status, states = _EXPECTED[self.xdr["status"]]
        place = f"{self.journey}, {self.step}, {self.incident}"
        if self.sentinel.get("status") != status:
            yield f"{place}: Sentinel status is {self.sentinel.get('status')}, expected {status}"
        if self.servicenow.get("state_label") not in states:
            state = self.servicenow.get("state_label")
            yield f"{place}: ServiceNow state is {state}, expected {' or '.join(sorted(states))}"
        if (AWAITING in self.sentinel.get("tags", ())) != (self.xdr["status"] == "awaitingAction"):
            yield f"{place}: the Sentinel tag {AWAITING!r} does not say what XDR says"


class Contents:
    """The contents of a world's mocks at one moment, indexed for `scene`."""

    def __init__(self, world: World) -> None:
        sentinel, servicenow = world.sentinel.contents(), world.servicenow.contents()
        self._world = world
        self._incidents = {each["properties"]["title"]: each for each in sentinel["incidents"]}
        self._comments = sentinel["comments"]
        self._rows = {row["correlation_id"]: row for row in servicenow["incident"]}
        self._journal = servicenow["sys_journal_field"]
        choices = [row for row in servicenow["sys_choice"] if row["name"] == "incident"]
        self._labels = {(row["element"], row["value"]): row["label"] for row in choices}

    def xdr(self, incident_id: str) -> Holding:
        """What XDR says of an incident."""
        incident = self._world.graph.portal.get(incident_id)
        names = ("id", "displayName", "status", "assignedTo", "classification", "determination", "customTags")
        return {name: incident[name] for name in names} | {"comments": len(incident["comments"])}

    def sentinel(self, title: str) -> Holding:
        """What Sentinel holds under a title."""
        incident = self._incidents.get(title)
        if incident is None:
            return NOTHING
        properties = incident["properties"]
        names = ("title", "severity", "status", "classification", "classificationReason")
        return {name: properties.get(name) for name in names} | {
            "owner": properties["owner"].get("assignedTo"),
            "tags": [label["labelName"] for label in properties["labels"]],
            "comments": len(self._comments.get(incident["name"], ())),
        }

    def servicenow(self, incident_id: str) -> Holding:
        """What ServiceNow holds for an incident, with the labels a person sees."""
        row = self._rows.get(f"mdxdr:{self._world.tenant_id}:{incident_id}")
        if row is None:
            return NOTHING
        names = ("number", "short_description", "state", "hold_reason", "close_code", "close_notes")
        notes = [entry for entry in self._journal if entry["element_id"] == row["sys_id"]]
        return {name: row[name] for name in names} | {
            "state_label": self._labels.get(("state", row["state"]), row["state"]),
            "hold_reason_label": self._labels.get(("hold_reason", row["hold_reason"]), ""),
            "work_notes": len(notes),
        }


def count_duplicates(world: World) -> int:
    """How many records, comments and notes are there twice; a note is known by the marker it ends with."""
    sentinel, servicenow = world.sentinel.contents(), world.servicenow.contents()
    titles = [each["properties"]["title"] for each in sentinel["incidents"]]
    keys = [row["correlation_id"] for row in servicenow["incident"]]
    notes = [
        (row["element_id"], marker)
        for row in servicenow["sys_journal_field"]
        for marker in MARKER.findall(row["value"])
    ]
    comments = [
        (name, marker)
        for name, written in sentinel["comments"].items()
        for comment in written
        for marker in MARKER.findall(comment["properties"]["message"])
    ]
    return sum(len(items) - len(set(items)) for items in (titles, keys, notes, comments))
