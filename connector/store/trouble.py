"""What the database complains about, as one line for a person and a remedy."""

from sqlalchemy.exc import DBAPIError

from connector.errors import ConnectorError, StateError, TransientError

# The engine's words, what they mean, what helps. `{place}` is the state's file or address.
_SQLITE = (
    ("database or disk is full", "the disk that holds {place} is full", "free some space and start again"),
    ("disk i/o error", "the disk that holds {place} does not answer", "check the disk, then start again"),
    ("readonly database", "{place} cannot be written", "make the file and its folder writable for this user"),
    ("not a database", "{place} is not a state file, or it is damaged", "restore it from a backup"),
    ("malformed", "{place} is damaged", "restore it from a backup"),
    ("unable to open", "{place} cannot be opened", "check that its folder is there and accessible"),
)
_LOCKED = "locked"
_PASSING = ("deadlock detected", "could not serialize access")


def explained(error: DBAPIError, place: str, *, opening: bool = False) -> ConnectorError | None:
    """The error as one of ours; None when it is not about the state but about a statement of ours.

    `opening` says that nothing worked yet: a database that cannot be reached is then fatal, later it is
    waited for.
    """
    words = str(error.orig).splitlines()[0] if str(error.orig) else type(error.orig).__name__
    if type(error.orig).__module__.startswith("sqlite3"):
        return _of_file(words.lower(), place, opening=opening)
    if opening:
        return StateError(f"{place} cannot be used: {words}", remedy="check address, account and permissions")
    if error.connection_invalidated or any(part in words for part in _PASSING) or _unreachable(error):
        return TransientError(f"{place} did not complete the work: {words}")
    return None


def _of_file(words: str, place: str, *, opening: bool) -> ConnectorError | None:
    if _LOCKED in words:
        kind = StateError if opening else TransientError
        return kind(
            f"{place} is held by another program", remedy="end that program, or wait until it is done"
        )
    for part, meaning, remedy in _SQLITE:
        if part in words:
            return StateError(meaning.format(place=place), remedy=remedy)
    return None


def _unreachable(error: DBAPIError) -> bool:
    """No SQLSTATE: not connected. 08: a broken connection, 53: out of resources, 57: shutting down."""
    state = getattr(error.orig, "sqlstate", None)
    if state is None:
        return type(error.orig).__name__ == "OperationalError"
    return str(state)[:2] in {"08", "53", "57"}
