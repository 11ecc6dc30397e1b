"""JSON Schemas of the two files that people write, so that their editors complete and explain while they type.

The models give the shape. What the models leave to the compiler is added here where an editor can use it: the
properties of an incident, the words of its enums, the fields and choices of each type of target. A schema refuses
nothing that `check` accepts; `check` refuses more, because expressions mean nothing to a schema.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from types import MappingProxyType
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema

from connector.config.mappings import shipped_names
from connector.config.settings import ConfigFile
from connector.http import format_duration
from connector.mapping.document import MappingFile
from connector.mapping.sections import DROP, SECTIONS, Section
from connector.mapping.vocabulary import PROPERTIES, Kind
from connector.model import Catalogue, FieldSpec
from connector.targets import catalogues

Schema = dict[str, Any]

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_SCALAR: Schema = {"type": ["string", "integer", "boolean"]}
_WORDS = ("leave", "clear", DROP)


class _Generator(GenerateJsonSchema):
    """Pydantic's generator without the titles that repeat the keys, and with durations as they are written."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002  # pydantic's signature
        """Whether a key gets a title."""
        return False

    def encode_default(self, dft: Any) -> Any:
        """A default as JSON."""
        return format_duration(dft) if isinstance(dft, timedelta) else super().encode_default(dft)


def config_schema() -> Schema:
    """The schema of the configuration."""
    schema = _of(ConfigFile, "A configuration of xdr-connector")
    definitions = schema["$defs"]
    definitions["RouteSettings"]["properties"]["mapping"]["examples"] = ["mapping.yaml", *shipped_names()]
    definitions["Secret"] |= _one_of("env", "file")
    return schema


def mapping_schema() -> Schema:
    """The schema of mapping files."""
    schema = _of(MappingFile, "A mapping of xdr-connector")
    definitions, properties = schema["$defs"], schema["properties"]
    properties["extends"]["examples"] = ["base.yaml", *shipped_names()]
    properties["target"]["enum"] = sorted(catalogues())
    _only_one_way(definitions)
    _complete_names(definitions)
    for section in SECTIONS:
        _allow_drop(section, schema)
    schema["allOf"] = [_for_target(catalogue, name) for name, catalogue in sorted(catalogues().items())]
    return schema


def _of(model: type[BaseModel], title: str) -> Schema:
    schema = model.model_json_schema(by_alias=True, schema_generator=_Generator)
    return {"$schema": _DIALECT, **schema, "title": title}


def _one_of(*keys: str) -> Schema:
    return {"oneOf": [{"required": [key]} for key in keys]}


def _only_one_way(definitions: Schema) -> None:
    """What the models' validators say about keys that exclude or need one another."""
    table = {"anyOf": [{"required": ["values"]}, {"required": ["otherwise"]}], "required": ["from"]}
    field = definitions["FieldSpecification"]
    field["oneOf"] = [table, *({"required": [key]} for key in ("template", "lookup", "value"))]
    field["dependentRequired"] = {"else": ["when"]}
    definitions["Decision"]["dependentRequired"] = {"else": ["when"]}
    definitions["ValueSpec"] |= _one_of("template", "lookup", "literal")
    definitions["NoteRule"] |= _one_of("each", "changed")


def _complete_names(definitions: Schema) -> None:
    """The properties of an incident, where one is named or an expression may be one."""
    named = {"enum": list(PROPERTIES)}
    lists = [name for name, known in PROPERTIES.items() if known.kind in {Kind.TEXTS, Kind.COMMENTS}]
    field, decision = definitions["FieldSpecification"], definitions["Decision"]
    field["properties"]["from"]["anyOf"].insert(0, named)
    field["allOf"] = [_words_of(name) for name, known in PROPERTIES.items() if known.kind is Kind.ENUM]
    decision["properties"]["given"]["items"] = {"anyOf": [named, {"type": "string"}]}
    for rule in ("TagRule", "NoteRule"):
        definitions[rule]["properties"]["each"]["anyOf"][0] = {"enum": lists}
    definitions["NoteRule"]["properties"]["changed"]["anyOf"][0]["items"] = named


def _words_of(name: str) -> Schema:
    """Where a table looks at an enum, the enum's words as its keys. Others stay allowed: spellings differ."""
    vocabulary = PROPERTIES[name].vocabulary
    words = vocabulary.words.items() if vocabulary is not None else ()
    keys = {word: {"description": shown} for word, shown in words}
    return {
        "if": {"properties": {"from": {"const": name}}, "required": ["from"]},
        "then": {"properties": {"values": {"properties": keys}}},
    }


def _allow_drop(section: Section, schema: Schema) -> None:
    """In a list of rules, also the entry that drops a rule of a base."""
    *above, last = section.path
    if not section.keys or (last not in schema["properties"] and not above):
        return
    holder = schema["$defs"]["TagRules"] if above else schema
    rules = holder["properties"][last]
    dropped = {
        "type": "object",
        "description": "Takes away the rule that a base has.",
        "properties": {**{key: {"type": "string"} for key in section.keys}, DROP: {"const": True}},
        "required": [section.keys[0], DROP],
        "additionalProperties": False,
    }
    rules["items"] = {"anyOf": [rules["items"], dropped]}


def _for_target(catalogue: Catalogue, target: str) -> Schema:
    """The fields of one type of target."""
    names: Schema = {"enum": sorted(catalogue.fields)}
    fields: Schema = {
        "properties": {name: _field(spec) for name, spec in sorted(catalogue.fields.items())},
        "additionalProperties": False,
    }
    if catalogue.custom is not None:
        names = {"anyOf": [names, {"type": "string", "pattern": catalogue.custom.pattern}]}
        fields["patternProperties"] = {catalogue.custom.pattern: True}
    decision = {"properties": {"set": {"items": names}}}
    return {
        "if": {"properties": {"target": {"const": target}}, "required": ["target"]},
        "then": {"properties": {"fields": fields, "decisions": {"items": decision}}},
    }


def _field(spec: FieldSpec) -> Schema:
    choices = {"enum": [*_written(spec.choices), *_WORDS]}
    rule = {"anyOf": [choices, {"$ref": "#/$defs/FieldSpecification"}, _SCALAR]}
    return {"description": _described(spec), **rule}


def _written(choices: Iterable[str | int]) -> list[str | int]:
    """Choices as they are written in YAML: numbers bare."""
    return [int(choice) if str(choice).isdecimal() else choice for choice in choices]


def _described(spec: FieldSpec) -> str:
    kind = f"refers to {spec.table}" if spec.table else spec.kind.value
    limit = f", at most {spec.limit} characters" if spec.limit else ""
    return f"{spec.description or spec.name} ({kind}{limit})."


SCHEMAS: Mapping[str, Callable[[], Schema]] = MappingProxyType(
    {"mapping": mapping_schema, "config": config_schema}
)
