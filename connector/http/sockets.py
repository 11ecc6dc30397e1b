"""Connecting: a host's addresses are tried in turn, and the first that answers is taken ("happy eyeballs").

The event loop could do this by itself, but it drops a socket that it has just connected when it is cancelled then.
"""

import asyncio
import socket
import ssl
from collections import deque
from collections.abc import Iterable
from itertools import chain, zip_longest

import httpx

from connector.http.streams import SocketStream

_HEAD_START = 0.25  # seconds an attempt has before the next one joins it (RFC 8305)


async def connected(host: str, port: int, tls: ssl.SSLContext | None, seconds: float | None) -> SocketStream:
    """A stream to a port of a host, encrypted if there is a context. Raises httpx's ConnectTimeout and ConnectError."""
    try:
        async with asyncio.timeout(seconds):
            stream = await first_to_answer(await _addresses(host, port), port)
            if tls is not None:
                await _encrypted(stream, tls, host)
            return stream
    except TimeoutError as error:
        raise httpx.ConnectTimeout("no connection in time") from error
    except (OSError, UnicodeError) as error:  # UnicodeError: a name that cannot be one, such as "a..b"
        raise httpx.ConnectError(str(error)) from error


async def _encrypted(stream: SocketStream, tls: ssl.SSLContext, host: str) -> None:
    try:
        await stream.encrypt(tls, host)
    except BaseException:
        await stream.aclose()
        raise


async def _addresses(host: str, port: int) -> Iterable[str]:
    """A host's addresses, best first, but its families by turns."""
    families: dict[int, list[str]] = {}
    loop = asyncio.get_running_loop()
    for family, *_, address in await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM):
        families.setdefault(family, []).append(str(address[0]))
    return [address for address in chain(*zip_longest(*families.values())) if address is not None]


async def first_to_answer(addresses: Iterable[str], port: int) -> SocketStream:
    """The stream to the address that answers first. Raises OSError, which says what each said, when none does."""
    left, attempts = deque(addresses), list[asyncio.Task[SocketStream]]()
    pending = set[asyncio.Task[SocketStream]]()
    try:
        while left or pending:
            if left:
                attempts.append(asyncio.create_task(_attempt(left.popleft(), port)))
                pending.add(attempts[-1])
            patience = _HEAD_START if left else None
            done, pending = await asyncio.wait(pending, timeout=patience, return_when=asyncio.FIRST_COMPLETED)
            for attempt in done:
                if attempt.exception() is None:
                    attempts.remove(attempt)
                    return attempt.result()
        raise OSError("; ".join(dict.fromkeys(str(attempt.exception()) for attempt in attempts)))
    finally:
        await _called_off(attempts)


async def _attempt(address: str, port: int) -> SocketStream:
    _, stream = await asyncio.get_running_loop().create_connection(SocketStream, address, port)
    return stream


async def _called_off(attempts: list[asyncio.Task[SocketStream]]) -> None:
    for attempt in attempts:
        attempt.cancel()
    for outcome in await asyncio.gather(*attempts, return_exceptions=True):
        if isinstance(outcome, SocketStream):
            await outcome.aclose()
