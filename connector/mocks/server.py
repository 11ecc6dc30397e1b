"""The mocks over sockets: five servers in one event loop, plain or with TLS, on loopback by default.

uvicorn closes a connection only after an answer; a cut connection needs its transport. The protocol class
below gives each request a function that drops the transport, through the connection's ASGI state.
"""

import asyncio
import contextlib
import logging
import socket
import ssl
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import trustme
import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from connector.mocks.control import control_app
from connector.mocks.entra import GRAPH, MANAGEMENT
from connector.mocks.guard import CLOSE_CONNECTION
from connector.mocks.world import World

TICK_SECONDS = 1.0
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Ports:
    """TCP ports; 0 takes any free one."""

    xdr: int = 0
    entra: int = 0
    sentinel: int = 0
    servicenow: int = 0
    control: int = 0


@dataclass(frozen=True)
class Addresses:
    """Where a running world is found and how to get in; `config` is filled in by whoever writes that file."""

    urls: dict[str, str]
    world: World
    ca_file: Path | None = None
    config: Path | None = None

    def as_json(self) -> dict[str, Any]:
        """Return everything a client needs, the generated secrets included."""
        world, app = self.world, self.world.entra.registration
        return {
            "xdr": {"url": self.urls["xdr"]},
            "entra": {
                "url": self.urls["entra"],
                "tenant_id": app.tenant_id,
                "client_id": app.client_id,
                "client_secret": app.client_secret,
            },
            "sentinel": {
                "url": self.urls["sentinel"],
                "subscription_id": world.subscription_id,
                "resource_group": world.settings.resource_group,
                "workspace": world.settings.workspace,
            },
            "servicenow": {
                "url": self.urls["servicenow"],
                "username": world.settings.username,
                "password": world.settings.password,
            },
            "control": {"url": self.urls["control"]},
            "ca_file": str(self.ca_file) if self.ca_file else None,
            "config": str(self.config) if self.config else None,
        }


class _Protocol(HttpToolsProtocol):
    """uvicorn's protocol, whose requests can close their connection without an answer."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn has it
        super().connection_made(transport)
        self.app_state = {**self.app_state, CLOSE_CONNECTION: transport.abort}


class _Server(uvicorn.Server):
    """A server that leaves the process's signals to its owner: there are five of them in one process."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def serve(
    world: World,
    *,
    ready: Callable[[Addresses], None],
    stop: asyncio.Event,
    tls: bool = False,
    ports: Ports | None = None,
    host: str = "127.0.0.1",
    ca_folder: Path | None = None,
) -> None:
    """Serve until `stop` is set; `ready` hears the addresses once every server listens."""
    async with serving(world, tls=tls, ports=ports, host=host, ca_folder=ca_folder) as addresses:
        ready(addresses)
        await stop.wait()


@contextlib.asynccontextmanager
async def serving(
    world: World,
    *,
    tls: bool = False,
    ports: Ports | None = None,
    host: str = "127.0.0.1",
    ca_folder: Path | None = None,
) -> AsyncIterator[Addresses]:
    """Serve a world while the context lasts.

    With `tls`, a certificate authority is made on the spot and its certificate written to `ca_folder` as
    `mocks-ca.pem`, or to a temporary folder that goes with the context. Raises OSError for a taken port.
    """
    with contextlib.ExitStack() as stack:
        sockets = {
            name: stack.enter_context(_listening(host, port)) for name, port in vars(ports or Ports()).items()
        }
        folder = ca_folder or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="mocks-")))
        context, ca_file = _tls(host, folder) if tls else (None, None)
        scheme = "https" if tls else "http"
        urls = {name: f"{scheme}://{host}:{sock.getsockname()[1]}" for name, sock in sockets.items()}
        world.entra.know(urls["xdr"], GRAPH)
        world.entra.know(urls["sentinel"], MANAGEMENT)
        async with _running({**world.apps, "control": control_app(world)}, sockets, context), _ticking(world):
            yield Addresses(urls, world, ca_file)


@contextlib.asynccontextmanager
async def _running(
    apps: dict[str, ASGIApp], sockets: dict[str, socket.socket], context: ssl.SSLContext | None
) -> AsyncIterator[None]:
    servers = {name: _server(app, context) for name, app in apps.items()}
    tasks = [asyncio.create_task(server.serve([sockets[name]])) for name, server in servers.items()]
    try:
        while not all(server.started for server in servers.values()):
            if any(task.done() for task in tasks):
                raise RuntimeError("a mock server ended before it listened")
            await asyncio.sleep(0.01)
        yield
    finally:
        for server in servers.values():
            server.should_exit = True
        await asyncio.gather(*tasks)


@contextlib.asynccontextmanager
async def _ticking(world: World) -> AsyncIterator[None]:
    task = asyncio.create_task(_tick_forever(world))
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def _tick_forever(world: World) -> None:
    while True:
        await asyncio.sleep(TICK_SECONDS)
        try:
            world.tick()
        except ValueError:  # a journey that meets an incident somebody changed under it
            _log.exception("a step could not be played")


def _server(app: ASGIApp, context: ssl.SSLContext | None) -> _Server:
    config = uvicorn.Config(
        app,
        http=_Protocol,
        lifespan="off",
        log_config=None,
        log_level="error",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=1,
    )
    config.load()
    config.ssl = context  # set after load(): Config itself reads keys only from files
    return _Server(config)


def _listening(host: str, port: int) -> socket.socket:
    """Return a listening socket.

    The protocol is named because asyncio sends small answers at once (TCP_NODELAY) only on sockets that say
    they are TCP; with the default of 0 every answer waits 40 ms for an acknowledgement.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((host, port))
        sock.listen(512)
    except OSError:
        sock.close()
        raise
    return sock


def _tls(host: str, folder: Path) -> tuple[ssl.SSLContext, Path]:
    authority = trustme.CA(organization_name="Mocks of this machine")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(host, "localhost").configure_cert(context)
    ca_file = folder / "mocks-ca.pem"
    authority.cert_pem.write_to_path(str(ca_file))
    return context, ca_file
