"""Complaints of pydantic in plain words, at their place in the file.

Pydantic's own texts name Python types, and its locations contain the tags of unions, which nobody wrote. The data
itself tells the two apart: a part of a location that cannot be followed in the data is a tag.
"""

import difflib
import itertools
import types
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

import pydantic
from pydantic_core import ErrorDetails

from connector.errors import ConfigError, Problem
from connector.yamlsource.document import Document, dotted
from connector.yamlsource.keys import keys_at
from connector.yamlsource.secrecy import Withheld, is_secret, withheld

Model = TypeVar("Model", bound=pydantic.BaseModel)

# So many are told at once of one file's shape; each costs a walk through the file.
MAX_PROBLEMS = 100

_ABSENT = object()

_WRONG_TYPE = types.MappingProxyType(
    {
        "string_type": "text",
        "int_type": "a whole number",
        "int_parsing": "a whole number",
        "int_from_float": "a whole number",
        "float_type": "a number",
        "float_parsing": "a number",
        "bool_type": "true or false",
        "bool_parsing": "true or false",
        "list_type": "a list",
        "tuple_type": "a list",
        "set_type": "a list",
        "frozen_set_type": "a list",
        "dict_type": "a mapping of keys to values",
        "mapping_type": "a mapping of keys to values",
        "model_type": "a mapping of keys to values",
        "model_attributes_type": "a mapping of keys to values",
        "none_required": "nothing",
        "path_type": "a file path",
        "url_type": "a URL",
    }
)


def validate(document: Document, model_type: type[Model], context: Mapping[str, Any] | None = None) -> Model:
    """The document as `model_type`, whose validators get `context`. Raises ConfigError with every problem."""
    try:
        return model_type.model_validate(document.data, context=context)
    except pydantic.ValidationError as error:
        # Not as the cause: pydantic's error quotes every value.
        raise ConfigError(problems_of(document, error, model_type)) from None


def problems_of(
    document: Document, error: pydantic.ValidationError, model_type: type[pydantic.BaseModel] | None = None
) -> list[Problem]:
    """One problem for each place pydantic complains about; with `model_type`, near misses of keys are named."""
    return told(document, misfits(document.data, error), model_type)


Misfits = Mapping[tuple[object, ...], list[ErrorDetails]]


def misfits(data: Any, error: pydantic.ValidationError) -> Misfits:
    """What pydantic says of each place that it complains about."""
    places: dict[tuple[object, ...], list[ErrorDetails]] = {}
    for detail in error.errors(include_url=False):
        places.setdefault(_place(data, detail), []).append(detail)
    above = {path[:length] for path in places for length in range(len(path))}
    return {
        path: details
        for path, details in places.items()
        # Not where this only says that another form was possible, and a form was recognised and looked into.
        if path not in above or any(detail["type"] not in _WRONG_TYPE for detail in details)
    }


def told(
    document: Document, wrong: Misfits, model_type: type[pydantic.BaseModel] | None = None
) -> list[Problem]:
    """A problem for each place; of very many the first."""
    some = itertools.islice(wrong.items(), MAX_PROBLEMS)
    problems = [_problem(document, path, details, model_type) for path, details in some]
    if len(wrong) > MAX_PROBLEMS:
        problems.append(
            document.problem((), f"{len(wrong) - MAX_PROBLEMS} more problems", "mend the others first")
        )
    return problems


def _place(data: Any, detail: ErrorDetails) -> tuple[object, ...]:
    path = path_in(data, detail["loc"])
    if detail["type"] == "missing":
        return (*path, detail["loc"][-1])
    if detail["type"] == "union_tag_invalid":
        return path_in(data, (*detail["loc"], str(detail["ctx"]["discriminator"]).strip("'")))
    return path


def path_in(data: Any, location: Iterable[str | int]) -> tuple[object, ...]:
    """A pydantic location without what the data does not have: missing keys, and the tags of unions."""
    path: list[object] = []
    for part in location:
        key = _key(data, part)
        if key is not _ABSENT:
            path.append(key)
            data = data[key]
    return tuple(path)


def _key(data: Any, part: str | int) -> Any:
    if isinstance(data, list):
        return part if isinstance(part, int) and part < len(data) else _ABSENT
    if not isinstance(data, Mapping):
        return _ABSENT
    if part in data:
        return part
    return next((key for key in data if str(key) == part), _ABSENT)


def _problem(
    document: Document,
    path: tuple[object, ...],
    details: list[ErrorDetails],
    model_type: type[pydantic.BaseModel] | None,
) -> Problem:
    kinds = {detail["type"] for detail in details}
    if kinds == {"extra_forbidden"}:
        return _unknown_key(document, path, model_type)
    if kinds == {"missing"}:
        return document.problem(path, "is missing", "add it")
    detail = details[0]
    if is_secret(path, model_type, document.data):
        detail = {**detail, "input": withheld(detail["input"])}
    expected = sorted({_WRONG_TYPE[kind] for kind in kinds if kind in _WRONG_TYPE})
    if len(expected) == len(kinds) or len(expected) > 1:
        what = f"must be {' or '.join(expected)}, not {describe(detail['input'])}"
        return document.problem(path, what, _converted(expected, detail["input"]))
    return document.problem(path, *_sentence(detail))


def _converted(expected: list[str], value: Any) -> str:
    """What to do with a value of the wrong type."""
    if isinstance(value, Withheld) or value is None:
        return "change the value"
    scalar = not isinstance(value, Mapping | list | tuple)
    if scalar and expected == ["a list"]:
        return "put it in brackets: [...]"
    return "put it in quotes" if scalar and "text" in expected else "change the value"


def _unknown_key(
    document: Document, path: tuple[object, ...], model_type: type[pydantic.BaseModel] | None
) -> Problem:
    known = sorted(keys_at(model_type, document.data, path[:-1])) if model_type else []
    remedy = nearest(str(path[-1]), known) or "remove it"
    # In `password: {hunter2}` the key itself is the secret.
    shown = dotted(path[:-1]) if is_secret(path[:-1], model_type, document.data) else None
    return document.problem(path, "unknown key", remedy, key=shown, at_key=True)


def nearest(word: str, known: Iterable[str]) -> str:
    """A remedy for a mistyped word: the nearest right one, or all of them when they are few; "" when neither."""
    words = list(known)
    folded = {candidate.casefold(): candidate for candidate in words}
    found = difflib.get_close_matches(word.casefold(), folded, n=1, cutoff=0.6)
    if found:
        return f"did you mean `{folded[found[0]]}`?"
    return f"use one of {', '.join(words)}" if 0 < len(words) <= 24 else ""


def describe(value: Any) -> str:
    """A value as it looks in a file, for a sentence."""
    if value is None:
        return "empty"
    if isinstance(value, Withheld):
        return value.kind
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Mapping):
        return "a mapping"
    if isinstance(value, list | tuple):
        return "a list"
    text = str(value)
    return f"`{text if len(text) <= 60 else text[:59] + '…'}`"


def _sentence(detail: ErrorDetails) -> tuple[str, str]:
    explain = _SENTENCES.get(detail["type"])
    if explain is not None:
        return explain(detail["input"], detail.get("ctx", {}))
    return f"{describe(detail['input'])}: {_lower(detail['msg'])}", "change the value"


def _one_of(value: Any, context: Mapping[str, Any]) -> tuple[str, str]:
    written = str(context["expected"]).replace(" or ", ", ").split(", ")
    if str(value) in written:
        return f"must be a number, not the text {describe(value)}", "write it without quotes"
    allowed = [word.strip("'") for word in written]
    return f"{describe(value)} is not allowed here", nearest_of(value, allowed)


def _type(_: Any, context: Mapping[str, Any]) -> tuple[str, str]:
    allowed = [word.strip(" '") for word in str(context["expected_tags"]).split(",")]
    return f"{describe(context['tag'])} is not one of the types", nearest_of(context["tag"], allowed)


def _no_type(_: Any, context: Mapping[str, Any]) -> tuple[str, str]:
    return f"{str(context['discriminator']).strip(chr(39))} is missing", "add it"


def _own(_: Any, context: Mapping[str, Any]) -> tuple[str, str]:
    """A sentence of ours, raised in a validator as `what; remedy`."""
    what, _, remedy = str(context["error"]).partition("; ")
    return what, remedy or "change the value"


def _pattern(value: Any, context: Mapping[str, Any]) -> tuple[str, str]:
    return f"{describe(value)} has characters that are not allowed", f"match {context['pattern']}"


def _too_long(value: Any, context: Mapping[str, Any]) -> tuple[str, str]:
    return f"has {len(value)} entries", f"keep at most {context['max_length']}"


def _too_short(_: Any, context: Mapping[str, Any]) -> tuple[str, str]:
    return "is too short", f"at least {context['min_length']} is needed"


_SENTENCES: Mapping[str, Callable[[Any, Mapping[str, Any]], tuple[str, str]]] = types.MappingProxyType(
    {
        "literal_error": _one_of,
        "enum": _one_of,
        "union_tag_invalid": _type,
        "union_tag_not_found": _no_type,
        "value_error": _own,
        "assertion_error": _own,
        "string_pattern_mismatch": _pattern,
        "too_long": _too_long,
        "too_short": _too_short,
        "string_too_short": _too_short,
    }
)


def nearest_of(value: Any, allowed: list[str]) -> str:
    """The remedy for a value that must be one of a few: all of them, the likeliest first if there is one."""
    found = difflib.get_close_matches(str(value).casefold(), [word.casefold() for word in allowed], n=1)
    guess = next(
        (f"did you mean `{word}`? " for word in allowed if found and word.casefold() == found[0]), ""
    )
    return f"{guess}use one of {', '.join(allowed)}"


def _lower(message: str) -> str:
    return message[:1].lower() + message[1:]
