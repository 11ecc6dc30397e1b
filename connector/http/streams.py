"""A socket's two directions, on the event loop's own transports.

The loop already tells of what arrived, of room to send more and of the end; a stream keeps that and lets whoever asks
wait for it, with a timer. (asyncio's own streams have no time limits, and buffers on top of the transport's.)
"""

import asyncio
import select
import ssl
from collections.abc import Sequence
from typing import cast

import httpx

_FULL = 256 * 1024  # bytes that may wait to be read; beyond them, the far side has to wait


class SocketStream(asyncio.Protocol):
    """One connection: told by the event loop what happens, asked by a lane what has happened.

    One coroutine may read and one may write at a time.
    """

    def __init__(self) -> None:
        self._transport: asyncio.Transport  # given by connection_made(), before anybody else holds the stream
        self._received = b""
        self._is_full = False
        self._is_blocked = False
        self._has_ended = False
        self._error: Exception | None = None
        self._arrival = _Signal()
        self._room = _Signal()

    async def read(self, seconds: float | None) -> bytes:
        """All that came; nothing is the end. Raises httpx's ReadTimeout, and ReadError for a broken connection."""
        if not (self._received or self._has_ended) and not await self._arrival.wait(seconds):
            raise httpx.ReadTimeout("nothing was received in time")
        if self._received:
            return self._taken()
        if self._error is not None:
            raise httpx.ReadError(str(self._error)) from self._error
        return b""

    async def write(self, parts: Sequence[bytes], seconds: float | None) -> None:
        """Send, and wait while too much is on its way. Raises httpx's WriteTimeout, and WriteError after the end."""
        if not self._has_ended:
            self._transport.writelines(parts)
        if self._is_blocked and not self._has_ended and not await self._room.wait(seconds):
            raise httpx.WriteTimeout("the far side took nothing more in time")
        if self._has_ended:
            raise httpx.WriteError("the connection is closed") from self._error

    async def aclose(self) -> None:
        """Close at once: whatever is still to be sent or to be said is of no use to anybody."""
        self._transport.abort()
        await asyncio.sleep(0)  # lets the loop close the socket

    async def encrypt(self, context: ssl.SSLContext, hostname: str) -> None:
        """Speak TLS from here on. Raises OSError (ssl.SSLError is one), and UnicodeError for no possible name."""
        encrypted = None
        if not self._transport.is_closing():
            loop = asyncio.get_running_loop()
            encrypted = await loop.start_tls(self._transport, self, context, server_hostname=hostname)
        if encrypted is None:  # what the loop, too, answers for a connection that is lost meanwhile
            raise ConnectionResetError("closed before the TLS handshake")
        self._transport = encrypted

    def is_readable(self) -> bool:
        """Whether something, be it the end, waits to be read: also what the loop has not looked at yet."""
        if self._received or self._has_ended or self._transport.is_closing():
            return True
        socket = select.poll()
        socket.register(self._transport.get_extra_info("socket"), select.POLLIN)
        return bool(socket.poll(0))

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The loop connected; see `asyncio.Protocol` for this and what follows."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Something arrived: at most as much as the loop reads at once."""
        self._received += data
        if len(self._received) > _FULL and not self._is_full:
            self._is_full = True
            self._transport.pause_reading()
        self._arrival.give()

    def eof_received(self) -> None:
        """The far side sends nothing more, so nothing more is sent to it: the transport closes itself."""
        self._end(None)

    def connection_lost(self, exc: Exception | None) -> None:
        """The socket is closed, by whomever; `exc` says what broke it."""
        self._end(exc)

    def pause_writing(self) -> None:
        """More waits to be sent than the transport likes."""
        self._is_blocked = True

    def resume_writing(self) -> None:
        """There is room again."""
        self._is_blocked = False
        self._room.give()

    def _taken(self) -> bytes:
        taken, self._received = self._received, b""
        if self._is_full:
            self._is_full = False
            self._transport.resume_reading()
        return taken

    def _end(self, error: Exception | None) -> None:
        self._has_ended = True
        self._error = self._error or error
        self._arrival.give()
        self._room.give()


class _Signal:
    """What one coroutine may wait for."""

    def __init__(self) -> None:
        self._waiter: asyncio.Future[bool] | None = None

    def give(self) -> None:
        """Wake whoever waits."""
        if self._waiter is not None:
            _settle(self._waiter, True)

    async def wait(self, seconds: float | None) -> bool:
        """Whether the signal was given in time."""
        loop = asyncio.get_running_loop()
        waiter: asyncio.Future[bool] = loop.create_future()
        self._waiter = waiter
        timer = None if seconds is None else loop.call_later(seconds, _settle, waiter, False)
        try:
            return await waiter
        finally:
            self._waiter = None
            if timer is not None:
                timer.cancel()


def _settle(waiter: asyncio.Future[bool], given: bool) -> None:
    if not waiter.done():
        waiter.set_result(given)
