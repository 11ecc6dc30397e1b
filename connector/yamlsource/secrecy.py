"""What is never quoted in a complaint: whoever wrote a secret into a file by mistake wrote a real one.

A value is kept back where its key sounds like a secret's, or where the model says so with pydantic's own
`hide_input_in_errors`, at the value or above it. Complaints then name the kind of value only.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from connector.yamlsource.keys import models_along

_SOUNDS_SECRET = re.compile(r"(?i)pass|pwd|secret|token|credential|key$")


@dataclass(frozen=True, slots=True)
class Withheld:
    """Stands in for a value in a complaint. `kind` is all that is told of it."""

    kind: str


def sounds_secret(key: object) -> bool:
    """Whether a value under such a key may be a secret: `password`, `client_secret`, `api_key`, `apiKey`."""
    return isinstance(key, str) and _SOUNDS_SECRET.search(key) is not None


def is_secret(path: Sequence[object], model_type: type[BaseModel] | None, data: Any) -> bool:
    """Whether what stands at `path` in `data`, or below it, may not be quoted."""
    if any(sounds_secret(key) for key in path):
        return True
    along = models_along(model_type, data, path) if model_type else ()
    return any(model.model_config.get("hide_input_in_errors") for models in along for model in models)


def withheld(value: Any) -> Any:
    """What a complaint may quote instead of a secret; lists, mappings and nothing are never quoted anyway."""
    if value is None or isinstance(value, Mapping | list | tuple):
        return value
    if isinstance(value, str):
        return Withheld("text")
    return Withheld("true or false" if isinstance(value, bool) else "a number")
