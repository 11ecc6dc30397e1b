"""Values on their way to and from the Table API, where every scalar is a text.

What comes back is compared as text, after undoing the forms the instance may choose: a reference as an
object, other line endings, no trailing blanks. Pure.

Source: ServiceNow docs, "Table API" (`sysparm_display_value=false`: stored values, dates in UTC without a
zone).
"""

import re
from types import MappingProxyType

from connector.model import JSON, FieldKind, FieldValue, Lookup, Revision
from connector.targets.servicenow.catalogue import SERVICENOW_CATALOGUE
from connector.targets.servicenow.security import SECURITY_CATALOGUE
from connector.targets.text import storable_text

# A field is of one kind on whichever table it is.
_KINDS = MappingProxyType(
    {
        name: spec.kind
        for catalogue in (SECURITY_CATALOGUE, SERVICENOW_CATALOGUE)
        for name, spec in catalogue.fields.items()
    }
)

_CODE = re.compile(r"\[(/?)(code)\]", re.IGNORECASE)
# `^` belongs to the query language, as `,` does in lists, and a value with `javascript:` is run by the instance.
_UNSAFE = re.compile(r"[\^\r\n\x00]|javascript:", re.IGNORECASE)


def is_queryable(value: str) -> bool:
    """Whether a value may stand in an encoded query; there is no escape for those that may not."""
    return bool(value.strip()) and _UNSAFE.search(value) is None


def is_listable(value: str) -> bool:
    """Whether a value may be one of several in an encoded query."""
    return is_queryable(value) and "," not in value


def text_of(name: str, value: FieldValue) -> str:
    """The text that a field is sent; an empty text empties it. A lookup has to be resolved first."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Lookup):
        return value.value
    is_time = _KINDS.get(name) is FieldKind.DATETIME
    return _time(str(value)) if is_time else str(value)


def is_choice(name: str) -> bool:
    """Whether a field holds one of a list of values."""
    return _KINDS.get(name) is FieldKind.CHOICE


def _time(text: str) -> str:
    try:
        return Revision.parse(text).moment().strftime("%Y-%m-%d %H:%M:%S")
    except ValueError:
        return text


def shown(value: JSON) -> str:
    """A field of an answer as text, whichever of its shapes the instance chose."""
    if isinstance(value, dict):
        value = value.get("value", value.get("display_value"))
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else storable_text(str(value))


def is_same(sent: str, held: JSON) -> bool:
    """Whether an answer holds what was sent."""
    return sent == held or _plain(sent) == _plain(shown(held))


def _plain(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n").rstrip()


def harmless(text: str) -> str:
    """A note's text with `[code]` made plain: between such marks the instance would show HTML.

    Source: ServiceNow docs, "Render journal field entries as HTML".
    """
    return _CODE.sub(r"[\1 \2]", text)
