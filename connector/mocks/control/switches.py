"""Changing switches by name: any mock's settings dataclass, each value checked against its declared type."""

import dataclasses
from collections.abc import Mapping
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from connector.mocks.control.body import ControlError


def change_switches(switches: Any, values: Mapping[str, Any]) -> None:
    """Set attributes of a settings dataclass; raise ControlError and change nothing when one is wrong."""
    hints = get_type_hints(type(switches))
    known = [entry.name for entry in dataclasses.fields(switches)]
    for name, value in values.items():
        if name not in known:
            raise ControlError(f"there is no switch {name!r}", f"known are {', '.join(known)}")
        if not fits(value, hints[name]):
            raise ControlError(f"{value!r} does not fit {name!r}", f"send {_described(hints[name])}")
    for name, value in values.items():
        setattr(switches, name, set(value) if get_origin(hints[name]) is set else value)


def fits(value: Any, hint: Any) -> bool:
    """Return whether a JSON value fits a declared type; a list fits a declared set."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        return any(fits(value, argument) for argument in arguments)
    if origin is Literal:
        return value in arguments
    if origin in (list, set):
        return isinstance(value, list) and all(fits(item, arguments[0]) for item in value)
    if origin is dict:
        return isinstance(value, dict) and all(fits(item, arguments[1]) for item in value.values())
    return _fits_plain(value, hint)


def _fits_plain(value: Any, kind: type) -> bool:
    if isinstance(value, bool):
        return kind is bool
    return isinstance(value, int | float) if kind is float else isinstance(value, kind)


def _described(hint: Any) -> str:
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Literal:
        return " or ".join(repr(argument) for argument in arguments)
    return str(hint).replace("<class '", "").replace("'>", "").replace("NoneType", "null")
