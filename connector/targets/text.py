"""Texts from a far side, made fit to be stored.

What a target answers goes into the state and into the audit. A lone surrogate cannot be encoded and U+0000
cannot be stored by every database, so one such character in a title that a person typed elsewhere would stop
the whole transaction. Both become U+FFFD, as they do on the way in.
"""

from connector.model import JSON

_REPLACEMENT = "\ufffd"


def storable_text(text: str) -> str:
    """The text with every character that cannot be stored replaced."""
    if not text.isascii():
        text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text.replace("\x00", _REPLACEMENT)


def storable(value: JSON) -> JSON:
    """The JSON value with every text in it made fit to be stored, keys included; numbers with a fraction as text."""
    if isinstance(value, str):
        return storable_text(value)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, dict):
        return {storable_text(key): storable(member) for key, member in value.items()}
    if isinstance(value, list):
        return [storable(member) for member in value]
    return str(value) if isinstance(value, float) else value
