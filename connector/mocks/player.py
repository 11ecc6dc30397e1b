"""Plays journeys against the portal: on command, or what is due by the mocks' clock."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from connector.mocks.graph.portal import Portal
from connector.mocks.kernel import Clock
from connector.mocks.scenario import Change, Journey, Step


class UnknownJourneyError(ValueError):
    """A name that no journey bears."""


@dataclass
class Run:
    """A journey under way: which incident each of its names became, and the steps played so far."""

    journey: Journey
    ids: dict[str, str]
    last_at: datetime
    played: list[str] = field(default_factory=list)

    @property
    def next_step(self) -> Step | None:
        """The step to play next; None at the end."""
        done = len(self.played)
        return self.journey.steps[done] if done < len(self.journey.steps) else None


class Player:
    """The journeys of one world."""

    def __init__(self, clock: Clock, portal: Portal, journeys: Iterable[Journey]) -> None:
        self._clock = clock
        self._portal = portal
        self._journeys = {journey.name: journey for journey in journeys}
        self._runs: dict[str, Run] = {}

    def names(self) -> list[str]:
        """Return the names of all journeys that can be started."""
        return list(self._journeys)

    def start(self, name: str) -> None:
        """Begin one journey (or every one, for `all`): its incidents appear, no step is played."""
        for journey in self._named(name):
            ids = {
                reference: self._portal.create({**data["properties"], "alerts": data.get("alerts", [])})["id"]
                for reference, data in journey.incidents.items()
            }
            self._runs[journey.name] = Run(journey, ids, self._clock.now())

    def advance(
        self, journey: str | None = None, steps: int = 1, *, to_end: bool = False
    ) -> list[dict[str, Any]]:
        """Play the next steps of one journey, or of each one, and return what was played."""
        if journey is not None and journey not in self._runs:
            raise UnknownJourneyError(f"journey {journey!r} has not been started")
        runs = [self._runs[journey]] if journey is not None else list(self._runs.values())
        played: list[dict[str, Any]] = []
        for run in runs:
            left = len(run.journey.steps) - len(run.played)
            played += [self._play(run) for _ in range(left if to_end else min(steps, left))]
        return played

    def tick(self) -> list[dict[str, Any]]:
        """Play the steps that are due by their `after`, and return them."""
        played: list[dict[str, Any]] = []
        for run in self._runs.values():
            while (step := run.next_step) is not None and run.last_at + step.after <= self._clock.now():
                due = run.last_at + step.after
                played.append(self._play(run))
                run.last_at = due
        return played

    def state(self) -> dict[str, Any]:
        """Return where each journey stands."""
        return {"available": self.names(), "journeys": [_described(run) for run in self._runs.values()]}

    def clear(self) -> None:
        """Forget all journeys under way."""
        self._runs.clear()

    def _named(self, name: str) -> list[Journey]:
        if name == "all":
            return list(self._journeys.values())
        if name not in self._journeys:
            raise UnknownJourneyError(f"there is no journey {name!r}; known are {', '.join(self._journeys)}")
        return [self._journeys[name]]

    def _play(self, run: Run) -> dict[str, Any]:
        step = run.journey.steps[len(run.played)]
        for change in step.changes:
            self._apply(change, run.ids)
        run.played.append(step.name)
        run.last_at = self._clock.now()
        touched = [run.ids[change.incident] for change in step.changes]
        return {
            "journey": run.journey.name,
            "step": step.name,
            "title": step.title,
            "incidents": list(dict.fromkeys(touched)),
        }

    def _apply(self, change: Change, ids: dict[str, str]) -> None:
        incident_id = ids[change.incident]
        values = {**change.values, **self._tags(change, incident_id)}
        if change.comment is not None:
            author, text = change.comment
            self._portal.comment(incident_id, text, author)
        if values:
            self._portal.set(incident_id, values, change.by)
        if change.merge_into is not None:
            self._portal.merge(incident_id, ids[change.merge_into], change.by)

    def _tags(self, change: Change, incident_id: str) -> dict[str, list[str]]:
        stored = self._portal.get(incident_id)
        added = {"systemTags": change.system_tags, "customTags": change.custom_tags}
        return {name: list(dict.fromkeys((*stored[name], *tags))) for name, tags in added.items() if tags}


def _described(run: Run) -> dict[str, Any]:
    step = run.next_step
    due = run.last_at + step.after if step else None
    return {
        "journey": run.journey.name,
        "title": run.journey.title,
        "incidents": run.ids,
        "played": list(run.played),
        "next": {"step": step.name, "title": step.title, "due": due.isoformat()} if step and due else None,
    }
