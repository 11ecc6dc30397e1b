"""JSON bodies, of which Python's parser refuses some as a whole for the sake of one value.

An integer of thousands of digits, nesting beyond the interpreter's stack or a byte that is no UTF-8 is valid
enough to be sent, and one incident that holds it must not cost the page it is on. Such a body is read a second
time with that value changed; every other body is read once, at the parser's full speed.
"""

import json
import re
from typing import Any

# Far above what anything here looks into, far below where the parser's recursion ends.
DEEPEST = 100
_LONGEST_INTEGER = 400
_STRING_OR_BRACKET = re.compile(r'"(?:[^"\\]|\\.)*+"?|[\[\]{}]', re.DOTALL)


def parsed(body: bytes) -> Any:
    """The JSON value in a body. Raises ValueError where there is none.

    Bytes that are no UTF-8 become lone surrogates. Where the parser gives up, integers of more than 400 digits
    are texts, and lists and objects more than 100 levels down are null.
    """
    try:
        return json.loads(body)
    except json.JSONDecodeError:
        raise
    except (ValueError, RecursionError):
        text = body.decode("utf-8", "surrogateescape").removeprefix("\ufeff")
    try:
        return _loads(text)
    except RecursionError:
        return _loads(_shallow(text))


def _loads(text: str) -> Any:
    return json.loads(text, parse_int=_integer)


def _integer(digits: str) -> int | str:
    return int(digits) if len(digits) <= _LONGEST_INTEGER else digits


def _shallow(text: str) -> str:
    """The same JSON with null in place of every list and object below the deepest level."""
    kept, depth, start = [], 0, 0
    for match in _STRING_OR_BRACKET.finditer(text):
        bracket = match.group()
        if bracket in {"[", "{"}:
            depth += 1
            if depth == DEEPEST + 1:
                kept.append(text[start : match.start()])
                start = len(text)  # nothing more is kept, unless this ends
        elif bracket in {"]", "}"}:
            if depth == DEEPEST + 1:
                kept.append("null")
                start = match.end()
            depth -= 1
    return "".join([*kept, text[start:]])
