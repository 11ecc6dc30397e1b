"""Measure the connector against the fewest requests that could do its work; `make bench`.

The connector and the bare loop take turns, round after round, each from the same seed, and every measured run is
a process of its own. On a shared machine single walls jump, so medians decide; all walls are printed. The bars are
about the loop over httpx as it comes; beside it stands the same loop over the connector's own connections. Exit code
0 when all bars hold: half of the bare loop's rate, peak memory that hardly grows with the incidents, and the rate
at which mappings are applied (see mapping.py).
"""

import argparse
import sys

from tests.bench.mapping import measured
from tests.bench.report import CONNECTIONS, LANES, OVER_LANES, Figures, lines
from tests.bench.runs import Bench
from tests.support.harness import mocks


def main() -> int:
    options = _options()
    figures = Figures()
    with mocks("--incidents", "1") as served:
        bench = Bench(served, options.incidents)
        for number in range(1, options.rounds + 1):
            _say(f"round {number} of {options.rounds}: the connector")
            figures.add("connector", bench.connector(figures.recordings if number == 1 else None))
            for connections in CONNECTIONS:
                _say(f"round {number} of {options.rounds}: bare, {connections} connections")
                name = f"bare, {connections} connection{'s' if connections > 1 else ''}"
                figures.add(name, bench.bare(figures.recordings, connections))
            _say(f"round {number} of {options.rounds}: bare, over the connector's lanes")
            figures.add(OVER_LANES, bench.bare(figures.recordings, LANES, "lanes"))
        for incidents in () if options.skip_memory else (options.incidents, options.incidents * 10):
            _say(f"peak memory with {incidents} incidents")
            figures.peaks[incidents] = bench.peak(incidents)
    said, slow = measured()
    print("\n".join([*lines(figures), "", *said]))
    missed = [*figures.misses(), *slow]
    print("\n".join(["", *missed] if missed else ["", "all bars hold"]))
    return 1 if missed else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument(
        "--incidents", type=int, default=2000, help="how many; memory is measured with ten times as many too"
    )
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--skip-memory", action="store_true", help="leave the peak memory out")
    return parser.parse_args()


def _say(what: str) -> None:
    print(what, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
