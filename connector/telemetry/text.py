"""What makes a text safe to print and to log: no credential in it, and nothing that could forge a line."""

import re

_UNSAFE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_CREDENTIALS = (
    (re.compile(r"(?i)\b(bearer)\s+[a-z0-9+/=_.~-]{6,}"), r"\1 [redacted]"),
    (re.compile(r"\b([Bb]asic)\s+(?=[a-z]*[A-Z0-9+/=])[A-Za-z0-9+/=]{6,}"), r"\1 [redacted]"),
    (re.compile(r"\beyJ[\w-]{5,}(?:\.[\w-]*){1,4}"), "[redacted]"),
    (re.compile(r"(?i)\b([a-z][a-z0-9+.-]*://)[^\s/@]+@"), r"\1[redacted]@"),
)
_NAMED = re.compile(
    r"(?i)\b(client_secret|client_assertion|access_token|refresh_token|id_token|assertion|password"
    r"|passwd|pwd|secret|api[_-]?key|sig|token)(\"?\s*[=:]\s*\"?)([^\s&\"',;}]+)"
)
_LONGEST_PATH = 500
_WORD = re.compile(r"[^\s\"'`(){},;&?=]*\Z")


def redact(text: str) -> str:
    """The text without what looks like a credential: headers, tokens, query and form values, user info."""
    for pattern, replacement in _CREDENTIALS:
        text = pattern.sub(replacement, text)
    return _NAMED.sub(_hidden, text)


def _hidden(match: re.Match[str]) -> str:
    """A name with its value hidden; but what follows the path of a file is no value, whatever the file is called."""
    name, sign, value = match.groups()
    before = _WORD.search(match.string, max(0, match.start() - _LONGEST_PATH), match.start())
    is_path = ":" in sign and before is not None and "/" in before.group()
    return f"{name}{sign}{redact(value)}" if is_path else f"{name}{sign}[redacted]"


def escape(text: str) -> str:
    """The text on one line: control characters, line separators and direction overrides are spelled out."""
    return _UNSAFE.sub(_escaped, text)


def _escaped(match: re.Match[str]) -> str:
    code = ord(match.group())
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
