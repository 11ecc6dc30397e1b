"""Single runs: the connector or the bare loop, each from the same beginning, each in a process of its own."""

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.bench.plan import Entry, etags_of, plan_of, statuses_of
from tests.support.harness import Mocks, config_in

PHASES = ("new", "changed")
SEED = 7
_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Run:
    """One measured phase. `busy` is the share of the wall time in which the mocks' process had the processor."""

    wall: float
    cpu: float
    busy: float
    statuses: Counter[str]


@dataclass(frozen=True)
class Recording:
    """What the connector sent in a phase, and how many incidents the phase was about."""

    entries: Sequence[Entry]
    incidents: int


class Bench:
    """Runs against one process of mocks, which begins anew before each."""

    def __init__(self, mocks: Mocks, incidents: int) -> None:
        self._mocks = mocks
        self._incidents = incidents

    def connector(self, recordings: dict[str, Recording] | None = None) -> dict[str, Run]:
        """Both phases with a fresh state; what was sent is put into `recordings` if there are none yet."""
        self._reset()
        runs: dict[str, Run] = {}
        with TemporaryDirectory() as folder:
            config = config_in(Path(folder), self._mocks.config)
            for phase in PHASES:
                incidents = self._begin(phase)
                runs[phase] = self._measured("connector_run", str(config))
                if recordings is not None:
                    recordings[phase] = Recording(self._mocks.control.log(), incidents)
        return runs

    def bare(
        self, recordings: Mapping[str, Recording], connections: int, over: str = "httpx"
    ) -> dict[str, Run]:
        """Both phases by the bare loop, to the same end state; `over`: httpx, or the connector's own lanes."""
        self._reset()
        runs: dict[str, Run] = {}
        with TemporaryDirectory() as folder:
            path = Path(folder) / "plan.json"
            for phase in PHASES:
                self._begin(phase)
                plan = plan_of(self._mocks, recordings[phase].entries, etags_of(self._mocks))
                path.write_text(json.dumps(plan), encoding="utf-8")
                runs[phase] = self._measured("bare", str(path), str(connections), over)
        return runs

    def peak(self, incidents: int) -> float:
        """The connector's peak memory (MiB) in the first phase with so many incidents."""
        self._reset(incidents)
        with TemporaryDirectory() as folder:
            said = _run("connector_run", str(config_in(Path(folder), self._mocks.config)))
        peak: float = said["peak_kib"] / 1024
        return peak

    def _reset(self, incidents: int | None = None) -> None:
        self._mocks.control.post("/reset", {"incidents": incidents or self._incidents, "seed": SEED})

    def _begin(self, phase: str) -> int:
        """Bring the incidents to the phase's beginning; return how many it is about."""
        if phase == "new":
            return self._incidents
        changed: int = self._mocks.control.post("/population/change", {"seed": SEED})["changed"]
        self._mocks.control.delete("/log")
        return changed

    def _measured(self, module: str, *arguments: str) -> Run:
        before = _processor_seconds(self._mocks.process.pid)
        said = _run(module, *arguments)
        used = _processor_seconds(self._mocks.process.pid) - before
        return Run(
            said["wall"],
            said["cpu"],
            used / said["wall"],
            statuses_of(self._mocks.control.log(writes=True)),
        )


def _run(module: str, *arguments: str) -> dict[str, Any]:
    command = [sys.executable, "-m", f"tests.bench.{module}", *arguments]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=True)
    said: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    if said.get("failures") or any(said.get("left", {}).values()):
        raise SystemExit(f"{module} left work behind: {said}")
    return said


def _processor_seconds(pid: int) -> float:
    """Processor time a process has used so far, from Linux's /proc."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS_PER_SECOND
