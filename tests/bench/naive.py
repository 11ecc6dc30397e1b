"""What somebody would write without the mapping language: a Jinja2 template for each field.

The templates are made from the mapping itself, so that both say the same. Undefined names, unknown words, limits and
choices are not looked after, which makes this the faster way to do less.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import jinja2

from connector.mapping import CompiledMapping
from connector.mapping.document import Decision, FieldSpecification
from connector.mapping.html import plain
from connector.mapping.vocabulary import DETERMINATION, SERVICE_SOURCES, SEVERITY, STATUS

_WORDS = {**SERVICE_SOURCES.words, **DETERMINATION.words, **STATUS.words}
# What each name that is not a property of the incident is in Jinja2's words.
_EXPERTS = """
{%- set owner = (assignedTo or '') | lower -%}
{%- if status in ['resolved', 'redirected'] -%}
  {%- set experts = 'finished' if 'Defender Experts' in systemTags or owner in ['defender experts', 'customer']
    else 'none' -%}
{%- elif status == 'awaitingAction' or owner == 'customer' -%}{%- set experts = 'handedOver' -%}
{%- elif owner == 'defender experts' -%}{%- set experts = 'investigating' -%}
{%- else -%}{%- set experts = 'finished' if 'Defender Experts' in systemTags else 'none' -%}{%- endif -%}
"""
_OVER = "{%- set over = status in ['resolved', 'redirected'] -%}"
_TITLE = "{%- set title = '[XDR ' ~ id ~ '] ' ~ displayName -%}"
_SETS = {"experts": _EXPERTS, "over": _OVER, "title": _TITLE}


class Naive:
    """The fields of a mapping, each a compiled template."""

    def __init__(self, mapping: CompiledMapping) -> None:
        environment = jinja2.Environment(autoescape=False, finalize=_shown)  # noqa: S701  # the texts are no HTML
        environment.filters |= {"text": _text, "plain": plain, "date": _date}
        sources = dict(_sources(mapping))
        self._templates = {name: environment.from_string(source) for name, source in sources.items()}

    def render(self, snapshot: Mapping[str, Any]) -> dict[str, str]:
        """Every field's text; one that is left alone or emptied is empty."""
        names = {**snapshot, "portalUrl": snapshot["incidentWebUrl"], "source": {"name": "contoso"}}
        return {name: template.render(names).strip() for name, template in self._templates.items()}


def _sources(mapping: CompiledMapping) -> Iterator[tuple[str, str]]:
    for name, rule in mapping.document.fields.items():
        if isinstance(rule, FieldSpecification):
            yield name, _with_sets(_field(rule))
    for decision in mapping.document.decisions:
        for place, name in enumerate(decision.set_):
            yield name, _with_sets(_decision(decision, place))


def _with_sets(body: str) -> str:
    return "".join(source for name, source in _SETS.items() if name in body) + body


def _field(rule: FieldSpecification) -> str:
    body = _table(rule) if rule.template is None else rule.template
    return body if rule.when is None else "{% if " + str(rule.when) + " %}" + body + "{% endif %}"


def _table(rule: FieldSpecification) -> str:
    body = "{% set key = " + str(rule.from_) + " %}"
    if rule.from_ == "assignedTo":
        body += "{% set key = key or none %}"
    arms = [(f"key == {_literal(key)}", _value(value)) for key, value in (rule.values or {}).items()]
    return body + _chain(arms, "{{ key }}" if rule.otherwise == "copy" else _value(rule.otherwise))


def _decision(decision: Decision, place: int) -> str:
    width = len(decision.given)
    arms = [
        (
            " and ".join(_cell(name, cell) for name, cell in zip(decision.given, row, strict=False)),
            _value(row[width + place]),
        )
        for row in decision.rows
    ]
    body = _chain(arms, _value(decision.otherwise[place] if decision.otherwise else None))
    return body if decision.when is None else "{% if " + str(decision.when) + " %}" + body + "{% endif %}"


def _chain(arms: list[tuple[str, str]], otherwise: str) -> str:
    tests = [
        ("{% if " if place == 0 else "{% elif ") + arm[0] + " %}" + arm[1] for place, arm in enumerate(arms)
    ]
    return "".join(tests) + "{% else %}" + otherwise + "{% endif %}"


def _cell(name: str, cell: Any) -> str:
    match cell:
        case "any":
            return "true"
        case {"has": wanted}:
            words = wanted if isinstance(wanted, list) else [wanted]
            return (
                "("
                + " or ".join(f"'{word.lower()}' in ({name} | map('lower') | list)" for word in words)
                + ")"
            )
        case list():
            return f"{name} in {cell}"
        case str() if cell.startswith(">= "):
            least = SEVERITY.members.index(cell.removeprefix(">= "))
            return f"{name} in {list(SEVERITY.members[least:])}"
        case str() if cell.startswith("not "):
            return f"{name} != '{cell.removeprefix('not ')}'"
    return f"not {name}" if cell is None else f"{name} == {_literal(cell)}"


def _literal(value: Any) -> str:
    return "none" if value is None else repr(value)


def _value(value: Any) -> str:
    return "" if value in {None, "leave", "clear"} else str(value)


def _text(value: Any) -> Any:
    return [_WORDS[item] for item in value] if isinstance(value, list) else _WORDS[value]


def _date(value: str, _: str) -> str:
    return datetime.fromisoformat(value).astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")


def _shown(value: Any) -> Any:
    return "" if value is None else value
