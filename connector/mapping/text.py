"""How values become text, and how text is cut. Null is nothing."""

import json
from typing import Any

# One template result, one list: enough for any field of any target, little enough for any machine.
MAX_TEXT = 64 * 1024
MAX_ITEMS = 1000
ELLIPSIS = "…"


def show(value: Any) -> str:
    """A value as a template prints it: null is nothing, lists are separated by commas."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        return ", ".join(show(item) for item in value)
    if isinstance(value, dict):
        return as_json(value)
    return str(value)


def as_json(value: Any) -> str:
    """Compact JSON with sorted keys; what JSON cannot say becomes text."""
    return json.dumps(_plain(value), ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {show(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return str(value) if isinstance(value, float) else value


def cut(text: str, limit: int) -> str:
    """The text, at most `limit` characters long, its end replaced by an ellipsis if something went missing."""
    if len(text) <= limit:
        return text
    return text[: limit - 1].rstrip() + ELLIPSIS if limit > 0 else ""
