"""What a lane carries: a request, and its answer with the body read and decoded."""

import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import httpx

# For zlib: either of its two heads, told apart by itself; or none, which some services call deflate.
_GZIP_OR_ZLIB, _BARE = 32 + zlib.MAX_WBITS, -zlib.MAX_WBITS
_COMPRESSIONS = frozenset({"gzip", "x-gzip", "deflate"})


@dataclass(frozen=True, slots=True)
class Call:
    """A request: a whole address, headers without Host and Content-Length, and the timeouts in seconds."""

    method: str
    url: str
    headers: Iterable[tuple[str, str]]
    content: bytes
    timeouts: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer, its body read and decoded; the names of its headers are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class TooLargeError(Exception):
    """The body of an answer is larger than the lane was told to read."""


def reply_of(status: int, raw: Iterable[tuple[bytes, bytes]], body: bytes, most: int) -> Reply:
    """The answer whose headers and body came like this; a header that came twice is joined by a comma.

    Raises httpx.DecodingError for a body that is not compressed as it says, TooLargeError when it unpacks to
    more than `most` bytes.
    """
    headers: dict[str, str] = {}
    for raw_name, raw_value in raw:
        name, value = raw_name.lower().decode("latin-1"), raw_value.decode("latin-1")
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    if body and "content-encoding" in headers:
        for encoding in reversed(headers["content-encoding"].lower().split(",")):
            body = _unpacked(body, most) if encoding.strip() in _COMPRESSIONS else body
    return Reply(status, headers, body)


def _unpacked(body: bytes, most: int) -> bytes:
    try:
        return _inflated(body, _GZIP_OR_ZLIB, most)
    except httpx.DecodingError:
        return _inflated(body, _BARE, most)


def _inflated(body: bytes, wbits: int, most: int) -> bytes:
    inflater = zlib.decompressobj(wbits)
    try:
        whole = inflater.decompress(body, most + 1)
    except zlib.error as error:
        raise httpx.DecodingError(str(error)) from error
    if len(whole) > most:
        raise TooLargeError
    if not inflater.eof:
        raise httpx.DecodingError("the compressed body is cut short")
    return whole
