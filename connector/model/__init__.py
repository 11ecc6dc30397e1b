"""The nouns. Each has one meaning, used everywhere and never renamed.

incident   what XDR says, in the vendor's words; identity = (tenant id, incident id)
revision   the source's `lastUpdateDateTime`: the raw string and its count of 100 ns ticks; ordered by ticks
snapshot   the mapping-visible JSON of an incident at a revision
route      source + target + mapping + vars
record     what a target should hold for an incident under a route: fields and tags
note       named, keyed, appended once
wanted     the row still to deliver
link       what was delivered: external id, applied values, remote version
delivery   one attempt; receipt: what the target answered
"""

from connector.model.canonical import canonical, digest
from connector.model.catalogue import Catalogue, FieldKind, FieldSpec
from connector.model.delivery import Delivery, Link, NoteInHand, NotTaken, Quota, Receipt, Seen, Target
from connector.model.event import Event, EventKind
from connector.model.facts import NO_FACTS, Facts, RecordFacts, link_name
from connector.model.finding import Finding, Inspectable, Level, Writing
from connector.model.incident import JSON, Incident, IncidentKey, Revision, Snapshot
from connector.model.record import (
    MARKER,
    Exclusion,
    FieldValue,
    Lookup,
    Mapped,
    Mode,
    Note,
    Record,
    Unmapped,
    as_json,
    from_json,
)
from connector.model.source import Page, Position, SetAside, Source

__all__ = [
    "JSON",
    "MARKER",
    "NO_FACTS",
    "Catalogue",
    "Delivery",
    "Event",
    "EventKind",
    "Exclusion",
    "Facts",
    "FieldKind",
    "FieldSpec",
    "FieldValue",
    "Finding",
    "Incident",
    "IncidentKey",
    "Inspectable",
    "Level",
    "Link",
    "Lookup",
    "Mapped",
    "Mode",
    "NotTaken",
    "Note",
    "NoteInHand",
    "Page",
    "Position",
    "Quota",
    "Receipt",
    "Record",
    "RecordFacts",
    "Revision",
    "Seen",
    "SetAside",
    "Snapshot",
    "Source",
    "Target",
    "Unmapped",
    "Writing",
    "as_json",
    "canonical",
    "digest",
    "from_json",
    "link_name",
]
