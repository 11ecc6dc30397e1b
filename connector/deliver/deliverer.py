"""One target's coordinator: keeps a few deliveries in flight and stores answers in groups as they come.

A slow answer delays nobody else, and a commit is shared by everything that arrived while the last one was being
written. A row is claimed a few dozen at a time, so that one look-up on the target serves all of them.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from connector.audit import AuditEntry, AuditKind
from connector.deliver.attempt import Answered, attempt
from connector.deliver.judge import Judge
from connector.deliver.quota import affordable
from connector.deliver.settle import Judged, settle
from connector.errors import AuthError, ConnectorError
from connector.model import Event, EventKind, Target
from connector.plan import Pause, RetryPolicy
from connector.store import Store, Tx, claims, links, pauses, wanted
from connector.store.claims import Claimed

LEASE = timedelta(minutes=10)  # longer than any attempt can last: at most a few requests of a minute each
BATCH = 100  # rows claimed together, which one look-up on the target serves
GATHER = 0.03  # seconds in which answers are collected for one commit
LINGER = timedelta(seconds=2)  # how long few rows wait for more while a sweep is still finding some


@dataclass(slots=True)
class Deliverer:
    """Takes one target's due rows to it. `feeding` tells whether a sweep under way may still add rows."""

    target: Target
    store: Store
    policy: RetryPolicy
    now: Callable[[], datetime]
    token: Callable[[], str]
    spread: Callable[[], float]
    emit: Callable[[Event], None]
    feeding: Callable[[], bool]
    workers: int
    alike: int
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    outcomes: Counter[str] = field(default_factory=Counter)
    _judge: Judge = field(init=False)
    _answers: asyncio.Queue[Answered] = field(default_factory=asyncio.Queue)
    _flying: set[asyncio.Task[None]] = field(default_factory=set)
    _owed: int = 0
    _opened: bool = False
    _paused_until: datetime | None = None
    _free_at: datetime | None = None
    _slots: asyncio.Semaphore = field(init=False)

    def __post_init__(self) -> None:
        self._judge = Judge(self.policy, self.alike, self.spread)
        self._slots = asyncio.Semaphore(self.workers)

    async def run(self, stop: asyncio.Event) -> None:
        """Deliver whatever is due until `stop` is set and nothing is under way."""
        await self.recover()
        while not stop.is_set():
            self.wake.clear()
            await self.drain(stop)
            await self._rest(stop, await self._until_next())

    async def finish(self, reading: asyncio.Task[None], *, patience: timedelta, stop: asyncio.Event) -> None:
        """Deliver until `reading` has ended and nothing is due, nor will be within `patience`."""
        await self.recover()
        until: datetime | None = None
        while not stop.is_set():
            ended = reading.done()
            self.wake.clear()
            await self.drain(stop)
            wait = await self._until_next() if ended else 1.0
            until = until or (self.now() + patience if ended else None)
            if ended and (wait is None or (until and self.now() + timedelta(seconds=wait) > until)):
                return
            await self._rest(stop, wait)

    async def recover(self) -> None:
        """At start: free what an earlier process had claimed, and remember that the target was paused."""

        def work(tx: Tx) -> pauses.Pause | None:
            claims.release_leases(tx, self.target.name)
            return pauses.get(tx, self.target.name)

        if await self.store.write(work) is not None:
            self._paused_until = self.now()  # a new process asks afresh

    async def drain(self, stop: asyncio.Event) -> None:
        """Deliver until nothing is due, or, once `stop` is set, until nothing is under way."""
        try:
            while True:
                if not stop.is_set() and self._owed <= BATCH // 2 and await self._ready():
                    await self._start(await self._claim())
                if not self._owed:
                    return
                await self._settle(await self._gathered())
        finally:
            for task in self._flying:
                task.cancel()

    async def left(self) -> int:
        """Rows that are still to deliver, parked ones included."""
        backlog = await self.store.read(lambda tx: wanted.backlog(tx, self.target.name))
        return backlog.waiting + backlog.parked

    async def _claim(self) -> list[Claimed]:
        limit = 1 if self._judge.doubting else BATCH

        def work(tx: Tx) -> list[Claimed]:
            backlog = wanted.backlog(tx, self.target.name) if self.feeding() else None
            if backlog is not None and self._lingers(tx, backlog):
                return []
            taken = claims.claim(tx, self.target.name, limit, LEASE, self.token)
            granted, self._free_at = affordable(tx, self.target, taken)
            claims.release(tx, taken[len(granted) :])
            return granted

        return await self.store.write(work)

    def _lingers(self, tx: Tx, backlog: wanted.Backlog) -> bool:
        """Whether few fresh rows had better wait for the rest of the sweep, to share a look-up."""
        oldest = backlog.oldest_since
        return backlog.due < BATCH // 2 and oldest is not None and tx.now - oldest < LINGER

    async def _start(self, claimed: Sequence[Claimed]) -> None:
        if not claimed:
            return
        self._owed += len(claimed)
        try:
            await self._open()
            await self.target.prepare([each.delivery() for each in claimed])
        except ConnectorError as error:
            now = self.now()
            for each in claimed:
                self._answers.put_nowait(Answered(each, now, now, error=error))
            return
        for each in claimed:
            task = asyncio.create_task(self._fly(each))
            self._flying.add(task)
            task.add_done_callback(self._flying.discard)

    async def _open(self) -> None:
        if not self._opened:
            first = not await self.store.read(lambda tx: links.any_for(tx, self.target.name))
            await self.target.open(first_use=first)
            self._opened = True

    async def _fly(self, claimed: Claimed) -> None:
        async with self._slots:
            now = self.now()
            if self._paused_until is not None and now < self._paused_until:
                self._answers.put_nowait(Answered(claimed, now, now))
                return
            answered = await attempt(self.target, claimed, self.now)
            if isinstance(answered.error, AuthError):
                self._paused_until = self.now() + timedelta(seconds=self.policy.pause)
            self._answers.put_nowait(answered)

    async def _gathered(self) -> list[Answered]:
        """At least one answer; while many more are owed, those of the next moment too, for one commit."""
        answers = [await self._answers.get()]
        with suppress(TimeoutError):
            async with asyncio.timeout(GATHER):
                while len(answers) < min(self._owed, BATCH // 2):
                    answers.append(await self._answers.get())
        return answers

    async def _settle(self, answers: Sequence[Answered]) -> None:
        judged = [self._judge.judge(each, self.now()) for each in answers]
        pause = next((each for each in judged if isinstance(each.verdict, Pause)), None)

        def work(tx: Tx) -> list[Event]:
            events = settle(tx, self.target.catalogue, judged)
            if pause is not None:
                events.extend(self._pause(tx, pause))
            return events

        events = await asyncio.shield(self.store.write(work))
        self._owed -= len(answers)
        delivered = sum(event.kind is EventKind.DELIVERED for event in events)
        if delivered:
            self.emit(Event(EventKind.SETTLED, self.target.name, count=delivered))
        for event in events:
            self.outcomes[event.reason if event.kind is EventKind.DELIVERED else str(event.kind)] += 1
            self.emit(event)

    def _pause(self, tx: Tx, judged: Judged) -> list[Event]:
        """Write down that the target rests, since when and why; said once, however many rows met it."""
        seconds = judged.verdict.seconds if isinstance(judged.verdict, Pause) else self.policy.pause
        name, reason = self.target.name, str(judged.answered.error)
        known = pauses.get(tx, name)
        self._paused_until = tx.now + timedelta(seconds=seconds)
        pauses.put(tx, pauses.Pause(name, reason, tx.now, self._paused_until))
        if known is not None and known.reason == reason:
            return []
        tx.audit(AuditEntry(AuditKind.PAUSED, at=tx.now, target=name, data={"reason": reason}))
        return [Event(EventKind.PAUSED, name, reason=reason)]

    async def _ready(self) -> bool:
        """Whether rows may be claimed; a target whose pause has run out is asked first."""
        if self._paused_until is None:
            return True
        if self.now() < self._paused_until:
            return False
        try:
            await self.target.probe()
        except ConnectorError as error:
            reason = str(error)
            self._paused_until = self.now() + timedelta(seconds=self.policy.pause)
            await self.store.write(lambda tx: self._still_paused(tx, reason))
            return False
        self._paused_until = None
        await self.store.write(self._resumed)
        self.emit(Event(EventKind.RESUMED, self.target.name))
        return True

    def _still_paused(self, tx: Tx, reason: str) -> None:
        pauses.put(tx, pauses.Pause(self.target.name, reason, tx.now, self._paused_until))

    def _resumed(self, tx: Tx) -> None:
        pauses.clear(tx, self.target.name)
        tx.audit(AuditEntry(AuditKind.RESUMED, at=tx.now, target=self.target.name))

    async def _until_next(self) -> float | None:
        """Seconds until there may be something to do; None when nothing waits."""
        due = await self.store.read(lambda tx: wanted.next_due(tx, self.target.name))
        if due is None:
            return None
        latest = max(moment for moment in (due, self._paused_until, self._free_at) if moment is not None)
        return max(0.05, (latest - self.now()) / timedelta(seconds=1))

    async def _rest(self, stop: asyncio.Event, seconds: float | None) -> None:
        """Wait until something was found to deliver, time has come, or the end."""
        waits = [asyncio.create_task(self.wake.wait()), asyncio.create_task(stop.wait())]
        try:
            await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
