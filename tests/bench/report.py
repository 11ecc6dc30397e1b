"""The figures, as they are, and whether the two bars hold: rate and memory."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median

from tests.bench.plan import kinds_of
from tests.bench.runs import PHASES, Recording, Run

LEAST_SHARE = 0.5  # of the bare loop's rate
MOST_GROWTH = 1.15  # peak memory at ten times the incidents
CONNECTIONS = (1, 4, 8)
LANES = 4
OVER_LANES = f"bare, {LANES} own lanes"  # beside the bars: how much of the difference the connections make


@dataclass
class Figures:
    """All rounds: runs by name (`connector`, `bare, N connections`) and phase, recordings, peaks in MiB."""

    recordings: dict[str, Recording] = field(default_factory=dict)
    runs: dict[str, dict[str, list[Run]]] = field(default_factory=dict)
    peaks: dict[int, float] = field(default_factory=dict)

    def add(self, name: str, phases: Mapping[str, Run]) -> None:
        for phase, run in phases.items():
            self.runs.setdefault(name, {}).setdefault(phase, []).append(run)

    def wall(self, name: str, phase: str) -> float:
        """The median wall time."""
        return median(run.wall for run in self.runs[name][phase])

    def best_bare(self, phase: str) -> str:
        """The bare loop over httpx with the best number of connections."""
        over_httpx = (name for name in self.runs if name not in {"connector", OVER_LANES})
        return min(over_httpx, key=lambda name: self.wall(name, phase))

    def share(self, phase: str, bare: str = "") -> float:
        """The connector's rate as a share of a bare loop's, by default the best one's over httpx."""
        return self.wall(bare or self.best_bare(phase), phase) / self.wall("connector", phase)

    def effort(self, phase: str, bare: str) -> float:
        """The connector's processor time by a bare loop's; it jumps less than walls on a shared machine."""
        medians = [median(run.cpu for run in self.runs[name][phase]) for name in ("connector", bare)]
        return medians[0] / medians[1]

    def growth(self) -> float | None:
        """Peak memory with the most incidents by that with the fewest; None when it was not measured."""
        if len(self.peaks) < 2:
            return None
        return self.peaks[max(self.peaks)] / self.peaks[min(self.peaks)]

    def misses(self) -> list[str]:
        """Every bar that does not hold, and every way in which the runs were not alike."""
        missed = [
            f"{phase}: {self.share(phase):.2f} of the bare loop's rate, {LEAST_SHARE} is the bar"
            for phase in PHASES
            if self.share(phase) < LEAST_SHARE
        ]
        growth = self.growth()
        if growth is not None and growth > MOST_GROWTH:
            missed.append(f"peak memory grows by {growth:.2f}, {MOST_GROWTH} is the bar")
        return missed + [f"{phase}: {text}" for phase in PHASES for text in self._differences(phase)]

    def _differences(self, phase: str) -> list[str]:
        wanted = self.runs["connector"][phase][0].statuses
        return [
            f"{name} was answered {dict(run.statuses)}, the connector {dict(wanted)}"
            for name, phases in self.runs.items()
            for run in phases[phase]
            if run.statuses != wanted
        ]


def lines(figures: Figures) -> list[str]:
    """Everything that was measured."""
    out: list[str] = []
    for phase in PHASES:
        recording = figures.recordings[phase]
        out += ["", f"{recording.incidents} {phase} incidents"]
        out += [_row("", "wall s", "incidents/s", "cpu ms/incident", "mocks busy", "walls of the rounds")]
        out += [_run_row(name, phases[phase], recording.incidents) for name, phases in figures.runs.items()]
        for bare in (figures.best_bare(phase), OVER_LANES):
            out.append(f"the connector's rate is {figures.share(phase, bare):.2f} of that of {bare}")
            out.append(
                f"the connector's processor time is {figures.effort(phase, bare):.2f} times that of {bare}"
            )
        out += _kinds(kinds_of(recording.entries), recording.incidents)
        out.append(
            f"writes were answered: {dict(sorted(figures.runs['connector'][phase][0].statuses.items()))}"
        )
    out += [
        "",
        *(f"peak memory, {number} incidents: {peak:.0f} MiB" for number, peak in figures.peaks.items()),
    ]
    growth = figures.growth()
    return out + ([f"peak memory grows by {growth:.2f}"] if growth is not None else [])


def _run_row(name: str, runs: Sequence[Run], incidents: int) -> str:
    wall = median(run.wall for run in runs)
    cpu = median(run.cpu for run in runs) / incidents * 1000
    busy = median(run.busy for run in runs)
    walls = " ".join(f"{run.wall:.2f}" for run in runs)
    return _row(name, f"{wall:.2f}", f"{incidents / wall:.0f}", f"{cpu:.2f}", f"{busy:.0%}", walls)


def _row(*cells: str) -> str:
    name, *rest, last = cells
    return f"{name:22}" + "".join(f"{cell:>17}" for cell in rest) + f"   {last}"


def _kinds(kinds: Counter[str], incidents: int) -> list[str]:
    return ["requests per incident:"] + [
        f"  {kind:32}{count / incidents:8.3f}" for kind, count in sorted(kinds.items())
    ]
