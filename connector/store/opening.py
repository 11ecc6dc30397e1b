"""From an address to an engine: files and their permissions, pragmas, pools."""

import os
import sqlite3
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import URL, Engine, StaticPool, create_engine, make_url
from sqlalchemy.exc import ArgumentError

from connector.errors import StateError

POSTGRES_THREADS = 4
_BUSY_SECONDS = 5.0
_PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",  # a commit that returned survives a power cut
    "PRAGMA foreign_keys=ON",
    "PRAGMA secure_delete=ON",  # what is erased is overwritten, not only unlinked
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where the state lies. `path` is set for an SQLite file, and unset in memory and on a server."""

    url: URL
    path: Path | None

    @property
    def on_sqlite(self) -> bool:
        """Whether the state is SQLite's, in a file or in memory."""
        return self.url.get_backend_name() == "sqlite"

    @property
    def threads(self) -> int:
        """How many transactions may be under way at once."""
        return 1 if self.on_sqlite else POSTGRES_THREADS

    def __str__(self) -> str:
        if self.path is not None:
            return str(self.path)
        return "the state in memory" if self.on_sqlite else f"database {self.url.database} on {self._host}"

    @property
    def _host(self) -> str:
        return str(self.url.host or self.url.query.get("host") or "this machine")


def place_of(address: str) -> Place:
    """Read an address such as `sqlite:////var/lib/x/state.db` or `postgresql://user@host/name`.

    Raises StateError for an address that names no engine we know; the message never shows the address, which
    may hold a password.
    """
    try:
        url = make_url(address)
    except ArgumentError:
        raise StateError("the state's address is not a database address", remedy=_KNOWN) from None
    backend = url.get_backend_name()
    if backend == "postgresql":
        return Place(url.set(drivername="postgresql+psycopg"), None)
    if backend != "sqlite":
        raise StateError(f"a state on {backend} is not supported", remedy=_KNOWN)
    in_memory = url.database in (None, "", ":memory:")
    return Place(url, None if in_memory else Path(str(url.database)).absolute())


_KNOWN = "use sqlite:///path or postgresql://user@host/name"


def make_folder(path: Path) -> None:
    """Make a state file's folder, closed to others. Raises StateError when that is not possible."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise StateError(
            f"the folder {path.parent} cannot be made: {error.strerror}", remedy=_WRITABLE
        ) from error


def make_file(path: Path) -> None:
    """Make a state file for its owner alone; the files that SQLite puts beside it get the same mode."""
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    except OSError as error:
        raise StateError(f"{path} cannot be opened: {error.strerror}", remedy=_WRITABLE) from error


_WRITABLE = "name another place, or make this one writable for this user"


def engine_for(place: Place, *, readonly: bool) -> Engine:
    """An engine that has connected nowhere yet. Raises StateError when the driver is not installed."""
    if not place.on_sqlite:
        return _postgres(place)

    def connect() -> sqlite3.Connection:
        # Transactions are begun by us: the driver's own way would begin them late and commit before DDL.
        # The store's one thread uses the connection; the thread that closes it comes after that one has ended.
        connection = sqlite3.connect(
            _sqlite_address(place, readonly=readonly),
            uri=True,
            isolation_level=None,
            timeout=_BUSY_SECONDS,
            check_same_thread=False,
        )
        try:
            for pragma in () if readonly else _PRAGMAS:
                connection.execute(pragma)
        except sqlite3.Error:
            connection.close()
            raise
        return connection

    return create_engine("sqlite://", creator=connect, poolclass=StaticPool, hide_parameters=True)


def _sqlite_address(place: Place, *, readonly: bool) -> str:
    if place.path is None:
        return ":memory:"
    return f"file:{quote(str(place.path))}?mode={'ro' if readonly else 'rw'}"


def _postgres(place: Place) -> Engine:
    try:
        return create_engine(
            place.url,
            pool_size=POSTGRES_THREADS,
            max_overflow=0,
            pool_pre_ping=True,
            hide_parameters=True,  # records and notes have no place in a traceback
        )
    except ModuleNotFoundError:
        raise StateError(
            "a state on PostgreSQL needs a driver", remedy="install xdr-connector[postgres]"
        ) from None
