"""What a database says, and what a person reads."""

import sqlite3

import psycopg
import pytest
from sqlalchemy.exc import DBAPIError

from connector.errors import ConnectorError, StateError, TransientError
from connector.store.trouble import explained

PLACE = "state.db"


def said(error: Exception) -> DBAPIError:
    return DBAPIError("SELECT 1", {}, error)


@pytest.mark.parametrize(
    ("error", "kind", "words"),
    [
        (
            sqlite3.OperationalError("database or disk is full"),
            StateError,
            "the disk that holds state.db is full",
        ),
        (sqlite3.OperationalError("disk I/O error"), StateError, "does not answer"),
        (sqlite3.OperationalError("attempt to write a readonly database"), StateError, "cannot be written"),
        (sqlite3.OperationalError("unable to open database file"), StateError, "cannot be opened"),
        (sqlite3.OperationalError("database is locked"), TransientError, "held by another program"),
        (sqlite3.DatabaseError("file is not a database"), StateError, "is not a state file"),
        (sqlite3.DatabaseError("database disk image is malformed"), StateError, "is damaged"),
        (psycopg.OperationalError("server closed the connection\nmore"), TransientError, "server closed"),
        (psycopg.errors.DeadlockDetected("deadlock detected"), TransientError, "deadlock detected"),
        (psycopg.errors.AdminShutdown("terminating connection"), TransientError, "terminating"),
        (psycopg.errors.DiskFull("could not extend file"), TransientError, "could not extend"),
        (psycopg.OperationalError(), TransientError, "OperationalError"),
    ],
)
def test_trouble_with_the_state_is_told_in_one_line(
    error: Exception, kind: type[ConnectorError], words: str
) -> None:
    told = explained(said(error), PLACE)
    assert isinstance(told, kind)
    assert words in str(told)
    assert "\n" not in str(told)


@pytest.mark.parametrize(
    "error",
    [
        sqlite3.OperationalError("no such table: x"),
        sqlite3.IntegrityError("UNIQUE constraint failed"),
        psycopg.errors.UndefinedTable("no such table"),
        psycopg.errors.UniqueViolation("duplicate key"),
    ],
)
def test_a_mistake_of_ours_stays_what_it_is(error: Exception) -> None:
    assert explained(said(error), PLACE) is None


@pytest.mark.parametrize(
    "error",
    [psycopg.OperationalError("connection refused"), sqlite3.OperationalError("database is locked")],
)
def test_a_state_that_cannot_be_reached_at_first_stops_the_program(error: Exception) -> None:
    told = explained(said(error), PLACE, opening=True)
    assert isinstance(told, StateError)
