"""What an unquoted word means: the YAML 1.2 core schema, with one exception.

The core schema reads `0123` as the number 123; identifiers and telephone numbers have leading zeros, so here it
stays text. Numbers beyond 2^53 are refused, because JSON on the other side cannot hold them.
"""

import re
from types import MappingProxyType

from yaml.nodes import Node, ScalarNode
from yaml.resolver import BaseResolver

_STR, _NULL, _BOOL = "tag:yaml.org,2002:str", "tag:yaml.org,2002:null", "tag:yaml.org,2002:bool"
_INT, _FLOAT = "tag:yaml.org,2002:int", "tag:yaml.org,2002:float"

_MAX_INTEGER = 2**53
_SURROGATE = re.compile("[\ud800-\udfff]")
_BASES = MappingProxyType({"0o": 8, "0x": 16})


class Scalars(BaseResolver):
    """PyYAML's resolver with no YAML 1.1 rule in it."""


def _rule(tag: str, pattern: str, first: str) -> None:
    Scalars.add_implicit_resolver(tag, re.compile(f"^(?:{pattern})$"), list(first))


_rule(_NULL, r"~|null|Null|NULL|", "~nN\0")
_rule(_BOOL, r"true|True|TRUE|false|False|FALSE", "tTfF")
_rule(_INT, r"[-+]?(?:0|[1-9][0-9]*)|0o[0-7]+|0x[0-9a-fA-F]+", "-+0123456789")
_rule(
    _FLOAT,
    r"[-+]?(?:\.[0-9]+|(?:0|[1-9][0-9]*)(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)",
    "-+0123456789.",
)
# An empty value is null: PyYAML asks for the rules of the empty string.
Scalars.yaml_implicit_resolvers[""] = [(_NULL, re.compile(r"^$"))]


def value_of(node: Node) -> str | int | float | bool | None:
    """The plain value of a scalar node. Raises ValueError with a sentence when it has none."""
    tag, text = node.tag, str(node.value)
    if tag == _STR and isinstance(node, ScalarNode):
        return _whole(text)
    if tag == _NULL:
        return None
    if tag == _BOOL and text.lower() in {"true", "false"}:
        return text.lower() == "true"
    if tag == _INT:
        return _integer(text)
    if tag == _FLOAT:
        return _float(text)
    raise ValueError(
        "tags, which begin with `!`, are not supported"
    )  # text unquoted by mistake: not repeated


def _whole(text: str) -> str:
    """The text with characters in place of pairs of surrogates, as which JSON's escapes write them."""
    if _SURROGATE.search(text) is None:
        return text
    try:
        return text.encode("utf-16", "surrogatepass").decode("utf-16")
    except UnicodeDecodeError as error:
        what = "half of a character stands here, an escape such as `\\ud83d` alone"
        raise ValueError(what, "write the character itself") from error


def _integer(text: str) -> int:
    base = _BASES.get(text[:2], 10)
    digits = text[2:] if base != 10 else text
    if len(digits) > 20:
        raise ValueError("the number is too large")
    try:
        value = int(digits, base)
    except ValueError as error:  # only where a tag calls something else a number
        raise ValueError("not a whole number") from error
    if abs(value) > _MAX_INTEGER:
        raise ValueError("the number is too large")
    return value


def _float(text: str) -> float:
    try:
        return float(text.lower().replace(".inf", "inf").replace(".nan", "nan"))
    except ValueError as error:  # only where a tag calls something else a number
        raise ValueError("not a number") from error
