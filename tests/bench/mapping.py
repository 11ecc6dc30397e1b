"""The mapping language beside Jinja2, on one core: incidents per second of processor time.

The mapping in mapping.yaml is applied as the connector does it, and its fields are rendered by Jinja2, naively: one
compiled template for each field, tables and decisions written out in Jinja2's own words. Both see the same incidents
and must come to the same texts. Exit code 0 when the connector reaches the bar in its best round: what else runs on a
machine makes a round slower, and nothing makes one faster.

Usage: python -m tests.bench.mapping
"""

import argparse
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from statistics import median
from typing import Any

from connector.mapping import CompiledMapping, load_mapping
from connector.mapping.text import show
from connector.targets.sentinel.catalogue import SENTINEL_CATALOGUE
from connector.targets.servicenow.catalogue import SERVICENOW_CATALOGUE
from connector.targets.servicenow.security import SECURITY_CATALOGUE
from tests.bench.incidents import Pair, pairs
from tests.bench.naive import Naive

LEAST_RATE = 10_000  # incidents per second
_HERE = Path(__file__).parent
_MAPPINGS = _HERE.parents[1] / "mappings"
_CATALOGUES = {
    "sentinel": SENTINEL_CATALOGUE,
    "servicenow": SERVICENOW_CATALOGUE,
    "servicenow-sir": SECURITY_CATALOGUE,
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.mapping", description=__doc__)
    parser.add_argument("--incidents", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=9)
    options = parser.parse_args()
    said, missed = measured(options.incidents, options.rounds)
    print("\n".join([*said, *missed]))
    return 1 if missed else 0


def measured(incidents: int = 2000, rounds: int = 9) -> tuple[list[str], list[str]]:
    """The figures, and the bar if it was missed."""
    mapping = loaded(_HERE / "mapping.yaml")
    seen, naive = pairs(incidents), Naive(mapping)
    _must_agree(mapping, naive, seen)
    # They take turns, because a shared machine has better and worse moments.
    turns = [
        (_rate(_applying(mapping), seen), _rate(lambda each: naive.render(each[0]), seen))
        for _ in range(rounds)
    ]
    ours, theirs = (median(turn[place] for turn in turns) for place in (0, 1))
    best = max(turn[0] for turn in turns)
    said = [
        f"mapping: {incidents} incidents, 30 fields and 5 decisions, on one core, {rounds} rounds",
        _line("connector, best round", best),
        _line("connector, median", ours),
        _line("Jinja2, median", theirs),
        f"the connector's rate is {ours / theirs:.1f} times that of Jinja2",
        *(_line(each.name, _rate(_applying(each), seen)) for each in _shipped()),
    ]
    return said, [f"mapping: {best:.0f} incidents/s, {LEAST_RATE} is the bar"] if best < LEAST_RATE else []


def loaded(path: Path) -> CompiledMapping:
    """A mapping of this repository."""
    text, microsoft = path.read_text(encoding="utf-8"), "microsoft" in path.name
    return load_mapping(
        text, path.name, catalogues=_CATALOGUES, vars={}, source_name="contoso", microsoft_owned=microsoft
    )


def _shipped() -> list[CompiledMapping]:
    return [loaded(path) for path in sorted(_MAPPINGS.glob("*.yaml"))]


def _applying(mapping: CompiledMapping) -> Callable[[Pair], object]:
    return lambda pair: mapping.apply(*pair)


def _line(name: str, rate: float) -> str:
    return f"{name:32}{rate:10.0f} incidents/s {1e6 / rate:8.1f} us/incident"


def _rate(work: Callable[[Pair], object], seen: list[Pair]) -> float:
    start = time.process_time()
    for each in seen:
        work(each)
    return len(seen) / (time.process_time() - start)


def _must_agree(mapping: CompiledMapping, naive: Naive, seen: list[Pair]) -> None:
    for snapshot, old in seen:
        fields: Mapping[str, Any] = mapping.apply(snapshot, old).record.fields
        for name, text in naive.render(snapshot).items():
            written = show(fields.get(name))
            if written != text:
                raise SystemExit(f"{name}: {written!r} here, {text!r} with Jinja2, for {snapshot!r}")


if __name__ == "__main__":
    sys.exit(main())
