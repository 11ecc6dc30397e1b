"""A deployment of the image as the documentation lays it out, against mocks on this machine.

The mocks print a configuration with paths of this machine; here its files are put where a container finds
them: configuration, mappings and secrets under /etc/xdr-connector, state in the image's volume.
"""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

UID = 10001
CONFIG = "/etc/xdr-connector/config.yaml"
MAPPINGS = "/etc/xdr-connector/mappings"
SECRETS = "/etc/xdr-connector/secrets"
FILES = {"mapping": ("mappings", MAPPINGS), "file": ("secrets", SECRETS), "ca_file": ("secrets", SECRETS)}
STATE = "sqlite:////var/lib/xdr-connector/state.db"


@contextmanager
def mocks() -> Iterator[dict[str, Any]]:
    """The mocks as their own process; yields the addresses they print."""
    command = [str(Path(sys.executable).with_name("xdr-connector")), "mock", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield _addresses(process)
        finally:
            process.terminate()


def _addresses(process: "subprocess.Popen[str]") -> dict[str, Any]:
    printed = ""
    for line in process.stdout or ():
        printed += line
        try:
            found: dict[str, Any] = json.loads(printed)
        except json.JSONDecodeError:
            continue  # the document may be spread over lines
        return found
    raise RuntimeError(f"the mocks ended before they printed their addresses: {printed!r}")


@dataclass(frozen=True)
class Deployment:
    """Folders on this machine, each readable by the container's user, and where they are mounted."""

    folder: Path

    @classmethod
    def of(cls, config: Path, folder: Path) -> "Deployment":
        """Copy a configuration and every file it names below `folder`, with the paths rewritten."""
        deployment = cls(folder)
        for part in ("mappings", "secrets"):
            (folder / part).mkdir()
        document = deployment._moved(yaml.safe_load(config.read_text(encoding="utf-8")))
        document["state"]["url"] = STATE
        (folder / "config.yaml").write_text(yaml.safe_dump(document), encoding="utf-8")
        deployment._hand_over()
        return deployment

    def options(self) -> list[str]:
        """What podman must be told to mount it."""
        places = {"config.yaml": CONFIG, "mappings": MAPPINGS, "secrets": SECRETS}
        return [f"--volume={self.folder / name}:{place}:ro" for name, place in places.items()]

    def _moved(self, value: Any) -> Any:
        """The same document, with files it names copied and named by their place in the container."""
        if isinstance(value, list):
            return [self._moved(item) for item in value]
        if not isinstance(value, dict):
            return value
        return {key: self._moved_entry(key, item) for key, item in value.items()}

    def _moved_entry(self, key: str, value: Any) -> Any:
        if key not in FILES or not isinstance(value, str):
            return self._moved(value)
        part, place = FILES[key]
        shutil.copy(value, self.folder / part)
        return f"{place}/{Path(value).name}"

    def _hand_over(self) -> None:
        """Give all of it to the container's user, readable by nobody else."""
        for path in (self.folder, *self.folder.rglob("*")):
            path.chmod(0o500 if path.is_dir() else 0o400)
            shutil.chown(path, UID, UID)
