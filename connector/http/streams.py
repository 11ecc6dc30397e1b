"""A socket's two directions, as httpcore's network interface wants them, on the event loop's own transports.

httpcore brings such an interface over anyio, whose cancel scopes and checkpoints, paid for with every read and every
write, are more than a quarter of what a request costs. The loop already tells of what arrived, of room to send more
and of the end; a stream keeps that and lets whoever asks wait for it, with a timer instead of a scope. It also sends
the head of a request together with the body, which httpcore writes apart: a system call and a packet less.
"""

import asyncio
import select
import ssl
from typing import Any, cast

import httpcore

_FULL = 256 * 1024  # bytes that may wait to be read; beyond them, the far side has to wait
_SMALL = 64 * 1024  # bytes that are held back for what follows


class SocketStream(asyncio.Protocol, httpcore.AsyncNetworkStream):
    """One connection: told by the event loop what happens, asked by httpcore what has happened.

    One coroutine may read and one may write at a time.
    """

    def __init__(self) -> None:
        self._transport: asyncio.Transport  # given by connection_made(), before anybody else holds the stream
        self._held = (
            b""  # written, to be sent with what is written next, or as soon as an answer is waited for
        )
        self._received = bytearray()
        self._is_full = False
        self._is_blocked = False
        self._has_ended = False
        self._error: Exception | None = None
        self._arrival = _Signal()
        self._room = _Signal()

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """At least one byte; none at the end. Raises httpcore's ReadTimeout, and ReadError for a broken connection."""
        self._send(b"")
        if not (self._received or self._has_ended) and not await self._arrival.wait(timeout):
            raise httpcore.ReadTimeout("nothing was received in time")
        if self._received:
            return self._taken(max_bytes)
        if self._error is not None:
            raise httpcore.ReadError(str(self._error)) from self._error
        return b""

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Send, and wait while too much is on its way. Raises httpcore's WriteTimeout, and WriteError after the end."""
        if not buffer:
            return
        if not self._held and len(buffer) <= _SMALL and not self._has_ended:
            self._held = buffer
            return
        self._send(buffer)
        if self._is_blocked and not self._has_ended and not await self._room.wait(timeout):
            raise httpcore.WriteTimeout("the far side took nothing more in time")
        if self._has_ended:
            raise httpcore.WriteError("the connection is closed") from self._error

    async def aclose(self) -> None:
        """Close at once: whatever is still to be sent or to be said is of no use to anybody."""
        self._transport.abort()
        await asyncio.sleep(0)  # lets the loop close the socket

    async def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.AsyncNetworkStream:
        """This stream, encrypted from here on. Raises httpcore's ConnectTimeout and ConnectError."""
        try:
            async with asyncio.timeout(timeout):
                self._transport = await self._encrypted(ssl_context, server_hostname)
        except BaseException as error:
            await self.aclose()
            if isinstance(error, TimeoutError):
                raise httpcore.ConnectTimeout("no TLS handshake in time") from error
            # ssl.SSLError is an OSError; UnicodeError is a name that cannot be one.
            if isinstance(error, OSError | UnicodeError):
                raise httpcore.ConnectError(str(error)) from error
            raise
        return self

    def get_extra_info(self, info: str) -> Any:
        """`ssl_object`, and `is_readable`: whether something, be it the end, waits to be read."""
        if info == "is_readable":
            return self._is_readable()
        return self._transport.get_extra_info(info) if info == "ssl_object" else None

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

    async def _encrypted(self, context: ssl.SSLContext, hostname: str | None) -> asyncio.Transport:
        encrypted = None
        if not self._transport.is_closing():
            encrypted = await asyncio.get_running_loop().start_tls(
                self._transport, self, context, server_hostname=hostname
            )
        if encrypted is None:  # what the loop, too, answers for a connection that is lost meanwhile
            raise ConnectionResetError("closed before the TLS handshake")
        return encrypted

    def _send(self, more: bytes) -> None:
        """Hand what was held back, and this, to the transport."""
        unsent, self._held = self._held + more, b""
        if unsent and not self._has_ended:
            self._transport.write(unsent)

    def _is_readable(self) -> bool:
        """Also true for what has come to the socket since the loop last looked, as an end is best seen in time."""
        if self._received or self._has_ended or self._transport.is_closing():
            return True
        socket = select.poll()
        socket.register(self._transport.get_extra_info("socket"), select.POLLIN)
        return bool(socket.poll(0))

    def _taken(self, most: int) -> bytes:
        taken = bytes(self._received[:most])
        del self._received[:most]
        if self._is_full and not self._received:
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
