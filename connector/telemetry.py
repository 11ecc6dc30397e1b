"""From events to log lines: what is worth a line, and what makes a line safe to read.

Everything that happens is reported once as an `Event`; what is a line, at which level, is decided here. A
peer that is away would otherwise fill the log at every try, so its going and its return are said once each.
Texts from outside may hold line breaks and terminal sequences, with which an incident's title could forge a
log line; they are escaped in every value of every line, foreign libraries' lines included.
"""

import re
from collections.abc import Callable

from connector.model import Event

Telemetry = Callable[[Event], None]

_UNSAFE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_CREDENTIALS = (
    (re.compile(r"(?i)\b(bearer|basic)\s+[a-z0-9+/=_.~-]{6,}"), r"\1 [redacted]"),
    (re.compile(r"\beyJ[\w-]{5,}(?:\.[\w-]*){1,4}"), "[redacted]"),
    (
        re.compile(
            r"(?i)\b(client_secret|client_assertion|access_token|refresh_token|id_token|assertion|password"
            r"|passwd|pwd|secret|api[_-]?key|sig|token)(\"?\s*[=:]\s*\"?)[^\s&\"',;}]+"
        ),
        r"\1\2[redacted]",
    ),
    (re.compile(r"(?i)\b([a-z][a-z0-9+.-]*://)[^\s/@]+@"), r"\1[redacted]@"),
)


def redact(text: str) -> str:
    """The text without what looks like a credential: headers, tokens, query and form values, user info."""
    for pattern, replacement in _CREDENTIALS:
        text = pattern.sub(replacement, text)
    return text


def escape(text: str) -> str:
    """The text on one line: control characters, line separators and direction overrides are spelled out."""
    return _UNSAFE.sub(_escaped, text)


def _escaped(match: re.Match[str]) -> str:
    code = ord(match.group())
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def null(event: Event) -> None:
    """Telemetry that reports nothing."""
    del event
