"""What `status` is about, read from the state in one transaction while a daemon may run."""

from dataclasses import dataclass
from datetime import datetime

from connector.app import HEARTBEAT, utc_now
from connector.cli import status_mappings
from connector.config import Config
from connector.store import (
    Tx,
    heartbeats,
    notes,
    pauses,
    positions,
    readings,
    remaps,
    set_asides,
    undelivered,
    wanted,
)
from connector.store.readings import Reading


@dataclass(frozen=True, slots=True)
class Status:
    """Everything `status` shows, read in one transaction."""

    now: datetime
    alive: heartbeats.Heartbeat | None
    sources: list[positions.SourcePosition]
    readings: dict[str, Reading]
    backlogs: dict[str, wanted.Backlog]
    pauses: dict[str, pauses.Pause]
    parked: list[wanted.Wanted]
    delayed: list[wanted.Wanted]
    parked_notes: dict[str, int]
    set_asides: list[set_asides.Kept]
    mappings: list[status_mappings.RouteMapping]
    strays: list[undelivered.Stray]
    to_map_again: dict[str, int]

    @property
    def healthy(self) -> bool:
        """Whether a daemon gave a sign of life lately."""
        return self.alive is not None and self.now - self.alive.at < 4 * HEARTBEAT

    def reading(self, source: str) -> Reading:
        """Whether a source can be read, as far as anything is known of it."""
        return self.readings.get(source, Reading())

    def failing(self, config: Config) -> list[str]:
        """The sources that cannot be read, among those that are still asked."""
        asked = sorted({route.source for route in config.routes})
        return [source for source in asked if self.reading(source).failing_since]

    def waits(self, config: Config) -> bool:
        """Whether anything waits for somebody's help."""
        held = any(backlog.held for backlog in self.backlogs.values())
        stuck = self.pauses or self.parked or held or self.set_asides or self.parked_notes or self.strays
        mappings = any(each.waits for each in self.mappings)
        return bool(stuck or mappings or self.failing(config))


def look(tx: Tx, config: Config) -> Status:
    """Read everything that is shown."""
    return Status(
        now=utc_now(),
        alive=heartbeats.every(tx).get("daemon"),
        sources=positions.every(tx),
        readings=readings.every(tx),
        backlogs=wanted.backlogs(tx),
        pauses={pause.target: pause for pause in pauses.every(tx)},
        parked=wanted.parked(tx),
        delayed=wanted.delayed(tx),
        parked_notes=notes.count_parked(tx),
        set_asides=set_asides.every(tx),
        mappings=status_mappings.look(tx, config),
        strays=undelivered.strays(tx, {route.name: route.target for route in config.routes}),
        to_map_again=remaps.count(tx),
    )


def iso(moment: datetime | None) -> str | None:
    """A moment as it is shown, to the second."""
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z") if moment else None
