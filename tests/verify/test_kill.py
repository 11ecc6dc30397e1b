"""`kill -9` at 200 random moments: nothing is written twice, and the end is as if nothing had happened.

Mocks and daemon are processes of their own; the mocks survive. Before each start several incidents change, and
some answers of the targets are lost after the write was stored. ServiceNow's journals cannot be read. A fifth of
the kills comes while the daemon starts, the others shortly after its first poll or its first write.

The script ends in states that do not depend on which of the states before them a poll happened to see.
"""

import random
import re
import signal
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import pytest

from connector.model import MARKER
from tests.support.harness import (
    LIST_PATH,
    PRELOADED,
    Control,
    Mocks,
    config_in,
    daemon,
    mocks,
    run,
    wait_until,
)

KILLS = 200
INCIDENTS = 12
CHANGES = 3  # between two kills
SEED = 20
STARTING = 0.2  # the share of kills that come while the daemon starts
LOST = 0.5  # the share of runs in which an answer is lost
WRITING = 0.5  # the share of the others that wait for a write
AFTER = 0.25  # seconds within which they come
OWNERS = (None, "Defender Experts", "Customer")
VERDICTS = (
    ("truePositive", "malware"),
    ("falsePositive", "notMalicious"),
    ("informationalExpectedActivity", "securityTesting"),
)
EXPERTS = "Defender Experts"
_REMARK = re.compile(r"Remark \d+")


@dataclass(frozen=True)
class Change:
    """One change in the portal: values to set, or a comment."""

    incident: str
    values: dict[str, Any] = field(default_factory=dict)
    comment: str = ""

    def apply(self, control: Control) -> None:
        if self.comment:
            control.post(f"/incidents/{self.incident}/comments", {"text": self.comment, "by": EXPERTS})
        else:
            control.patch(f"/incidents/{self.incident}", {**self.values, "by": EXPERTS})


def script() -> list[list[Change]]:
    """What changes before each start, the same for every run."""
    pick = random.Random(SEED)
    ids = [str(number) for number in range(1, INCIDENTS + 1)]
    steps = [
        [
            _change(pick, incident, f"Remark {number}{place}")
            for place, incident in enumerate(pick.sample(ids, CHANGES))
        ]
        for number in range(KILLS)
    ]
    return [*steps[:-1], [*steps[-1], *(_last(incident, pick) for incident in ids)]]


def _stays_open(incident: str) -> bool:
    """Every third is never resolved: a ServiceNow close code stays when a ticket is opened again."""
    return int(incident) % 3 == 0


def _change(pick: random.Random, incident: str, remark: str) -> Change:
    if pick.random() < 0.4:
        return Change(incident, comment=remark)
    statuses = ["active", "inProgress", "awaitingAction", *([] if _stays_open(incident) else ["resolved"])]
    return Change(incident, _values(pick, pick.choice(statuses)))


def _last(incident: str, pick: random.Random) -> Change:
    open_end = pick.choice(["inProgress", "awaitingAction"])
    return Change(incident, _values(pick, open_end if _stays_open(incident) else "resolved"))


def _values(pick: random.Random, status: str) -> dict[str, Any]:
    classification, determination = pick.choice(VERDICTS)
    return {
        "status": status,
        "assignedTo": pick.choice(OWNERS),
        "classification": classification,
        "determination": determination,
        "customTags": pick.sample(["vip", "finance", "test"], 2),
    }


@dataclass
class Toll:
    """What the kills met: runs by how far they came, and answers that were lost."""

    starting: int = 0
    polled: int = 0
    wrote: int = 0
    lost: int = 0


@pytest.mark.verify
@pytest.mark.timeout(1200)
def test_daemon_killed_at_random_moments_writes_nothing_twice(
    tmp_path: Path, loaded: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "undisturbed").mkdir()
    with scene(tmp_path / "undisturbed") as (served, config):
        for number, step in enumerate(script()):
            play(step, served.control)
            if number % 20 == 0:
                run(config, "sync")
        run(config, "sync")
        expected = end_state(served.control)
    toll = Toll()
    (tmp_path / "killed").mkdir()
    with scene(tmp_path / "killed") as (served, config):
        pick = random.Random(SEED)
        for step in script():
            play(step, served.control)
            starting = pick.random() < STARTING
            with monkeypatch.context() as patch:
                if not starting:  # a fork is there at once, so that the kill meets it at work
                    patch.setenv(PRELOADED, loaded)
                kill_once(served.control, config, pick, toll, starting=starting)
        served.control.delete("/faults")
        run(config, "sync", "--patience", "120")
        assert differences(end_state(served.control), expected) == []
        assert twice(served.control) == []
        assert run(config, "audit", "verify")["ok"]
    assert toll.wrote >= KILLS / 4, toll
    assert toll.lost >= KILLS / 20, toll
    assert toll.starting >= KILLS / 20, toll


@contextmanager
def scene(folder: Path) -> Iterator[tuple[Mocks, Path]]:
    """Mocks with the incidents of the script, journals that cannot be read, and a configuration that retries soon."""
    with mocks("--incidents", "1", "--seed", str(SEED)) as served:
        control = served.control
        control.post("/reset", {})
        control.patch("/settings/servicenow", {"journals_readable": False})
        for number in range(1, INCIDENTS + 1):
            control.post(
                "/incidents", {"id": str(number), "displayName": f"Incident {number}", "severity": "high"}
            )
        yield served, config_in(folder, served.config, every="1s", retry_first="1s", retry_most="2s")


def play(step: list[Change], control: Control) -> None:
    for change in step:
        change.apply(control)


def kill_once(control: Control, config: Path, pick: random.Random, toll: Toll, *, starting: bool) -> None:
    """Start the daemon, perhaps with a lost answer ahead of it, and kill it at a random moment."""
    control.delete("/faults")
    if pick.random() < LOST:
        rule = {"mock": pick.choice(["sentinel", "servicenow"]), "operation": "write", "times": 1}
        control.post("/faults", {**rule, "after": pick.randrange(2), "fault": {"kind": "cut_after"}})
    control.delete("/log")
    with heard_out(config.with_name("daemon.log")) as log, daemon(config, log) as running:
        if starting:
            time.sleep(pick.uniform(0, 1.5))
        else:
            wait_until(
                lambda: heard_of(control, "xdr", "read") or running.process.poll() is not None, pause=0.01
            )
            if pick.random() < WRITING:
                wait_for_write(control)
            time.sleep(pick.uniform(0, AFTER))
        running.kill()
        assert running.process.wait() == -signal.SIGKILL, "the daemon ended by itself"
    heard = control.log()
    toll.polled += any(entry["path"] == LIST_PATH for entry in heard)
    toll.starting += not heard
    toll.wrote += any(entry["kind"] == "write" for entry in heard)
    toll.lost += any(entry["fault"] == "cut_after" for entry in heard)


@contextmanager
def heard_out(path: Path) -> Iterator[IO[bytes]]:
    """A file for what the daemon says, shown when something is wrong with it."""
    try:
        with path.open("wb") as log:
            yield log
    except AssertionError as error:
        error.add_note(path.read_text(encoding="utf-8", errors="replace")[-4000:])
        raise


def heard_of(control: Control, mock: str, kind: str) -> bool:
    return control.counts().get(mock, {}).get(kind, 0) > 0


def wait_for_write(control: Control, seconds: float = 3.0) -> None:
    """Return at the first write to a target; a step may leave nothing to write, so not later than told."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if heard_of(control, "sentinel", "write") or heard_of(control, "servicenow", "write"):
            return
        time.sleep(0.005)


def end_state(control: Control) -> dict[str, Any]:
    """What the targets hold, without numbers, times and etags; of the notes, the portal's comments.

    Notes about a change of status are left out: a poll that never saw a status has nothing to say about it.
    """
    sentinel, servicenow = control.contents("sentinel"), control.contents("servicenow")
    names = ("title", "description", "severity", "status", "classification", "classificationReason", "owner")
    state: dict[str, Any] = {}
    for each in sentinel["incidents"]:
        properties = each["properties"]
        state[f"sentinel {properties['title']}"] = {
            **{name: properties.get(name) for name in (*names, "classificationComment")},
            "labels": sorted(label["labelName"] for label in properties["labels"]),
            "comments": _remarks(sentinel_comments(sentinel, each["name"])),
        }
    fields = ("short_description", "state", "hold_reason", "close_code", "close_notes", "impact", "urgency")
    for row in servicenow["incident"]:
        state[f"servicenow {row['correlation_id']}"] = {
            **{name: row[name] for name in (*fields, "assigned_to")},
            "notes": _remarks(servicenow_notes(servicenow, row["sys_id"])),
        }
    return state


def differences(held: dict[str, Any], expected: dict[str, Any]) -> list[str]:
    """Where two end states differ, field by field."""
    return [
        f"{record}, {name}: {held.get(record, {}).get(name)!r}, undisturbed {expected.get(record, {}).get(name)!r}"
        for record in held.keys() | expected.keys()
        for name in held.get(record, {}).keys() | expected.get(record, {}).keys()
        if held.get(record, {}).get(name) != expected.get(record, {}).get(name)
    ]


def twice(control: Control) -> list[str]:
    """Records and notes that are there more than once."""
    sentinel, servicenow = control.contents("sentinel"), control.contents("servicenow")
    there = [
        *(each["properties"]["title"] for each in sentinel["incidents"]),
        *(row["correlation_id"] for row in servicenow["incident"]),
        *(
            f"{each['name']} {mark}"
            for each in sentinel["incidents"]
            for mark in _marks(sentinel_comments(sentinel, each["name"]))
        ),
        *(
            f"{row['number']} {mark}"
            for row in servicenow["incident"]
            for mark in _marks(servicenow_notes(servicenow, row["sys_id"]))
        ),
    ]
    return [what for what, count in Counter(there).items() if count > 1]


def sentinel_comments(contents: Any, name: str) -> str:
    return "\n".join(each["properties"]["message"] for each in contents["comments"].get(name, ()))


def servicenow_notes(contents: Any, sys_id: str) -> str:
    return "\n".join(row["value"] for row in contents["sys_journal_field"] if row["element_id"] == sys_id)


def _remarks(text: str) -> list[str]:
    return sorted(_REMARK.findall(text))


def _marks(text: str) -> list[str]:
    return MARKER.findall(text)
