"""Make a value from outside safe to keep: characters no target can store, sizes no field can hold.

U+0000 is refused by PostgreSQL and lone surrogates by UTF-8 itself; one of them would stop a whole page.
They become U+FFFD, and the place is noted, so that nobody wonders who changed the text. Numbers that
canonical JSON does not cover become text.

Nearly every value is clean, so that is found out first, by a look that builds neither copies nor paths.
"""

import re
from collections.abc import Callable
from typing import Any

from connector.model import JSON

TEXT_BYTES = 64 * 1024
LIST_ITEMS = 1_000
DEPTH = 32
_NOTED = 100
_SHORT = 1_000
_LARGEST = 2**53
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_ASTRAL = re.compile("[\U00010000-\U0010ffff]")


def cleaned(value: JSON) -> tuple[JSON, tuple[str, ...]]:
    """The value without what cannot be stored, and the JSON paths of what was changed (the first hundred).

    A value that is clean is given back itself.
    """
    if _is_clean(value, 0):
        return value, ()
    changed: list[str] = []

    def note(path: str) -> None:
        if len(changed) < _NOTED:
            changed.append(path)

    return _value(value, "$", 0, note), tuple(changed)


def _is_clean(value: Any, depth: int) -> bool:
    """Whether the walk below would change nothing; what JSON cannot hold is left to the walk."""
    kind = type(value)
    if kind is str:
        return _is_clean_text(value)
    if kind is list or kind is dict:
        return depth < DEPTH and len(value) <= LIST_ITEMS and _are_clean(value, depth + 1)
    return value is None or kind is bool or (kind is int and abs(value) <= _LARGEST)


def _are_clean(values: list[Any] | dict[str, Any], depth: int) -> bool:
    if isinstance(values, dict):
        names = "".join(values)
        return names.isascii() and _is_clean_text(names) and _are_clean([*values.values()], depth)
    for value in values:
        # Most are short plain texts: told here, without a call for each.
        if type(value) is str and len(value) < _SHORT and value.isascii() and "\x00" not in value:
            continue
        if not _is_clean(value, depth):
            return False
    return True


def _is_clean_text(text: str) -> bool:
    if text.isascii():
        return len(text) <= TEXT_BYTES and "\x00" not in text
    return len(text) * 4 <= TEXT_BYTES and _UNSTORABLE.search(text) is None


def _value(value: Any, path: str, depth: int, note: Callable[[str], None]) -> JSON:
    if isinstance(value, str):
        return _text(value, path, note)
    if isinstance(value, list | dict):
        return _nested(value, path, depth, note)
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, int) and abs(value) > _LARGEST:
        return str(value)
    return value


def _nested(value: list[Any] | dict[str, Any], path: str, depth: int, note: Callable[[str], None]) -> JSON:
    if depth >= DEPTH:
        note(path)
        return "�"
    if isinstance(value, list):
        return _list(value, path, depth, note)
    return _object(value, path, depth, note)


def _text(text: str, path: str, note: Callable[[str], None]) -> str:
    if _is_clean_text(text):
        return text
    clean = _UNSTORABLE.sub("�", text)
    encoded = clean.encode()
    if len(encoded) > TEXT_BYTES:
        clean = encoded[:TEXT_BYTES].decode(errors="ignore")
    if clean != text:
        note(path)
    return clean


def _list(items: list[Any], path: str, depth: int, note: Callable[[str], None]) -> list[JSON]:
    if len(items) > LIST_ITEMS:
        note(path)
    return [_value(item, f"{path}[{i}]", depth + 1, note) for i, item in enumerate(items[:LIST_ITEMS])]


def _object(members: dict[str, Any], path: str, depth: int, note: Callable[[str], None]) -> dict[str, JSON]:
    result: dict[str, JSON] = {}
    if len(members) > LIST_ITEMS:
        note(path)
    for name in list(members)[:LIST_ITEMS]:
        # Canonical JSON sorts names by UTF-16 units, our encoder by code points: alike but for astral ones.
        clean = _ASTRAL.sub("�", _text(name, f"{path}.(name)", note))
        result[clean] = _value(members[name], f"{path}.{clean}", depth + 1, note)
    return result
