"""The yardstick: the fewest requests that reach the same end state, through the same library, and nothing else.

Each page of incidents is read once, and every write that the connector made is made once more, from bodies that
are ready before the clock starts. No state, no mapping, no look-up, no answer is read except the link to the next
page. Pages come first, because what is written follows from what was read. Both targets are written to at the
same time, each over so many connections.

Usage: python -m tests.bench.bare PLAN CONNECTIONS
"""

import asyncio
import json
import sys
import time
from collections import Counter
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import httpx


async def _read_pages(client: httpx.AsyncClient, plan: dict[str, Any], statuses: Counter[str]) -> None:
    url, headers = plan["url"], plan["headers"]
    while url:
        answer = await client.get(url, headers=headers)
        statuses[f"{answer.status_code} GET"] += 1
        url = answer.json().get("@odata.nextLink")


async def _write_all(
    client: httpx.AsyncClient, plan: dict[str, Any], connections: int, statuses: Counter[str]
) -> None:
    groups = iter(plan["writes"])

    async def work(groups: Iterator[list[dict[str, str]]]) -> None:
        for item in chain.from_iterable(groups):
            answer = await client.request(item["method"], item["url"], content=item["body"].encode())
            statuses[f"{answer.status_code} {item['method']}"] += 1

    await asyncio.gather(*(work(groups) for _ in range(connections)))


def _client(headers: dict[str, str], connections: int) -> httpx.AsyncClient:
    limits = httpx.Limits(max_connections=connections, max_keepalive_connections=connections)
    return httpx.AsyncClient(headers=headers, limits=limits, timeout=60, trust_env=False)


async def measured(plan: dict[str, Any], connections: int) -> dict[str, Any]:
    statuses: Counter[str] = Counter()
    async with (
        _client({}, 1) as source,
        _client(plan["sentinel"]["headers"], connections) as sentinel,
        _client(plan["servicenow"]["headers"], connections) as servicenow,
    ):
        wall, cpu = time.perf_counter(), time.process_time()
        await _read_pages(source, plan["xdr"], statuses)
        await asyncio.gather(
            _write_all(sentinel, plan["sentinel"], connections, statuses),
            _write_all(servicenow, plan["servicenow"], connections, statuses),
        )
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return {"wall": wall, "cpu": cpu, "statuses": dict(statuses)}


if __name__ == "__main__":
    print(json.dumps(asyncio.run(measured(json.loads(Path(sys.argv[1]).read_text()), int(sys.argv[2])))))
