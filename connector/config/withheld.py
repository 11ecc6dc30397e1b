"""Complaints about a mapping without the secrets that its route gives it.

A mapping computes with its vars and quotes what came of them; which of them may be secrets is known by the names
they have in the configuration.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from connector.errors import Problem
from connector.yamlsource import sounds_secret

_SHORTEST = 4  # what is shorter guards nothing, and is part of other words


def without_secrets(problems: Iterable[Problem], variables: Mapping[str, Any]) -> list[Problem]:
    """The problems, with the name of each var that sounds like a secret in place of its value."""
    secrets = sorted(_secrets(variables, "vars", secret=False), key=lambda each: -len(each[0]))
    return [
        replace(problem, what=_without(problem.what, secrets), remedy=_without(problem.remedy, secrets))
        for problem in problems
    ]


def _without(text: str, secrets: Iterable[tuple[str, str]]) -> str:
    for value, name in secrets:
        text = text.replace(value, f"[{name}]")
    return text


def _secrets(value: Any, name: str, *, secret: bool) -> Iterator[tuple[str, str]]:
    """Each secret in a value as text, and the name of its var."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _secrets(inner, f"{name}.{key}", secret=secret or sounds_secret(key))
    elif isinstance(value, list):
        for inner in value:
            yield from _secrets(inner, name, secret=secret)
    elif secret and len(str(value)) >= _SHORTEST:
        yield str(value), name
