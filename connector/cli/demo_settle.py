"""Waiting until everything that follows from a change has arrived, judged by the mocks' own log."""

import asyncio
from collections.abc import Callable

from connector.cli.demo_daemon import DemoError
from connector.mocks.kernel import Exchange
from connector.mocks.world import World

POLLS = 2  # the first one logged after a change may have begun before it
QUIET_SECONDS = 0.6
BOUND_SECONDS = 25.0
_LOOK_SECONDS = 0.05
TARGETS = ("sentinel", "servicenow")


async def settled(world: World, since: int, check: Callable[[], None]) -> None:
    """Return when XDR was polled after log entry `since` and no target has been written to for a moment.

    `check` is called all the while and may raise. Raises DemoError when it takes too long.
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + BOUND_SECONDS
    writes, quiet_from = -1, loop.time()
    while loop.time() < deadline:
        check()
        count = target_writes(world)
        if count != writes:
            writes, quiet_from = count, loop.time()
        if _polls(world, since) >= POLLS and loop.time() - quiet_from >= QUIET_SECONDS:
            return
        await asyncio.sleep(_LOOK_SECONDS)
    raise DemoError(f"the targets did not settle within {BOUND_SECONDS:.0f} s")


def last_entry(world: World) -> int:
    """The number of the newest log entry."""
    return max((entry.seq for entry in world.log.entries()), default=0)


def target_writes(world: World, since: int = 0) -> int:
    """How many writes the targets heard after log entry `since`."""
    return sum(1 for name in TARGETS for _ in world.log.entries(name, since, writes_only=True))


def refused(world: World) -> list[Exchange]:
    """Requests that were answered with an error. A 401 is how an expired token is noticed, and is none."""
    return [entry for entry in world.log.entries() if (entry.status or 500) >= 400 and entry.status != 401]


def _polls(world: World, since: int) -> int:
    lists = (entry for entry in world.log.entries("xdr", since) if entry.path.endswith("/security/incidents"))
    return sum(1 for entry in lists if entry.status == 200)
