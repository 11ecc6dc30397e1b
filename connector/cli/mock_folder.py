"""A folder for one run of the mocks: their secrets as files, a configuration that fits, room for the state.

The configuration refers to its secrets by file, so nothing secret stands in a text that people copy around.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from connector.config import shipped_mappings
from connector.mocks.config_text import CLIENT_SECRET_FILE, PASSWORD_FILE, config_text

CONFIG_FILE = "config.yaml"


@contextmanager
def mock_folder() -> Iterator[Path]:
    """A new folder that only its owner can read, removed with everything in it on the way out."""
    with TemporaryDirectory(prefix="xdr-connector-", ignore_cleanup_errors=True) as name:
        yield Path(name)


def write_config(addresses: Mapping[str, Any], folder: Path, *, every: str = "2s") -> Path:
    """Write secrets and a configuration for mocks at `addresses` (`Addresses.as_json()`); return its path.

    `every` is the time between two polls.
    """
    _write(folder / CLIENT_SECRET_FILE, addresses["entra"]["client_secret"])
    _write(folder / PASSWORD_FILE, addresses["servicenow"]["password"])
    path = folder / CONFIG_FILE
    _write(path, config_text(addresses, folder, shipped_mappings(), every=every))
    return path


def _write(path: Path, text: str) -> None:
    path.touch(mode=0o600)
    path.write_text(text, encoding="utf-8")
