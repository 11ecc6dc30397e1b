"""One pass of the connector in a process of its own, from the first poll to the last receipt.

What is measured leaves out the interpreter's start and the opening of the state, and nothing else: logging is on,
as in production, and the store is durable.

Usage: python -m tests.bench.connector_run CONFIG
"""

import asyncio
import json
import resource
import sys
import time
from datetime import timedelta
from pathlib import Path

from connector import app as composition
from connector.config import load
from connector.telemetry.log import logging_telemetry


async def measured(path: Path) -> dict[str, object]:
    config = load(path)
    logging = config.settings.logging
    async with composition.build(config, logging_telemetry(logging.level, logging.format)) as app:
        wall, cpu = time.perf_counter(), time.process_time()
        result = await composition.sync(
            app, rescan=False, patience=timedelta(seconds=60), stop=asyncio.Event()
        )
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {
        "wall": wall,
        "cpu": cpu,
        "peak_kib": peak,
        "read": result.read,
        "left": result.left,
        "failures": list(result.failures),
    }


if __name__ == "__main__":
    print(json.dumps(asyncio.run(measured(Path(sys.argv[1])))))
