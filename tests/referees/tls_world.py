"""Worlds of mocks over HTTPS on loopback, and the scripts that drive them from a vendor's SDK.

The SDKs refuse plain HTTP with a bearer credential, so each mock gets a certificate made on the spot. A
socket listens before its server runs: the first connection waits in the backlog and nothing needs to be
polled.
"""

import json
import os
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import trustme
import uvicorn
from starlette.types import ASGIApp

from connector.mocks.world import World

ENVIRONMENTS = Path(__file__).parents[2] / ".venvs"


class Authority:
    """A certificate authority and a server certificate for loopback, as files in a folder."""

    def __init__(self, folder: Path) -> None:
        authority = trustme.CA()
        self.ca_file, self.certificate = folder / "ca.pem", folder / "server.pem"
        authority.cert_pem.write_to_path(self.ca_file)
        authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(self.certificate)


@contextmanager
def served(world: World, authority: Authority) -> Iterator[dict[str, str]]:
    """Serve a world's mocks and give their addresses by name."""
    with ExitStack() as stack:
        yield {
            name: stack.enter_context(_served(app, authority.certificate)) for name, app in world.apps.items()
        }


@contextmanager
def _served(app: ASGIApp, certificate: Path) -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        config = uvicorn.Config(
            app, ssl_certfile=str(certificate), log_level="warning", ws="none", lifespan="off"
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        try:
            yield f"https://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(10)


def run_script(environment: str, script: str, place: dict[str, Any], authority: Authority) -> dict[str, Any]:
    """Run a script in an SDK's environment; `place` goes to standard input, its JSON report comes back."""
    python = ENVIRONMENTS / environment / "bin" / "python"
    assert python.exists(), f"the environment {environment} is not there: make referees"
    ran = subprocess.run(
        [str(python), str(Path(__file__).with_name(script))],
        input=json.dumps({**place, "ca_file": str(authority.ca_file)}),
        env={**os.environ, "REQUESTS_CA_BUNDLE": str(authority.ca_file), "NO_PROXY": "127.0.0.1"},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    report: dict[str, Any] = json.loads(ran.stdout)
    return report
