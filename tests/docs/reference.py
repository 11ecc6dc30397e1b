"""The reference of the configuration's settings, written from the models that read it.

`make docs` renews docs/configuration.md below its first heading of the second level; a test refuses a page that
is not what the models say.
"""

import types
from collections.abc import Iterator
from datetime import timedelta
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from connector.config import ConfigFile
from connector.http import format_duration
from tests.docs.pages import ROOT

PAGE = ROOT / "docs" / "configuration.md"

Model = type[BaseModel]


def models() -> dict[Model, list[str]]:
    """Every model that a configuration is read with, and the names of the settings it is the value of."""
    found: dict[Model, list[str]] = {ConfigFile: []}
    waiting: list[Model] = [ConfigFile]
    while waiting:
        for name, field in fields(waiting.pop(0)):
            for model in models_in(field.annotation):
                if model not in found:
                    waiting.append(model)
                found.setdefault(model, [])
                found[model] += [name] if name not in found[model] else []
    return found


def models_in(annotation: Any) -> Iterator[Model]:
    """The models that a value of this type may be or contain."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in get_args(annotation):
        yield from models_in(argument)


def fields(model: Model) -> list[tuple[str, FieldInfo]]:
    """A model's settings, its own before those of the models it is derived from."""
    order = [name for each in model.__mro__ for name in vars(each).get("__annotations__", ())]
    return sorted(model.model_fields.items(), key=lambda item: order.index(item[0]))


def kind_of(model: Model) -> str:
    """The word that selects this model in a union, such as `graph`; empty when it has none."""
    field = model.model_fields.get("type")
    return str(get_args(field.annotation)[0]) if field else ""


def meaning_of(field: FieldInfo) -> str:
    """What a setting means: its description, or that of the model it holds."""
    docs = [summary(model) for model in models_in(field.annotation)]
    return (field.description or "".join(docs[:1])).replace("<", "&lt;")


def summary(model: Model) -> str:
    return (model.__doc__ or "").partition("\n")[0]


def render() -> str:
    """The part of the page that follows from the models."""
    return "\n".join(line for model, names in models().items() for line in _section(model, names))


def _section(model: Model, names: list[str]) -> Iterator[str]:
    heading = ", ".join(f"`{name}`" for name in names) or "The file"
    kind = kind_of(model)
    yield f"## {heading}{f' of type `{kind}`' if kind else ''}\n"
    yield f"{summary(model)}\n"
    yield "| setting | default | meaning |\n|---|---|---|"
    for name, field in fields(model):
        if name != "type":
            yield f"| `{name}` | {_default(field)} | {meaning_of(field)}{_choices(field)} |"
    yield ""


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    value = field.get_default(call_default_factory=True)
    if isinstance(value, timedelta):
        return f"`{format_duration(value)}`"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return f"`{value}`" if isinstance(value, str | int) and value != "" else ""


def _choices(field: FieldInfo) -> str:
    words = [word for word in _words(field.annotation) if f"`{word}`" not in (field.description or "")]
    return f" One of {', '.join(f'`{word}`' for word in words)}." if len(words) > 1 else ""


def _words(annotation: Any) -> list[Any]:
    if get_origin(annotation) is Literal:
        return list(get_args(annotation))
    if get_origin(annotation) in {Annotated, Union, types.UnionType}:
        return [word for argument in get_args(annotation) for word in _words(argument)]
    return []


def introduction(page: str) -> str:
    """The part of the page that people write."""
    return page.partition("\n\n## ")[0] + "\n"


if __name__ == "__main__":
    text = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(f"{introduction(text)}\n{render()}", encoding="utf-8")
