"""The store: runs functions in transactions, each on the store's own thread.

Synchronous SQLAlchemy on threads of our own rather than its asyncio layer: one SQLite connection shared by
coroutines fails with nested transactions, and a thread keeps a transaction whole when the coroutine that
waits for it is cancelled: the transaction commits or it never began.
"""

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from typing import Self, TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from connector.errors import NoStateError, StateError
from connector.store import audits, migrate
from connector.store.holding import HeldFile
from connector.store.opening import Place, engine_for, make_file, make_folder, place_of
from connector.store.trouble import explained
from connector.store.tx import Tx

T = TypeVar("T")


class Store:
    """The connector's memory. Made by `open`; every access is a function of a `Tx`.

    The functions must finish what they read: nothing lazy may leave a transaction.
    """

    def __init__(
        self,
        place: Place,
        *,
        now: Callable[[], datetime],
        salt: Callable[[], bytes],
        holder: str,
        readonly: bool,
        guest: bool,
    ) -> None:
        self._place = place
        self._now = now
        self._salt = salt
        self._holder = holder
        self._readonly = readonly
        self._guest = readonly or guest
        self._closed = False
        self._held: HeldFile | None = None
        self._engine = engine_for(place, readonly=readonly)
        self._threads = ThreadPoolExecutor(place.threads, thread_name_prefix="store")

    @classmethod
    async def open(
        cls,
        url: str,
        *,
        now: Callable[[], datetime],
        salt: Callable[[], bytes],
        holder: str,
        readonly: bool = False,
        guest: bool = False,
    ) -> Self:
        """Open the state at a database address, and bring it to this version of the program.

        `salt` gives 16 random bytes each time; `holder` names this process to people and to other replicas.
        With `readonly` nothing is written, locked or migrated: for looking on while a daemon runs. A `guest` may
        write, in short transactions beside a daemon's, but it holds no lock, migrates nothing and must not
        claim rows. Raises StateError when the state is held by another process, is of a newer version, or
        cannot be used; NoStateError when it was to be read or visited and is not there.
        """
        store = cls(place_of(url), now=now, salt=salt, holder=holder, readonly=readonly, guest=guest)
        try:
            await store._submit(store._prepare)
        except BaseException:
            await store.close()
            raise
        return store

    async def read(self, work: Callable[[Tx], T]) -> T:
        """Run `work` in a transaction that sees one state of things and changes nothing."""
        return await self._submit(partial(self._read, work))

    async def write(self, work: Callable[[Tx], T]) -> T:
        """Run `work` in a transaction: all of it, its audit entries included, or nothing if it raises.

        A caller that is cancelled may still have its transaction committed, never half of it. Raises
        StateError when the state cannot be written, TransientError when a database server is away for the
        moment.
        """
        if self._readonly:
            raise StateError(f"{self._place} was opened for reading only")
        return await self._submit(partial(self._write, work))

    async def close(self) -> None:
        """Finish what was begun, then close. Closing twice does no harm."""
        await asyncio.to_thread(self._close)

    async def _submit(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)

    def _prepare(self) -> None:
        path = self._place.path
        if path is not None and self._guest and not path.exists():
            raise NoStateError(
                f"there is no state at {path}", remedy="start the service once, or name another state"
            )
        if path is not None and not self._guest:
            make_folder(path)
            self._held = HeldFile.take(path, holder=self._holder, now=self._now())
            make_file(path)
        with self._transaction(writable=not self._readonly, opening=True) as connection:
            check = migrate.require_current if self._guest else migrate.upgrade
            check(connection, str(self._place))

    def _read(self, work: Callable[[Tx], T]) -> T:
        with self._transaction(writable=False) as connection:
            return work(Tx(connection, self._now(), self._holder, writable=False))

    def _write(self, work: Callable[[Tx], T]) -> T:
        with self._transaction(writable=True) as connection:
            tx = Tx(connection, self._now(), self._holder, writable=True)
            result = work(tx)
            audits.append(tx, tx.entries, self._salt)
            return result

    @contextmanager
    def _transaction(self, *, writable: bool, opening: bool = False) -> Iterator[Connection]:
        try:
            with self._engine.connect() as connection:
                if not self._place.on_sqlite and not writable:
                    connection.execution_options(isolation_level="REPEATABLE READ")
                with connection.begin():
                    if self._place.on_sqlite:
                        connection.exec_driver_sql("BEGIN IMMEDIATE" if writable else "BEGIN")
                    yield connection
        except DBAPIError as error:
            problem = explained(error, str(self._place), opening=opening)
            if problem is None:
                raise
            raise problem from error

    def _close(self) -> None:
        if self._closed:
            return
        self._closed = True
        self._threads.shutdown(wait=True)
        self._engine.dispose()
        if self._held is not None:
            self._held.release()
