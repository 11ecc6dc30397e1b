"""Making a note short enough for its target, without losing the marker at its end.

The marker is how our own note is recognised when another system copies it back to the source; a note cut
without it would return as something new.
"""

from collections.abc import Callable

from connector.model import MARKER

_ELLIPSIS = "…"


def shortened(text: str, limit: int, escape: Callable[[str], str]) -> str:
    """The escaped text, at most `limit` characters after escaping; what is cut ends in `…` and the marker.

    `escape` must work on each character by itself or lengthen a text only, so that a shorter text never
    escapes to a longer one.
    """
    whole = escape(text)
    if len(whole) <= limit:
        return whole
    marker = marker_of(text)
    tail = f"{_ELLIPSIS} {marker}" if marker else _ELLIPSIS
    head = text[: len(text) - len(marker)]
    return escape(head[: _longest(head, limit - len(tail), escape)]) + tail


def marker_of(text: str) -> str:
    """The marker that ends a note's text; "" when none does."""
    found = list(MARKER.finditer(text))
    return found[-1].group() if found and found[-1].end() == len(text.rstrip()) else ""


def unmarked(text: str) -> str:
    """A note's text without the marker at its end, for what no other system copies back."""
    return text.rstrip().removesuffix(marker_of(text)).rstrip()


def _longest(text: str, limit: int, escape: Callable[[str], str]) -> int:
    """How many leading characters escape to at most `limit`, found by halving."""
    low, high = 0, min(len(text), limit)
    while low < high:
        middle = (low + high + 1) // 2
        if len(escape(text[:middle])) <= limit:
            low = middle
        else:
            high = middle - 1
    return low
