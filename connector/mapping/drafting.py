"""An example drafted from an incident: masked, with what the mapping gives now as the expectation.

It is told in YAML that reads the same under YAML 1.2: whatever is not a plain word is quoted. It goes at the end of
the file's `examples` without touching another line, because files hold comments and their authors' own layout.
"""

import re
from collections.abc import Mapping
from typing import Any

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from connector.errors import ConfigError, Problem
from connector.mapping.compiled import CompiledMapping
from connector.mapping.examples import UNTOUCHED
from connector.mapping.masking import Mask, literals
from connector.mapping.outcome import covered_by, written
from connector.model import JSON, NO_FACTS, FieldValue, Mapped, Snapshot
from connector.yamlsource import load

_WORD = re.compile(r"[A-Za-z][A-Za-z0-9_-]*(?: [A-Za-z0-9_-]+)*")
_NUMBER = re.compile(r"0|[1-9][0-9]{0,14}")
_NOT_TEXT = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n"})
_SECTION = "examples"
_WIDTH = 110


def draft(mapping: CompiledMapping, snapshot: Snapshot, old: Snapshot | None, name: str) -> dict[str, JSON]:
    """An example of this name as data, made from an incident and the revision before it. It passes."""
    mask = Mask(literals(mapping.document.model_dump(exclude={_SECTION}, by_alias=True)))
    incident, before = _differing(mask, snapshot), None if old is None else _differing(mask, old)
    known = None if before is None else UNTOUCHED | before
    mapped = mapping.apply(UNTOUCHED | incident, known, NO_FACTS)
    example: dict[str, JSON] = {"name": _free(name, mapping), "incident": incident}
    if before is not None:
        example["old"] = before
    return {**example, "expect": _expectation(mapping, mapped)}


def _differing(mask: Mask, snapshot: Snapshot) -> dict[str, JSON]:
    """What of a masked incident an example has to say: all that is not as on an untouched one."""
    whole = {**dict.fromkeys(UNTOUCHED), **mask.snapshot(snapshot)}
    return {
        name: value
        for name, value in whole.items()
        if (value != UNTOUCHED[name] if name in UNTOUCHED else value not in (None, []))
    }


def _expectation(mapping: CompiledMapping, mapped: Mapped) -> dict[str, JSON]:
    if mapped.excluded is not None:
        return {"excluded": mapped.excluded.id, "create": False}
    fields = mapped.record.fields
    expected: dict[str, JSON] = {
        "fields": {name: _expected(fields, name) for name in covered_by(mapping)},
        "tags": list(mapped.record.tags),
        "notes": [note.text for note in mapped.notes if note.fresh and not note.title],
        "create": mapped.may_create,
    }
    if mapping.document.tasks:
        expected["tasks"] = [note.title for note in mapped.notes if note.fresh and note.title]
    undecided = sorted({each.name for each in mapped.unmapped})
    return expected | ({"undecided": undecided} if undecided else {})


def _expected(fields: Mapping[str, FieldValue], name: str) -> JSON:
    value, text = fields.get(name), written(fields, name)
    if isinstance(value, int):
        return value
    return int(text) if _NUMBER.fullmatch(text) else text


def _free(name: str, mapping: CompiledMapping) -> str:
    """The name, with a number if an example has it already."""
    taken = {example.name for example in mapping.document.examples}
    names = [name, *(f"{name} ({number})" for number in range(2, len(taken) + 3))]
    return next(each for each in names if each not in taken)


def as_text(example: Mapping[str, JSON], indent: int = 2) -> str:
    """The example as an item of a YAML list, its dash indented by so many spaces."""
    text = yaml.dump(
        [dict(example)], Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=_WIDTH, indent=2
    )
    return "".join(f"{' ' * indent}{line}\n" for line in text.splitlines())


class _Dumper(yaml.SafeDumper):
    """Writes no anchors, and quotes every text that is not a plain word."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002  # PyYAML's signature
        """Every value is written out."""
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> ScalarNode:
    plain = _WORD.fullmatch(text) and text.casefold() not in _NOT_TEXT and len(text) < _WIDTH
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=None if plain else '"')


_Dumper.add_representer(str, _text)


def appended(text: str, file: str, example: Mapping[str, JSON]) -> str:
    """The file's text with the example as the last of its examples. Raises ConfigError where they are in brackets."""
    document = load(text, file)
    section = _section(document.root)
    if section is None:
        return f"{_ended(text)}\n{_SECTION}:\n{as_text(example)}"
    if not isinstance(section, SequenceNode) or section.flow_style or not section.value:
        problem = Problem(
            "the examples are not a list of lines", "write each below the other, with a dash", _SECTION, file
        )
        raise ConfigError([problem])
    lines = _ended(text).splitlines(keepends=True)
    end = _last(section).end_mark
    line = end.line + (1 if end.column else 0)
    between = "\n" if _apart(lines, section) else ""
    indent = section.start_mark.column
    return "".join([*lines[:line], between, as_text(example, indent), *lines[line:]])


def _section(root: Node) -> Node | None:
    pairs = root.value if isinstance(root, MappingNode) else []
    return next((value for key, value in pairs if key.value == _SECTION), None)


def _last(node: Node) -> Node:
    """The scalar, or the brackets, with which a node ends: its own end is where the next thing begins."""
    while isinstance(node, SequenceNode | MappingNode) and node.value and not node.flow_style:
        node = node.value[-1][1] if isinstance(node, MappingNode) else node.value[-1]
    return node


def _apart(lines: list[str], section: SequenceNode) -> bool:
    """Whether the file's examples are separated by empty lines."""
    begins = [item.start_mark.line for item in section.value[1:]]
    return any(not lines[line - 1].strip() for line in begins) or not begins


def _ended(text: str) -> str:
    return text if not text or text.endswith("\n") else f"{text}\n"
