"""The daemon goes on when its state is away for a moment."""

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from connector import app as composition
from connector.config import load
from connector.model import Event, EventKind
from tests.support.harness import wait_until
from tests.support.rig import rig


async def test_state_that_another_program_locks_is_waited_for(tmp_path: Path) -> None:
    events: list[Event] = []
    async with rig(tmp_path) as made:
        async with composition.build(load(made.config), events.append) as app:
            await app.store.write(lambda tx: tx.connection.exec_driver_sql("PRAGMA busy_timeout = 1"))
            stop = asyncio.Event()
            running = asyncio.create_task(composition.run(app, stop))
            made.world.graph.portal.create({"displayName": "Phish"})
            app.look_now()
            await until(lambda: len(made.sentinel()) == 1 and len(made.servicenow()) == 1)
            with closing(sqlite3.connect(tmp_path / "state.db", isolation_level=None)) as other:
                other.execute("BEGIN IMMEDIATE")
                for deliverer in app.deliverers:
                    deliverer.wake.set()
                await until(lambda: failed(events) >= {"sentinel", "servicenow"})
            made.world.graph.portal.create({"displayName": "Scan"})
            app.look_now()
            await until(lambda: len(made.sentinel()) == 2 and len(made.servicenow()) == 2)
            stop.set()
            await running
        assert made.refused() == []


def failed(events: list[Event]) -> set[str]:
    return {event.subject for event in events if event.kind is EventKind.UNEXPECTED}


async def until(holds: Callable[[], bool]) -> None:
    await asyncio.to_thread(wait_until, holds)
