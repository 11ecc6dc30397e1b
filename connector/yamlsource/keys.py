"""Which pydantic models and which keys belong at a place in a document: what a mistyped key is compared with."""

import types
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel

_UNIONS = (Annotated, Union, types.UnionType)


def keys_at(model_type: type[BaseModel], data: Any, path: Sequence[object]) -> set[str]:
    """The keys allowed under `path`. Every arm of a union counts whose literal fields agree with the data."""
    *_, models = models_along(model_type, data, path)
    return {field.alias or name for model in models for name, field in model.model_fields.items()}


def models_along(
    model_type: type[BaseModel], data: Any, path: Sequence[object]
) -> Iterator[list[type[BaseModel]]]:
    """The models that `data` may be, then those that each part of it along `path` may be."""
    models = list(_models(model_type, data))
    yield models
    annotations: list[Any] = list(models)
    for part in path:
        data = data[part]
        annotations = [step for annotation in annotations for step in _steps(annotation, part)]
        yield [model for annotation in annotations for model in _models(annotation, data)]
        annotations = _inner(annotations, data)


def annotations_at(model_type: type[BaseModel], data: Any, path: Sequence[object]) -> list[Any]:
    """What may stand at `path`, whose last part need not be there."""
    annotations: list[Any] = [model_type]
    for depth, part in enumerate(path):
        annotations = [step for each in _inner(annotations, data) for step in _steps(each, part)]
        data = None if depth + 1 == len(path) else data[part]
    return annotations


def _inner(annotations: Sequence[Any], data: Any) -> list[Any]:
    """The models and containers among which to go one step further into `data`."""
    models = [model for annotation in annotations for model in _models(annotation, data)]
    return [*models, *(each for annotation in annotations for each in _containers(annotation))]


def _models(annotation: Any, data: Any) -> Iterator[type[BaseModel]]:
    """The models that the data may be; where there is a choice, those that it does not contradict."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    elif get_origin(annotation) in _UNIONS:
        models = [model for argument in get_args(annotation) for model in _models(argument, data)]
        yield from models if len(models) == 1 else (model for model in models if _agrees(model, data))


def _containers(annotation: Any) -> Iterator[Any]:
    origin = get_origin(annotation)
    if origin in _UNIONS:
        for argument in get_args(annotation):
            yield from _containers(argument)
    elif isinstance(origin, type) and issubclass(origin, Sequence | Mapping):
        yield annotation


def _steps(annotation: Any, part: object) -> Iterator[Any]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        for name, field in annotation.model_fields.items():
            if part == (field.alias or name):
                yield field.annotation
    else:
        arguments = get_args(annotation)
        yield arguments[1] if len(arguments) == 2 and arguments[1] is not Ellipsis else arguments[0]


def _agrees(model: type[BaseModel], data: Any) -> bool:
    """Whether the data does not contradict the model's literal fields, such as `type: graph`."""
    if not isinstance(data, Mapping):
        return True
    fields = ((field.alias or name, field.annotation) for name, field in model.model_fields.items())
    words = {key: get_args(annotation) for key, annotation in fields if get_origin(annotation) is Literal}
    return all(data[key] in allowed for key, allowed in words.items() if key in data)
