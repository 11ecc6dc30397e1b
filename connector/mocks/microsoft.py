"""Microsoft's own connector as an actor: Defender incidents appear in Sentinel, changes cross both ways.

It writes as Microsoft, through the two mocks' own methods and never through their APIs, so each of its
writes makes etags stale and moves update times like the real one. It remembers what it copied and therefore
never answers itself; whether a connector under test does is what it is here to show. Source: "Microsoft
Defender XDR integration with Microsoft Sentinel". Delays come from the mocks' clock; nothing happens
between two ticks.
"""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any, Final, Protocol

from connector.mocks import microsoft_terms as terms
from connector.mocks.kernel import Clock
from connector.mocks.sentinel import SentinelMock
from connector.mocks.sentinel.journal import Change

SENTINEL_APP: Final = "Microsoft Sentinel"


class GraphPort(Protocol):
    """The Defender side: all incidents in stored form, and changes made as a named service."""

    def incidents(self) -> Iterable[dict[str, Any]]:
        """Yield every incident with Graph's property names, alerts included."""

    def portal_set(self, incident_id: str, changes: dict[str, Any], by: str) -> None:
        """Change properties."""

    def portal_comment(self, incident_id: str, text: str, by: str) -> None:
        """Add a comment."""


@dataclass
class _Twin:
    """A Defender incident that is in Sentinel: what was last copied, and since when it differs."""

    name: str
    seen: dict[str, Any]
    differs_since: datetime | None = None


class MicrosoftConnector:
    """The actor; it does nothing until `enabled`.

    Attributes:
        enabled: Whether `tick` does anything; off at first, because a workspace may have no such connector.
        longest_delay: A new incident appears between at once and this long after its creation.
        window: Changes to an incident within this time reach Sentinel as one, with the last state.
    """

    def __init__(self, clock: Clock, graph: GraphPort, sentinel: SentinelMock, *, seed: int = 0) -> None:
        self.enabled = False
        self.longest_delay = timedelta(minutes=10)
        self.window = timedelta()
        self._clock = clock
        self._graph = graph
        self._sentinel = sentinel
        self._seed = seed
        self.reset()

    def reset(self) -> None:
        """Forget everything that was copied; for when the two sides are emptied."""
        self._twins: dict[str, _Twin] = {}
        self._ids: dict[str, str] = {}
        self._heard = 0

    def tick(self) -> None:
        """Carry what changed since the last tick: first from Sentinel to Defender, then the other way."""
        if not self.enabled:
            return
        self._carry_back()
        for incident in list(self._graph.incidents()):
            self._carry_over(incident)
        self._heard = self._sentinel.journal.last_seq

    def _carry_over(self, incident: dict[str, Any]) -> None:
        twin = self._twins.get(str(incident["id"]))
        now = self._clock.now()
        if twin is None:
            if self._is_due(incident, now):
                self._appear(incident)
        elif twin.seen != incident:
            twin.differs_since = twin.differs_since or now
            if now - twin.differs_since >= self.window:
                self._follow(twin, incident)

    def _is_due(self, incident: dict[str, Any], now: datetime) -> bool:
        chance = Random(f"{self._seed}:{incident['id']}")
        try:
            created = datetime.fromisoformat(incident["createdDateTime"])
        except (KeyError, TypeError, ValueError):
            return True
        return now - created >= self.longest_delay * chance.random()

    def _appear(self, incident: dict[str, Any]) -> None:
        incident_id = str(incident["id"])
        properties = {**terms.to_sentinel(incident), "labels": terms.labels((), {}, incident)}
        name = self._sentinel.upsert_from_provider(incident_id, properties)
        self._twins[incident_id] = _Twin(name, _snapshot(incident))
        self._ids[name] = incident_id
        self._copy_comments(name, incident.get("comments") or [])

    def _follow(self, twin: _Twin, incident: dict[str, Any]) -> None:
        before, twin.seen, twin.differs_since = twin.seen, _snapshot(incident), None
        if not self._sentinel.holds(twin.name):
            return
        was, now = terms.to_sentinel(before), terms.to_sentinel(incident)
        changes = {name: value for name, value in now.items() if was[name] != value}
        held = [label["labelName"] for label in self._sentinel.incident(twin.name)["properties"]["labels"]]
        labels = terms.labels(held, before, incident)
        if [label["labelName"] for label in labels] != held:
            changes["labels"] = labels
        if changes:
            self._sentinel.upsert_from_provider(str(incident["id"]), changes)
        self._copy_comments(twin.name, (incident.get("comments") or [])[len(before.get("comments") or []) :])

    def _copy_comments(self, name: str, comments: Iterable[dict[str, Any]]) -> None:
        for comment in comments:
            author = comment.get("createdByDisplayName") or ""
            if author != SENTINEL_APP:
                with suppress(ValueError):  # Sentinel holds 100 comments; Microsoft's copy stops there, too
                    self._sentinel.comment(name, comment.get("comment") or "", author, hand="microsoft")

    def _carry_back(self) -> None:
        changes = [one for one in self._sentinel.journal.since(self._heard) if one.hand != "microsoft"]
        incidents = {str(one["id"]): one for one in self._graph.incidents()} if changes else {}
        for change in changes:
            incident = incidents.get(self._ids.get(change.incident, ""))
            if incident is not None:
                self._push(change, incident)

    def _push(self, change: Change, incident: dict[str, Any]) -> None:
        incident_id = str(incident["id"])
        if change.deed == "commented":
            text = change.changed["comments"]["message"]
            self._graph.portal_comment(incident_id, text, SENTINEL_APP)
        elif change.deed == "updated" and incident.get("status") != "redirected":
            pushed = terms.to_defender(change.changed, incident)
            if pushed:
                self._graph.portal_set(incident_id, pushed, SENTINEL_APP)
                incident.update(pushed)
                self._twins[incident_id].seen.update(pushed)


def _snapshot(incident: dict[str, Any]) -> dict[str, Any]:
    return {**incident, "alerts": list(incident.get("alerts") or [])}  # alerts are added to the list in place
