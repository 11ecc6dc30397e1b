"""The connector as the demonstration runs it: real processes, as an operator would start them."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from connector.errors import ConnectorError

STOP_SECONDS = 25.0
COMMAND_SECONDS = 60.0


class DemoError(ConnectorError):
    """The demonstration cannot go on."""


@dataclass(frozen=True, slots=True)
class Daemon:
    """A running `xdr-connector run`, and the file its log goes to."""

    process: asyncio.subprocess.Process
    log: Path

    def check(self) -> None:
        """Raise DemoError with the end of the log when the daemon is not running any more."""
        if self.process.returncode is not None:
            code = self.process.returncode
            raise DemoError(f"the daemon ended with exit code {code}; its last line was: {self.last_line()}")

    def last_line(self) -> str:
        """The end of the log."""
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()
        return lines[-1] if lines else ""

    async def stop(self) -> int:
        """Send SIGTERM and return the exit code; raise DemoError when the daemon does not end."""
        self.check()
        self.process.terminate()
        try:
            return await asyncio.wait_for(self.process.wait(), STOP_SECONDS)
        except TimeoutError:
            raise DemoError(f"the daemon did not end within {STOP_SECONDS:.0f} s of SIGTERM") from None


@asynccontextmanager
async def daemon(config: Path) -> AsyncIterator[Daemon]:
    """Start the daemon on a configuration; it does not outlive the context."""
    path = config.with_name("daemon.log")
    with path.open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            *_command("run", config), stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log
        )
    try:
        yield Daemon(process, path)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def connector_json(config: Path, *arguments: str) -> tuple[int, Any]:
    """Run a command with `--json` to its end; return its exit code and what it printed."""
    process = await asyncio.create_subprocess_exec(
        *_command(*arguments, config),
        "--json",
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        out, err = await asyncio.wait_for(process.communicate(), COMMAND_SECONDS)
    except TimeoutError:
        process.kill()
        await process.wait()
        raise DemoError(f"{' '.join(arguments)} did not end within {COMMAND_SECONDS:.0f} s") from None
    try:
        return process.returncode or 0, json.loads(out)
    except ValueError:
        said = err.decode(errors="replace").strip()
        ended = f"{' '.join(arguments)} ended with exit code {process.returncode} and printed no JSON"
        raise DemoError(f"{ended}: {said}") from None


def _command(*arguments: str | Path) -> list[str]:
    *words, config = map(str, arguments)
    return [sys.executable, "-m", "connector", *words, "--config", config]
