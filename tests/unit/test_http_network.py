"""The network itself: certificates, cut connections, and nobody there, over sockets on loopback."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
import trustme

from connector.errors import ConfigError, TransientError
from connector.http import Peer, PeerKind, PeerSettings, Runtime
from tests.unit.http_far_side import BASIC


@pytest.fixture(autouse=True)
def _secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PEER_SECRET", "not-a-secret")


@asynccontextmanager
async def serving(context: ssl.SSLContext | None, reply: bytes) -> AsyncIterator[int]:
    """A server on loopback that gives one reply to each connection."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            await reader.read(65_536)
            writer.write(reply)
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    async with server:
        yield server.sockets[0].getsockname()[1]


async def ask(settings: PeerSettings) -> Any:
    peer = Peer(settings, BASIC, kind=PeerKind.ARM, runtime=Runtime())
    try:
        return (await peer.request("PUT", "/x", operation="try")).data
    finally:
        await peer.close()


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def server_side(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return context


JSON_REPLY = (
    b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\nconnection: close\r\n\r\n[]"
)


async def test_an_own_authority_is_trusted(
    authority: trustme.CA, server_side: ssl.SSLContext, tmp_path: Path
) -> None:
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    async with serving(server_side, JSON_REPLY) as port:
        assert (
            await ask(PeerSettings(base_url=f"https://127.0.0.1:{port}", ca_file=tmp_path / "ca.pem")) == []
        )
        assert await ask(PeerSettings(base_url=f"https://127.0.0.1:{port}", verify=False)) == []


async def test_an_unknown_authority_is_not(server_side: ssl.SSLContext) -> None:
    async with serving(server_side, JSON_REPLY) as port:
        with pytest.raises(TransientError, match="certificate is not trusted") as caught:
            await ask(PeerSettings(base_url=f"https://127.0.0.1:{port}"))
    assert "ca_file" in caught.value.remedy


async def test_a_file_that_holds_no_authority_is_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("nothing")
    for name in ("ca.pem", "missing.pem"):
        with pytest.raises(ConfigError, match=name):
            await ask(PeerSettings(base_url="https://127.0.0.1:1", ca_file=tmp_path / name))


async def test_plain_http_where_tls_is_expected() -> None:
    async with serving(None, JSON_REPLY) as port:
        with pytest.raises(TransientError) as caught:
            await ask(PeerSettings(base_url=f"https://127.0.0.1:{port}"))
    assert caught.value.remedy


@pytest.mark.parametrize(
    "reply",
    [b"", JSON_REPLY[:-1], JSON_REPLY.replace(b"close", b"close\r\ncontent-encoding: gzip")],
    ids=["no answer", "short", "not compressed"],
)
async def test_a_connection_that_is_cut(reply: bytes) -> None:
    async with serving(None, reply) as port:
        with pytest.raises(TransientError, match="connection broke"):
            await ask(PeerSettings(base_url=f"http://127.0.0.1:{port}"))


async def test_nobody_listens() -> None:
    async with serving(None, b"") as port:
        pass
    with pytest.raises(TransientError, match="no connection") as caught:
        await ask(PeerSettings(base_url=f"http://127.0.0.1:{port}"))
    assert "base_url" in caught.value.remedy
    assert "\n" not in str(caught.value)
