"""What each query operator means for two values, as tables: look up the operator, read its meaning.

Values are case-sensitive, as the docs page "Table API" says. Two whole numbers compare as numbers, everything
else as text; dates are compared in their stored form, whose text order is time order.
"""

import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Final

from connector.mocks.servicenow.session import Session, stored

Test = Callable[[str], bool]
"""A predicate on the value a row holds."""

_UNITS = {"minute": timedelta(minutes=1), "hour": timedelta(hours=1), "dayofweek": timedelta(days=1)}
_RELATIVE = re.compile(r"@(minute|hour|dayofweek)@(ago|ahead)@(\d{1,6})")


def _numbers(left: str, right: str) -> tuple[int, int] | None:
    both = left.removeprefix("-").isdecimal() and right.removeprefix("-").isdecimal()
    return (int(left), int(right)) if both else None


def less(left: str, right: str) -> bool:
    """Compare as numbers when both are, otherwise as text; an empty value is less than nothing."""
    if not left:
        return False
    numbers = _numbers(left, right)
    return numbers[0] < numbers[1] if numbers else left < right


def at_most(left: str, right: str) -> bool:
    """Tell whether `left` is less than or equal to `right`."""
    return bool(left) and (left == right or less(left, right))


def greater(left: str, right: str) -> bool:
    """Tell whether `left` is greater than `right`."""
    return bool(left) and not at_most(left, right)


def at_least(left: str, right: str) -> bool:
    """Tell whether `left` is greater than or equal to `right`."""
    return bool(left) and not less(left, right)


def _contains(left: str, right: str) -> bool:
    return right in left


def _lacks(left: str, right: str) -> bool:
    return right not in left


def _equal(left: str, right: str) -> bool:
    return left == right


def _unequal(left: str, right: str) -> bool:
    return left != right


def _instance_of(left: str, right: str) -> bool:
    return right in {left, "task"}


NAME_OPERATORS: Final[Mapping[str, Callable[[str, str], bool]]] = {
    "STARTSWITH": str.startswith,
    "ENDSWITH": str.endswith,
    "%": str.endswith,
    "LIKE": _contains,
    "*": _contains,
    "CONTAINS": _contains,
    "NOT LIKE": _lacks,
    "!*": _lacks,
    "DOES NOT CONTAIN": _lacks,
}
"""On a reference these compare the display value."""

BINARY: Final[Mapping[str, Callable[[str, str], bool]]] = {
    **NAME_OPERATORS,
    "=": _equal,
    "!=": _unequal,
    "<": less,
    "<=": at_most,
    ">": greater,
    ">=": at_least,
    "INSTANCEOF": _instance_of,
}

UNARY: Final[Mapping[str, Test]] = {
    "ISEMPTY": lambda value: not value,
    "EMPTYSTRING": lambda value: not value,
    "ISNOTEMPTY": bool,
    "ANYTHING": lambda _: True,
}

BETWEEN_FIELDS: Final[Mapping[str, Callable[[str, str], bool]]] = {
    "SAMEAS": _equal,
    "NSAMEAS": _unequal,
    "GT_FIELD": greater,
    "LT_FIELD": less,
    "GT_OR_EQUALS_FIELD": at_least,
    "LT_OR_EQUALS_FIELD": at_most,
}
"""The operand is the name of another field."""

RELATIVE: Final[Mapping[str, Callable[[str, str], bool]]] = {
    "RELATIVEGT": greater,
    "RELATIVEGE": at_least,
    "RELATIVELT": less,
    "RELATIVELE": at_most,
}


def relative_moment(text: str, session: Session) -> str | None:
    """Read `@hour@ago@3`; None when it is malformed."""
    match = _RELATIVE.fullmatch(text)
    if not match:
        return None
    distance = _UNITS[match[1]] * int(match[3])
    return stored(session.now - distance if match[2] == "ago" else session.now + distance)
