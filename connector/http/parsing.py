"""The bytes of a request, and an answer found in bytes as they come in.

llhttp, by way of httptools, reads the answers, and strictly: a length given twice, a line that ends too early or bytes
after the end are errors. What is ours is what a parser cannot know: how much of an answer is too much, what the
end of the connection means for it, and whether the connection may be used again (RFC 9112, sections 6 and 9).
"""

import re
from collections.abc import Iterator

import httptools
import httpx

from connector.http.exchange import Call, Reply, TooLargeError, reply_of

_MOST_HEAD = 64 * 1024  # bytes before the body
# A header that can be sent as it is: a blank at either end, a control character or a line's end may be an attack.
_HEADER = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+: (?:[!-~](?:[\t -~]*[!-~])?)?")
_WITHOUT_BODY = frozenset({"GET", "HEAD", "DELETE"})


def head_of(call: Call, host: str, target: str) -> bytes:
    """The head of a request. Raises httpx.LocalProtocolError for a header that cannot be sent."""
    return "\r\n".join(_lines(call, host, target)).encode("ascii")


def _lines(call: Call, host: str, target: str) -> Iterator[str]:
    yield f"{call.method} {target} HTTP/1.1"
    yield f"Host: {host}"
    for name, value in call.headers:
        line = f"{name}: {value}"
        if _HEADER.fullmatch(line) is None:
            raise httpx.LocalProtocolError("a header has characters that cannot be sent")
        yield line
    if call.content or call.method not in _WITHOUT_BODY:
        yield f"Content-Length: {len(call.content)}"
    yield "\r\n"


class Incoming:
    """One answer, told by the parser what it finds; `most` is how many bytes its body, or all around it, may have."""

    def __init__(self, method: str, most: int) -> None:
        self._parser = httptools.HttpResponseParser(self)
        self._is_head_only = method == "HEAD"
        self._most = most
        self._fed = self._size = 0
        self._status = 0
        self._headers: list[tuple[bytes, bytes]] = []
        self._body: list[bytes] = []
        self._is_in_body = False
        self._lasts = False
        self.is_complete = False

    @property
    def is_reusable(self) -> bool:
        """Whether the connection may carry another request: both sides know where this answer ended."""
        return self.is_complete and self._lasts

    def feed(self, data: bytes) -> None:
        """Take what came; nothing is the end. Raises TooLargeError, and RemoteProtocolError for what is no HTTP."""
        if not data:
            self._end()
            return
        self._fed += len(data)
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            self._lasts = False
            if not self.is_complete:
                raise httpx.RemoteProtocolError(f"no HTTP: {error}") from error
        if not self._is_in_body and self._fed > _MOST_HEAD:
            raise httpx.RemoteProtocolError(f"the head of the answer is larger than {_MOST_HEAD >> 10} KiB")
        if max(self._size, self._fed - self._size) > self._most:
            raise TooLargeError

    def reply(self) -> Reply:
        """The whole answer. Raises what `reply_of` raises."""
        return reply_of(self._status, self._headers, b"".join(self._body), self._most)

    def release(self) -> None:
        """Let the parser go: it and this hold each other, and the garbage collector would come late."""
        del self._parser

    def on_message_begin(self) -> None:
        """An answer begins, or what nobody asked for."""
        self._lasts = False

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header, or after the body a trailer, of which none means anything to us."""
        if not self._is_in_body:
            self._headers.append((name, value))

    def on_headers_complete(self) -> None:
        """The head is whole."""
        if not self.is_complete:
            self._status = self._parser.get_status_code()
            self._is_in_body = self._status >= 200
            self.is_complete = self._is_head_only and self._is_in_body

    def on_body(self, body: bytes) -> None:
        """A part of the body."""
        if not self.is_complete:
            self._size += len(body)
            self._body.append(body)

    def on_message_complete(self) -> None:
        """The answer is whole; if it was only a word in advance (1xx), the real one follows."""
        if self.is_complete:
            return
        if not self._is_in_body:
            self._headers.clear()
            return
        self.is_complete = True
        self._lasts = self._parser.should_keep_alive()

    def _end(self) -> None:
        """The far side says no more: well, if the answer says nowhere where it ends."""
        if not self._fed:
            raise httpx.RemoteProtocolError("closed without an answer")
        if not self._is_in_body or _is_delimited(self._headers):
            raise httpx.RemoteProtocolError("closed before the answer was complete")
        self.is_complete = True


def _is_delimited(headers: list[tuple[bytes, bytes]]) -> bool:
    for name, value in headers:
        match name.lower():
            case b"content-length":
                return True
            case b"transfer-encoding" if value.lower().rstrip().endswith(b"chunked"):
                return True
    return False
