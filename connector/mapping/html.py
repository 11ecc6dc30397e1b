"""HTML as text.

The standard library's parser takes time quadratic in the length of some broken HTML and raises on other; comments
come from outside, so one pass over the tags must do, whatever they look like.
"""

import html
import re
from typing import Any

from connector.mapping.text import MAX_TEXT, show

_TAG = re.compile(r"(<(?:/?[a-zA-Z]|[!?])[^<>]*>)")
_NAME = re.compile(r"</?([a-zA-Z][a-zA-Z0-9]*)")
_BLOCKS = frozenset({"br", "p", "div", "li", "tr", "ul", "ol", "table", "h1", "h2", "h3", "h4", "h5", "h6"})
_SILENT = frozenset({"script", "style"})


def plain(value: Any) -> str:
    """HTML as text: tags go, block elements start a new line, character references are resolved."""
    text = show(value)[:MAX_TEXT]
    if "<" not in text and "&" not in text:
        return text
    lines = (" ".join(line.split()) for line in html.unescape(_without_tags(text)).splitlines())
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def _without_tags(text: str) -> str:
    parts: list[str] = []
    silent = ""
    for index, part in enumerate(_TAG.split(text)):
        if index % 2 == 0:
            parts.append("" if silent else part)
            continue
        match = _NAME.match(part)
        name = match[1].lower() if match else ""
        if silent:
            silent = "" if name == silent and part.startswith("</") else silent
        elif name in _SILENT and not part.startswith("</"):
            silent = name
        elif name in _BLOCKS:
            parts.append("\n")
    return "".join(parts)
