"""Bring a state's tables to this program's version, or refuse a state from a newer one.

Alembic runs inside our own transaction: a step that fails leaves the state as it was.
"""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, func, select

from connector.errors import NoStateError, StateError

_LOCK = "migrate"


def upgrade(connection: Connection, place: str) -> None:
    """Apply the steps that are missing. Raises StateError for a state from a newer version of the program."""
    if connection.dialect.name != "sqlite":  # replicas that start together take turns
        connection.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(_LOCK, 0))))
    config = _config()
    if _needs_upgrade(connection, config, place):
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def require_current(connection: Connection, place: str) -> None:
    """Raise StateError unless the tables are this program's: for openings that may not change them.

    NoStateError where there are none.
    """
    if MigrationContext.configure(connection).get_current_revision() is None:
        raise NoStateError(f"there is no state in {place}", remedy="start the service once to make it")
    if _needs_upgrade(connection, _config(), place):
        raise StateError(
            f"{place} is not at this program's version", remedy="start the service once to bring it up"
        )


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def _needs_upgrade(connection: Connection, config: Config, place: str) -> bool:
    current = MigrationContext.configure(connection).get_current_revision()
    script = ScriptDirectory.from_config(config)
    newest = script.get_current_head()
    known = {step.revision for step in script.walk_revisions()}
    if current is not None and current not in known:
        raise StateError(
            f"{place} has version {current}, and this program knows versions up to {newest}",
            remedy="install the newer program again, or restore a backup from before the upgrade",
        )
    return current != newest
