"""The yardstick: the fewest requests that reach the same end state, through the same library, and nothing else.

Each page of incidents is read once, and every write that the connector made is made once more, from bodies that
are ready before the clock starts. No state, no mapping, no look-up, no answer is read except the link to the next
page. Pages come first, because what is written follows from what was read. Both targets are written to at the
same time, each over so many connections.

By default the library is httpx as it comes. With `lanes` the requests go over the connector's own connections
(`connector.http.lanes`), which shows how much of the difference is theirs.

Usage: python -m tests.bench.bare PLAN CONNECTIONS [lanes]
"""

import asyncio
import json
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from itertools import chain
from pathlib import Path
from typing import Any

import httpx

from connector.http.exchange import Call
from connector.http.lanes import Direct

TIMEOUTS = {"connect": 60.0, "read": 60.0, "write": 60.0}
MOST = 64 << 20
Send = Callable[[str, str, bytes], Awaitable[tuple[int, bytes]]]


def _over_httpx(headers: dict[str, str], stack: AsyncExitStack) -> Callable[[], Send]:
    """What gives a connection to send on: all of one client."""
    client = httpx.AsyncClient(headers=headers, limits=httpx.Limits(), timeout=60, trust_env=False)
    stack.push_async_callback(client.aclose)

    async def send(method: str, url: str, content: bytes) -> tuple[int, bytes]:
        answer = await client.request(method, url, content=content)
        return answer.status_code, answer.content

    return lambda: send


def _over_lanes(headers: dict[str, str], stack: AsyncExitStack) -> Callable[[], Send]:
    """What gives a connection to send on: a lane each."""
    tls = httpx.create_ssl_context(trust_env=False)

    def connection() -> Send:
        lane = Direct(tls)
        stack.push_async_callback(lane.aclose)

        async def send(method: str, url: str, content: bytes) -> tuple[int, bytes]:
            reply = await lane.exchange(Call(method, url, headers.items(), content, TIMEOUTS), MOST)
            return reply.status, reply.body

        return send

    return connection


async def _read_pages(send: Send, url: str, statuses: Counter[str]) -> None:
    while url:
        status, body = await send("GET", url, b"")
        statuses[f"{status} GET"] += 1
        url = json.loads(body).get("@odata.nextLink")


async def _write_all(
    connection: Callable[[], Send],
    writes: list[list[dict[str, str]]],
    connections: int,
    statuses: Counter[str],
) -> None:
    groups = iter(writes)

    async def work(send: Send, groups: Iterator[list[dict[str, str]]]) -> None:
        for item in chain.from_iterable(groups):
            status, _ = await send(item["method"], item["url"], item["body"].encode())
            statuses[f"{status} {item['method']}"] += 1

    await asyncio.gather(*(work(connection(), groups) for _ in range(connections)))


async def measured(plan: dict[str, Any], connections: int, over: str) -> dict[str, Any]:
    statuses: Counter[str] = Counter()
    opened = _over_lanes if over == "lanes" else _over_httpx
    async with AsyncExitStack() as stack:
        xdr, sentinel, servicenow = (
            opened(plan[peer]["headers"], stack) for peer in ("xdr", "sentinel", "servicenow")
        )
        wall, cpu = time.perf_counter(), time.process_time()
        await _read_pages(xdr(), plan["xdr"]["url"], statuses)
        await asyncio.gather(
            _write_all(sentinel, plan["sentinel"]["writes"], connections, statuses),
            _write_all(servicenow, plan["servicenow"]["writes"], connections, statuses),
        )
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return {"wall": wall, "cpu": cpu, "statuses": dict(statuses)}


if __name__ == "__main__":
    over = sys.argv[3] if len(sys.argv) > 3 else "httpx"
    print(
        json.dumps(asyncio.run(measured(json.loads(Path(sys.argv[1]).read_text()), int(sys.argv[2]), over)))
    )
