"""One target's coordinator: keeps a few deliveries in flight and stores answers in groups as they come.

A slow answer delays nobody else, and a commit is shared by everything that arrived while the last one was being
written. Rows are claimed a few dozen at a time, so that one look-up on the target serves all of them.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from connector.deliver.attempt import Answered, attempt
from connector.deliver.brakes import Brakes, let_pass, recount, uncount
from connector.deliver.dependants import NoReaders, Readers, hold_decisions, map_again, news_in
from connector.deliver.gate import Gate
from connector.deliver.judge import Judge
from connector.deliver.quota import affordable, refund
from connector.deliver.settle import Judged, settle
from connector.errors import ConnectorError
from connector.model import Event, EventKind, Target
from connector.plan import Pause, RetryPolicy
from connector.store import Store, Tx, claims, links, pauses, wanted
from connector.store.claims import Claimed

LEASE = timedelta(minutes=30)  # a row not begun in the first half of it is given back
BATCH = 100  # rows claimed together, which one look-up on the target serves
GATHER = 0.03  # seconds in which answers are collected for one commit
LINGER = timedelta(seconds=2)  # how long few rows wait for more while a sweep is still finding some
LOOK = 15.0  # seconds after which the state is looked at again: an operator may have made rows due


@dataclass(slots=True)
class Deliverer:
    """Takes one target's due rows to it, or those with the ids `only`.

    `feeding` tells whether a sweep under way may still add rows. `readers` tells who looks at a route's records, and
    `remap` is called when something is to be mapped again for them.
    """

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
    brakes: Brakes = field(default_factory=Brakes)
    readers: Readers = field(default_factory=NoReaders)
    remap: Callable[[], None] = lambda: None
    only: Sequence[int] | None = None
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    outcomes: Counter[str] = field(default_factory=Counter)
    _judge: Judge = field(init=False)
    _gate: Gate = field(init=False)
    _slots: asyncio.Semaphore = field(init=False)
    _stop: asyncio.Event = field(default_factory=asyncio.Event)
    _answers: asyncio.Queue[Answered] = field(default_factory=asyncio.Queue)
    _flying: set[asyncio.Task[None]] = field(default_factory=set)
    _owed: int = 0
    _awaits: bool = False  # whether rows wait for what the answers owed say to the brakes
    _opened: bool = False
    _free_at: datetime | None = None

    def __post_init__(self) -> None:
        self._judge = Judge(self.policy, self.alike, self.spread)
        self._gate = Gate(self.target.name, timedelta(seconds=self.policy.pause))
        self._slots = asyncio.Semaphore(self.workers)

    async def run(self, stop: asyncio.Event) -> None:
        """Deliver whatever is due until `stop` is set and nothing is under way."""
        await self.recover()
        while not stop.is_set():
            self.wake.clear()
            await self.drain(stop)
            wait = await self._until_next()
            await self._rest(stop, LOOK if wait is None else min(wait, LOOK))

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
            if ended and (wait is None or self._gate.shut(self.now())):
                return
            if wait is not None and until is not None and self.now() + timedelta(seconds=wait) > until:
                return
            await self._rest(stop, wait, *(() if ended else (reading,)))

    async def recover(self) -> None:
        """At start: free what an earlier process had claimed, and recall that the target was paused."""

        def work(tx: Tx) -> pauses.Pause | None:
            claims.release_leases(tx, self.target.name)
            return pauses.get(tx, self.target.name)

        self._gate.recall(await self.store.write(work), self.now())

    async def drain(self, stop: asyncio.Event) -> None:
        """Deliver until nothing is due, or, once `stop` is set, until nothing is under way."""
        self._stop = stop
        try:
            while True:
                held = False
                enough = 0 if self._awaits else BATCH // 2
                if not stop.is_set() and self._owed <= enough and await self._ready():
                    claimed, held = await self._claim()
                    await self._start(claimed)
                if self._owed:
                    await self._settle(await self._gathered())
                elif not held:
                    return
        finally:
            for task in self._flying:
                task.cancel()
            # What was owed when the state failed us is never stored: its rows are looked for before they are written.
            self._owed, self._answers, self._awaits = 0, asyncio.Queue(), False

    async def left(self) -> int:
        """Rows that are still to deliver, parked and held ones included."""
        backlog = await self.store.read(lambda tx: wanted.backlog(tx, self.target.name))
        return backlog.waiting + backlog.parked + backlog.held

    async def _claim(self) -> tuple[list[Claimed], bool]:
        """Rows that may leave now; and whether a brake held others, so that the next ones are still to be looked at."""
        one_by_one = self._judge.doubting or self._gate.paused

        def work(tx: Tx) -> tuple[list[Claimed], bool, list[Event]]:
            backlog = wanted.backlog(tx, self.target.name) if one_by_one or self.feeding() else None
            if backlog is not None and not one_by_one and self._lingers(tx, backlog):
                return [], False, []
            most = 1 if one_by_one else BATCH
            taken = claims.claim(tx, self.target.name, most, LEASE, self.token, self.only)
            passed = let_pass(tx, self.target, self.brakes, taken, in_flight=bool(self._owed))
            self._awaits = bool(passed.waiting)
            granted, self._free_at = affordable(tx, self.target, passed.leaving)
            leaving = {each.wanted.id for each in granted}
            self._give_back(tx, [each for each in passed.leaving if each.wanted.id not in leaving])
            idle = backlog is not None and not backlog.waiting
            return granted, bool(passed.events), [*passed.events, *(self._gate.open(tx) if idle else ())]

        if one_by_one and self._owed:
            return [], False
        claimed, held, events = await self.store.write(work)
        self._tell(events)
        return claimed, held

    def _give_back(self, tx: Tx, rows: Sequence[Claimed]) -> None:
        uncount(tx, self.target, self.brakes, claims.release(tx, rows))

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
        except Exception as error:  # noqa: BLE001  # as in `attempt`: a target's bug must not stop the others
            now = self.now()
            answers = [Answered(each, now, now, error=error, sent_nothing=True) for each in claimed]
            self._gate.heed(answers[0], now)
            for answered in answers:
                self._answers.put_nowait(answered)
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
        """Deliver one row when its turn comes, or give it back if by then it should not leave any more."""
        async with self._slots:
            now = self.now()
            if self._stop.is_set() or self._gate.shut(now) or now - claimed.at > LEASE / 2:
                self._answers.put_nowait(Answered(claimed, now, now, sent_nothing=True))
                return
            answered = await attempt(self.target, claimed, self.now)
            self._gate.heed(answered, self.now())
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
        news = news_in(answers)

        def work(tx: Tx) -> tuple[list[Event], bool]:
            hold_decisions(tx, news, self.readers)
            return self._stored(tx, judged), map_again(tx, news, self.readers)

        events, again = await asyncio.shield(self.store.write(work))
        self._owed -= len(answers)
        if again:
            self.remap()
        delivered = sum(event.kind is EventKind.DELIVERED for event in events)
        if delivered:
            self.emit(Event(EventKind.SETTLED, self.target.name, count=delivered))
        self._tell(events)

    def _stored(self, tx: Tx, judged: Sequence[Judged]) -> list[Event]:
        events = settle(tx, self.target.catalogue, judged)
        refund(tx, self.target, [each.answered for each in judged])
        recount(tx, self.target, self.brakes, [each.answered for each in judged])
        wanted.unpark(tx, self._judge.amnesty())
        for each in judged:
            if reason := _pausing(each):
                return [*events, *self._gate.close(tx, reason, each.answered.claimed.wanted.key)]
        if any(event.kind is EventKind.DELIVERED for event in events):
            events.extend(self._gate.open(tx))
        return events

    def _tell(self, events: Sequence[Event]) -> None:
        for event in events:
            self.outcomes[event.reason if event.kind is EventKind.DELIVERED else str(event.kind)] += 1
            self.emit(event)

    async def _ready(self) -> bool:
        """Whether rows may be claimed; a target whose pause has run out is asked first."""
        if self._gate.shut(self.now()):
            return False
        if not self._gate.paused or self._owed:
            return True
        try:
            await self.target.probe()
        except Exception as error:  # noqa: BLE001  # as in `attempt`
            reason = str(error) if isinstance(error, ConnectorError) else repr(error)
            self._tell(await self.store.write(lambda tx: self._gate.close(tx, reason)))
            return False
        return True

    async def _until_next(self) -> float | None:
        """Seconds until there may be something to do; None when nothing waits."""
        due = await self.store.read(lambda tx: wanted.next_due(tx, self.target.name, self.only))
        if due is None:
            return None
        latest = max(moment for moment in (due, self._gate.until, self._free_at) if moment is not None)
        return max(0.05, (latest - self.now()) / timedelta(seconds=1))

    async def _rest(self, stop: asyncio.Event, seconds: float | None, *or_ended: asyncio.Task[None]) -> None:
        """Wait until something was found to deliver, time has come, a task has ended, or the end."""
        waits = [asyncio.create_task(self.wake.wait()), asyncio.create_task(stop.wait())]
        try:
            await asyncio.wait([*waits, *or_ended], timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()


def _pausing(judged: Judged) -> str:
    """Why the target is to be paused; "" if it is not."""
    if isinstance(judged.verdict, Pause):
        return str(judged.answered.error)
    return next((str(error) for _, error, verdict in judged.note_verdicts if isinstance(verdict, Pause)), "")
